"""EDGE. One round of alerting: read the world, decide what flipped, write it down."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from sqlalchemy import Engine

from fleet.book.alerts import flips as alerts
from fleet.book.alerts import habits
from fleet.book.alerts.money_short import money_short
from fleet.book.alerts.watched import read_world
from fleet.book.database.engine import reading, writing
from fleet.book.running.workers import beat, hold_lease, make_lease
from fleet.rules.alert_flips import Held, flips, hold
from fleet.rules.alert_rules import findings
from fleet.rules.alert_state import Key

LEASE, LEASE_S = "alerts", 45.0
"""Who decides; another takes over when it has not for so long."""
MONEY_EVERY_S = 600.0
LEARN_AT_MOST, LOOK_AT_MOST_S = 20, 3.0
"""A round looks closer at so many machines, and no longer than that: what is due is told within 90 s."""


class Decider:
    """Decides what flipped, if it is this worker's turn: two that remember different things would differ."""

    def __init__(self, engine: Engine, worker: str, clock: Callable[[], float]) -> None:
        self._engine, self._worker, self._clock = engine, worker, clock
        self._held: dict[Key, Held] = {}
        self._money: Mapping[str, str] = {}
        self._money_at = float("-inf")
        make_lease(engine, LEASE)

    def decide(self) -> bool:
        """Decide, and write down; False if another worker does."""
        now = self._clock()
        # Read before the transaction that writes: whoever ingests waits for that one.
        with reading(self._engine) as connection:
            found = findings(read_world(connection, self._money, now), now)
        self._held = hold(self._held, found, now)
        with writing(self._engine) as connection:
            beat(connection, "alerts", self._worker, now)
            if not hold_lease(connection, LEASE, self._worker, now, LEASE_S):
                return False
            flipped = flips(self._held, found, alerts.open_alerts(connection), now)
            alerts.write(connection, flipped, now)
        return True

    def look_closer(self) -> None:
        """Read for the next rounds what takes long: the two books, and habits that were learned long ago."""
        now = self._clock()
        with reading(self._engine) as connection:
            if now >= self._money_at + MONEY_EVERY_S:
                self._money, self._money_at = money_short(connection, now), now
            waiting = habits.due(connection, now, LEARN_AT_MOST)
        begin_s = time.monotonic()
        for machine_id in waiting:
            if time.monotonic() > begin_s + LOOK_AT_MOST_S:
                return
            with writing(self._engine) as connection:
                habits.learn_anew(connection, machine_id, now)
