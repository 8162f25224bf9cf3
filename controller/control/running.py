"""EDGE. The running controller, as the feed that it writes for the attract screen tells of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from attract_screen.feed import read_feed
from attract_screen.model.feed_format import FeedError, State
from attract_screen.model.view import STALE_AFTER_S
from controller.control.client import connect
from controller.model.fault import Fault, FaultKind
from controller.system.clock import since_boot_s

_DOING = {
    State.STARTING: "starting",
    State.ATTRACT: "waiting for a player",
    State.PAYING: "putting a payment on the board",
    State.PLAYING: "a game is being played",
    State.NOT_READY: "the board does not take coins",
    State.OFFLINE: "no connection to the broker",
    State.OUT_OF_ORDER: "out of order",
    State.SETUP: "not set up",
}


@dataclass(frozen=True)
class Running:
    """What the daemon last said, `age_s` ago. It is `selling` if the QR is shown.

    `credits` are those on the board or on their way to it, `waiting` those that it has no room for just now.
    `configuration` is what it could not apply of config.yaml since it was edited; empty if nothing.
    """

    age_s: float
    state: State
    selling: bool
    credits: int
    waiting: int
    faults: tuple[Fault, ...]
    configuration: str

    @property
    def doing(self) -> str:
        """What the machine is doing, in words."""
        return f"{_DOING[self.state]}, {'selling' if self.selling else 'not selling'}"

    @property
    def is_kept_out(self) -> bool:
        """Whether the broker is not reached or refuses it: a second login could end nothing."""
        return any(fault.kind is FaultKind.BROKER for fault in self.faults)

    @property
    def is_connected(self) -> bool:
        """Whether it has the broker, as far as the feed tells."""
        troubled = any(fault.kind in (FaultKind.BROKER, FaultKind.TWIN) for fault in self.faults)
        return not troubled and self.state not in (State.STARTING, State.OFFLINE)


def find_running(control_socket: Path, screen_feed: Path) -> Running | None:
    """The controller that has these; None if none does.

    Its control socket knows at once when it is gone; the feed is believed for some seconds more.
    """
    try:
        client = connect(control_socket)
    except OSError:
        return read_running(screen_feed)  # somebody is there, and does not let us in
    if client is None:
        return None
    with client:
        return read_running(screen_feed)


def read_running(path: Path) -> Running | None:
    """The controller that writes the feed at `path`; None if none does just now."""
    try:
        feed = read_feed(path)
        extra: dict[str, Any] = json.loads(path.read_bytes())
    except (FeedError, OSError, ValueError):
        return None
    age_s = since_boot_s() - feed.written_at_s
    if not 0 <= age_s <= STALE_AFTER_S:
        return None
    return Running(
        age_s,
        feed.state,
        bool(extra.get("accepting")),
        feed.credits,
        feed.waiting,
        _faults(extra.get("faults")),
        str(extra.get("configuration") or ""),
    )


def _faults(listed: Any) -> tuple[Fault, ...]:
    """The faults of the feed; those of a kind that this version does not know are left out."""
    kinds = {kind.value for kind in FaultKind}
    found = listed if isinstance(listed, list) else []
    return tuple(
        Fault(FaultKind(each["kind"]), str(each.get("text")))
        for each in found
        if isinstance(each, dict) and each.get("kind") in kinds
    )
