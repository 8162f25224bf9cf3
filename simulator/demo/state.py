"""EDGE. All that the demo's page shows, gathered anew for every look."""

from __future__ import annotations

import json
import secrets
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from controller.system.clock import since_boot_s
from simulator.chain.cabinet import COIN_METER_PIN, COIN_PIN, GAME_OVER_PIN, NAME, OFFERS, READY_PIN
from simulator.chain.chain import Chain
from simulator.demo.breaks import Breaks
from simulator.demo.formats.trace import Lane, changes, recent
from simulator.demo.traffic import Traffic

# The board's contacts close to ground.
LANES = {
    COIN_PIN: Lane("coin", active_level=1),
    COIN_METER_PIN: Lane("coin_meter", active_level=0),
    GAME_OVER_PIN: Lane("game_over", active_level=0),
    READY_PIN: Lane("ready", active_level=0),
}
MOST_ENTRIES = 100
# As long as the attract screen believes a feed.
STALE_AFTER_S = 5.0


class DemoState:
    """Reads the running chain; changes nothing. Every method may be called from any thread."""

    def __init__(
        self,
        chain: Chain,
        breaks: Breaks,
        traffic: Traffic,
        picture: Path,
        *,
        lan: bool,
        has_operator: bool = False,
    ) -> None:
        self.picture = picture
        self._chain = chain
        self._breaks = breaks
        self._traffic = traffic
        self._lan = lan
        self._has_operator = has_operator
        self._run = secrets.token_hex(4)

    def since(self, edges: int, messages: int) -> dict[str, Any]:
        """The state now, with the edges and messages after the first so many; 0 gives the recent ones.

        Money is in minor units of `currency`. `run` tells one run of the demo from the next.
        """
        return {
            "run": self._run,
            "lan": self._lan,
            "operator": self._has_operator,
            "now_s": since_boot_s(),
            "picture": self._picture_version(),
            "screen": self._screen(),
            "board": asdict(self._chain.board.view()),
            "pulses_fired": sum(edge.level for edge in self._chain.board.edges_of(COIN_PIN)),
            "whole": self._breaks.whole(),
            "seen": self._breaks.seen,
            "money": {**self._chain.stripe.money(str(OFFERS["currency"])), "currency": OFFERS["currency"]},
            "edges": self._edges(edges),
            "messages": self._messages(messages),
        }

    def _picture_version(self) -> str | None:
        """Another one for every picture; a text, for it has more digits than JavaScript counts."""
        try:
            return str(self.picture.stat().st_mtime_ns)
        except FileNotFoundError:
            return None

    def _screen(self) -> dict[str, Any]:
        """What the controller has the attract screen show; nothing of it after five silent seconds."""
        silent = {"state": "out_of_order", "qr": None, "machine_name": NAME}
        try:
            feed = json.loads(self._chain.feed_file.read_text())
        except FileNotFoundError:
            return {**silent, "state": "starting"}
        if since_boot_s() - feed["written_at_s"] > STALE_AFTER_S:
            return silent
        return {name: feed[name] for name in silent}

    def _edges(self, index: int) -> dict[str, Any]:
        edges = self._chain.board.edges_since(index)
        shown = changes(edges, LANES)
        if index == 0:
            shown = recent(shown, since_boot_s())
        return {"next": index + len(edges), "items": [asdict(change) for change in shown]}

    def _messages(self, index: int) -> dict[str, Any]:
        entries = self._traffic.since(index)
        newest = [{**asdict(entry), "at_s": round(entry.at_s, 3)} for entry in entries[-MOST_ENTRIES:]]
        return {"next": index + len(entries), "items": newest}


def wait_for_offer(chain: Chain, within_s: float) -> None:
    """Wait until the screen's code can be scanned, or the time is over: the page tells either way.

    Raises:
        PartFailedError: the controller ended; the message has its last lines.
    """
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if chain.controller.exit_status is not None:
            raise chain.controller.failure(f"ended with status {chain.controller.exit_status}")
        if chain.feed_file.exists() and json.loads(chain.feed_file.read_text())["qr"]:
            return
        time.sleep(0.02)
