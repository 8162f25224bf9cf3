"""EDGE. The cabinet's Wi-Fi: its way to the broker and to the relay, which can be cut."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Self

from simulator.chain.proxy import Link, State


class Wifi:
    """Carries the controller's connections, and nobody else's; the way for a chain's `Wiring`."""

    def __init__(self) -> None:
        self._links: list[Link] = []
        self._open = ExitStack()
        self.is_up = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def via(self, link: str, port: int) -> int:
        """The port that leads to `port`; the links of other parts are left as they are."""
        if not link.startswith("controller-"):
            return port
        carried = self._open.enter_context(Link(port))
        self._links.append(carried)
        return carried.port

    def cut(self) -> None:
        """Break every connection of the cabinet, and let it make no other."""
        self._become("cut")

    def mend(self) -> None:
        """Let the cabinet connect again."""
        self._become("whole")

    def _become(self, state: State) -> None:
        for link in self._links:
            link.become(state)
        self.is_up = state == "whole"
