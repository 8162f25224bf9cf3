"""EDGE. How much was played since local midnight: counted once a day, and then kept up by what is written."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, time

from controller.model.effects import ClosePayment, Record, RecordCoin

log = logging.getLogger(__name__)

# Test credits are nobody's game; and what did not reach the board was not played.
_CREDITS = "SELECT coalesce(sum(credits_delivered), 0) FROM payments WHERE received_at >= ? AND NOT test"
_COINS = "SELECT count(*) FROM coins WHERE counted_at >= ?"


class Today:
    """Counts of the day that `wall_time` (ISO 8601, UTC) is in, by the clock of this machine's zone."""

    def __init__(self, db: sqlite3.Connection, wall_time: Callable[[], str]) -> None:
        self._db = db
        self._wall_time = wall_time
        self._midnight = ""
        self._credits: int | None = None
        self._coins = 0
        self._given_up = ""

    def saw(self, records: Iterable[Record]) -> None:
        """Take note of what was just written."""
        for record in records:
            if isinstance(record, ClosePayment):
                self._credits = None
            elif isinstance(record, RecordCoin):
                self._coins += 1

    def games(self, pulses_per_credit: int) -> int | None:
        """The credits that came to the board today, paid by phone or by so many coins each.

        None for the rest of a day on which the file cannot be read: that is no reason to stop.
        """
        midnight = _midnight_before(self._wall_time())
        if midnight == self._given_up:
            return None
        try:
            return self._games(midnight, pulses_per_credit)
        except sqlite3.Error as error:
            log.warning("games of today not counted: %s", error)
            self._given_up = midnight
            return None

    def _games(self, midnight: str, pulses_per_credit: int) -> int:
        if midnight != self._midnight:
            self._midnight, self._credits = midnight, None
            self._coins = self._count(_COINS)
        if self._credits is None:
            self._credits = self._count(_CREDITS)
        return self._credits + self._coins // pulses_per_credit

    def _count(self, query: str) -> int:
        return int(self._db.execute(query, (self._midnight,)).fetchone()[0])


def _midnight_before(now: str) -> str:
    """When this day began where we are, written as the ledger writes times."""
    here = datetime.fromisoformat(now).astimezone()
    began = datetime.combine(here.date(), time()).astimezone(UTC)
    return began.isoformat(timespec="milliseconds").replace("+00:00", "Z")
