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
from controller.model.offer import PricePeriod
from controller.model.payment import is_free
from controller.rules.mood import faults, mood

log = logging.getLogger(__name__)

# The screen takes a feed that is older than five seconds for a dead controller.
REFRESH_S = 1.0
# Lines that move are told to the technician so often at most: the screen looks no oftener.
LIVE_S = 0.1

PageSource = Callable[[Cabinet, float], dict[str, Any] | None]
"""Gives the technician's page at a time in seconds since boot, or None while nobody wants it."""


def no_page(_cabinet: Cabinet, _now_s: float) -> None:
    """For a feed that tells the technician nothing."""


class ScreenFeed:
    """Writes the picture when it changes, and once a second to show that we live.

    A technician's page that has changed alone is written ten times a second at most: at `due_s`, if it waits.
    """

    def __init__(
        self,
        path: Path,
        about: dict[str, Any],
        clock: Callable[[], float],
        technician: PageSource = no_page,
    ) -> None:
        self._path = path
        self._about = about
        self._clock = clock
        self._technician = technician
        self._shown: dict[str, Any] = {}
        self._page: dict[str, Any] | None = None
        self.due_s: float | None = None
        self._mood: State | None = None
        self._since_s = 0.0
        self._written_s = float("-inf")

    def rename(self, about: dict[str, Any]) -> None:
        """From now on the feed says this about the machine."""
        self._about = about

    def show(self, cabinet: Cabinet, games_today: int | None = None) -> None:
        """Write the feed if it says something new, or has not been written for a second.

        `games_today` is None where the day is not known.
        """
        now_s = self._clock()
        if (new_mood := mood(cabinet, now_s)) != self._mood:
            self._mood, self._since_s = new_mood, now_s
        today = {"today": None if games_today is None else {"games": games_today}}
        picture = {**self._about, **picture_of(cabinet, now_s), **today, "since_s": self._since_s}
        page = self._technician(cabinet, now_s)
        wait_s = REFRESH_S if page == self._page else LIVE_S
        flips = (page is None) != (self._page is None)
        if picture != self._shown or flips or now_s >= self._written_s + wait_s:
            technician = {} if page is None else {"technician": page}
            self._write({"format": FORMAT, "written_at_s": now_s, **picture, **technician})
            self._shown, self._page, self._written_s = picture, page, now_s
        self.due_s = None if page == self._page else self._written_s + LIVE_S

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
        "period": _period(offer.period, "until") if offer else None,
        "next": _period(offer.coming, "from") if offer else None,
        "credits": _credits(cabinet),
        "waiting": credits_waiting(cabinet),
        "credited": cabinet.credited,
        "free": bool(cabinet.trains) and is_free(cabinet.trains[0].payment.id),
        "technician_line": "; ".join(fault.text for fault in wrong) or None,
        "accepting": sells,
        "faults": [asdict(fault) for fault in wrong],
    }


def _period(period: PricePeriod | None, when: str) -> dict[str, str | None] | None:
    return None if period is None else {"name": period.name, when: period.at or None}


def _credits(cabinet: Cabinet) -> int:
    """The credits on their way; else, or while they wait for a game to end, those on the board."""
    on_their_way = cabinet.trains and not credits_waiting(cabinet)
    return cabinet.trains[0].payment.credits if on_their_way else cabinet.credits_on_board
