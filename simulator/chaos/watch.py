"""EDGE. Watches when the whole chain works: nothing is broken on purpose, and the door sells."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Self

from simulator.chaos.rules.evidence import Span

LOOK_EVERY_S = 0.5


class Watch:
    """Looks twice a second while the context is open. `broken` and `sells` are asked from its thread."""

    def __init__(self, broken: Callable[[], bool], sells: Callable[[], bool]) -> None:
        self._broken = broken
        self._sells = sells
        self._spans: list[Span] = []
        self._since_s: float | None = None
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop looking; what works now is taken to work on."""
        self._ending.set()
        self._thread.join()
        if self._since_s is not None:
            self._spans.append((self._since_s, float("inf")))

    @property
    def working(self) -> bool:
        """Whether everything worked at the last look."""
        return self._since_s is not None

    @property
    def spans(self) -> tuple[Span, ...]:
        """When everything worked, in Unix seconds; complete once the context has ended."""
        return tuple(self._spans)

    def _run(self) -> None:
        while not self._ending.wait(LOOK_EVERY_S):
            looked_s = time.time()
            self._note(looked_s, works=not self._broken() and self._sells() and not self._broken())

    def _note(self, looked_s: float, *, works: bool) -> None:
        if works and self._since_s is None:
            self._since_s = time.time()
        elif not works and self._since_s is not None:
            self._spans.append((self._since_s, looked_s))
            self._since_s = None
