"""EDGE. One run through Stripe: what changed since the last, into the book, in steps that may be repeated."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import tzinfo

from sqlalchemy import Connection, Engine

from fleet.book.computed.dating import days_where_dated
from fleet.book.database.engine import reading, writing
from fleet.book.stripe.marks import first_sale_s, mark_read, read_marks
from fleet.book.stripe.payments import machines_of, save_movements, save_payments
from fleet.book.typed.places import zones
from fleet.journal.days import DayOf
from fleet.reconciling.reader import StripeReader
from fleet.rules.stripe_objects import StripePayment

_HOUR_S, _DAY_S = 3600.0, 24 * 3600.0
# Stripe's objects appear a little after their times say, and the relay's marks after the events.
OVERLAP_S = _HOUR_S
# Events are kept for 30 days: https://docs.stripe.com/api/events
EVENTS_KEPT_S = 29 * _DAY_S
# As long as cabinets keep their own payments.
OLDEST_S = 400 * _DAY_S
# From here on a list is quicker than asking for each.
MANY = 20


@dataclass(frozen=True)
class Run:
    """What a run did: how many payments and movements it read."""

    payments: int
    movements: int


class Reading:
    """Keeps Stripe's side of the book. A run that fails is done again, and two at once do no harm."""

    def __init__(self, engine: Engine, reader: StripeReader, zone: tzinfo) -> None:
        """The `zone` is that of machines in no location."""
        self._engine = engine
        self._reader = reader
        self._zone = zone

    def run(self, now_s: float) -> Run:
        """Read what changed since the last run; the first time, all since the first sale of the book.

        Raises:
            StripeUnavailable: Stripe did not answer; what was read is in the book, and the next run begins
                where this one did.
        """
        with reading(self._engine) as connection:
            marks, first_s = read_marks(connection), first_sale_s(connection)
        oldest_s = max(now_s - OLDEST_S, min(first_s or now_s, now_s) - _DAY_S)
        if marks is None or now_s - marks[1] > EVENTS_KEPT_S:
            since_s, begins_s = min(oldest_s, marks[0] if marks else oldest_s), oldest_s
            read = self._list(begins_s, now_s, now_s)
        else:
            since_s, begins_s, read = marks[0], marks[1] - OVERLAP_S, 0
            if oldest_s < since_s - _DAY_S:  # a machine has told of its past since
                read += self._list(oldest_s, since_s, now_s)
                since_s = begins_s = oldest_s
            read += self._changed(self._reader.changed_since(marks[1] - OVERLAP_S), marks[1], now_s)
        moved = self._movements(begins_s)
        with writing(self._engine) as connection:
            mark_read(connection, since_s, now_s)
        return Run(read, moved)

    def read_one(self, payment_id: str, now_s: float) -> None:
        """Read one payment now, and what was moved just now: a refund moves money of its own."""
        self._ask([payment_id], now_s)
        self._movements(now_s - OVERLAP_S)

    def _changed(self, payment_ids: Sequence[str], since_s: float, now_s: float) -> int:
        """Read what changed: one by one, or, where it is much, the new ones as a list first."""
        left = list(payment_ids)
        read = 0
        if len(left) > MANY:
            for page in self._reader.payments_between(since_s - OVERLAP_S, now_s):
                self._save(page, now_s)
                read += len(page)
                known = {payment.payment_id for payment in page}
                left = [payment_id for payment_id in left if payment_id not in known]
        return read + self._ask(left, now_s)

    def _list(self, first_s: float, last_s: float, now_s: float) -> int:
        read = 0
        for page in self._reader.payments_between(first_s, last_s):
            self._save(page, now_s)
            read += len(page)
        return read

    def _ask(self, payment_ids: Sequence[str], now_s: float) -> int:
        read = 0
        for payment_id in payment_ids:
            if payment := self._reader.payment(payment_id):
                self._save([payment], now_s)
                read += 1
        return read

    def _movements(self, since_s: float) -> int:
        moved = 0
        for page in self._reader.movements_since(since_s):
            with writing(self._engine) as connection:
                machines = machines_of(connection, [movement.payment_id for movement in page])
                save_movements(connection, page, self._day_of(connection, machines))
            moved += len(page)
        return moved

    def _save(self, payments: Sequence[StripePayment], now_s: float) -> None:
        with writing(self._engine) as connection:
            machines = [payment.machine_id for payment in payments]
            save_payments(connection, payments, now_s, self._day_of(connection, machines))

    def _day_of(self, connection: Connection, machine_ids: Iterable[str]) -> DayOf:
        """The days are those of the rest of the book, also while a machine is put into another zone."""
        return days_where_dated(connection, machine_ids, zones(connection, self._zone))
