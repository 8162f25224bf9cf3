"""EDGE. The state file that the attract screen reads; the screen can never hold us up or talk back."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from attract_screen.model.feed_format import FORMAT, State
from controller.model.cabinet import Cabinet, accepting, credits_waiting
from controller.model.payment import is_free
from controller.rules.mood import faults, mood

log = logging.getLogger(__name__)

# The screen takes a feed that is older than five seconds for a dead controller.
REFRESH_S = 1.0


class ScreenFeed:
    """Writes the picture when it changes, and once a second to show that we live."""

    def __init__(self, path: Path, about: dict[str, Any], clock: Callable[[], float]) -> None:
        self._path = path
        self._about = about
        self._clock = clock
        self._shown: dict[str, Any] = {}
        self._mood: State | None = None
        self._since_s = 0.0
        self._written_s = float("-inf")

    def rename(self, about: dict[str, Any]) -> None:
        """From now on the feed says this about the machine."""
        self._about = about

    def show(self, cabinet: Cabinet) -> None:
        """Write the feed if it says something new, or has not been written for a second."""
        now_s = self._clock()
        if (new_mood := mood(cabinet, now_s)) != self._mood:
            self._mood, self._since_s = new_mood, now_s
        picture = {**self._about, **picture_of(cabinet, now_s), "since_s": self._since_s}
        if picture != self._shown or now_s >= self._written_s + REFRESH_S:
            self._write({"format": FORMAT, "written_at_s": now_s, **picture})
            self._shown, self._written_s = picture, now_s

    def _write(self, feed: dict[str, Any]) -> None:
        # A reader sees the old file or the new one, never half of one.
        fresh = self._path.with_suffix(".new")
        try:
            fresh.write_text(json.dumps(feed))
            fresh.replace(self._path)
        except OSError as error:
            log.error("screen feed not written: %s", error)


def picture_of(cabinet: Cabinet, now_s: float) -> dict[str, Any]:
    """What the player should see. The QR is there only if a payment made now would be credited.

    `accepting` and `faults` are for the technician's commands, which read the feed too.
    """
    offer = cabinet.offer
    sells, wrong = accepting(cabinet, now_s), faults(cabinet, now_s)
    return {
        "state": mood(cabinet, now_s),
        "qr": offer.address if offer and sells else None,
        "offers": [asdict(price) for price in offer.prices] if offer else [],
        "note": offer.note or None if offer else None,
        "credits": _credits(cabinet),
        "waiting": credits_waiting(cabinet),
        "credited": cabinet.credited,
        "free": bool(cabinet.trains) and is_free(cabinet.trains[0].payment.id),
        "technician_line": "; ".join(fault.text for fault in wrong) or None,
        "accepting": sells,
        "faults": [asdict(fault) for fault in wrong],
    }


def _credits(cabinet: Cabinet) -> int:
    """The credits on their way; else, or while they wait for a game to end, those on the board."""
    on_their_way = cabinet.trains and not credits_waiting(cabinet)
    return cabinet.trains[0].payment.credits if on_their_way else cabinet.credits_on_board
