"""EDGE. What alerts are decided by, read from the book."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Row, ScalarSelect, and_, func, or_, select

from fleet.book.alerts.habits import hours_of
from fleet.book.alerts.ledger_twins import ledger_twins
from fleet.book.running.workers import ALIVE_S
from fleet.book.stripe.marks import read_marks
from fleet.book.tables import coins, habits, machines, sales, statuses, troubles, workers
from fleet.book.typed.places import places
from fleet.rules.alert_state import STRIPE, Broker, Fault, Machine, Place, World
from fleet.rules.opening import is_open
from fleet.rules.silence import Habit, limit_s, silent_s

_CONFLICT_S = 86400.0
UNREAD_S = 3 * 3600.0
"""Stripe is read each hour or so; after this something is wrong, if only that nobody reads it."""
_LONGEST_S = 30 * 86400.0


def read_world(connection: Connection, money_short: Mapping[str, str], now: float) -> World:
    """Everything as the book has it now; the two books' differences are compared elsewhere, now and then."""
    of_machines, of_fleet = _troubles(connection, now)
    known = places(connection)
    listed = tuple(
        _machine(connection, row, known, money_short, of_machines, now)
        for row in connection.execute(_machines(now)).all()
    )
    return World(listed, _broker(connection, now), of_fleet)


def _machines(now: float) -> Any:
    conflicts = (
        select(func.count())
        .where(sales.c.machine_id == machines.c.machine_id, sales.c.at > now - _CONFLICT_S)
        .where(sales.c.answer == "conflict")
        .scalar_subquery()
    )
    # What was learned elsewhere says nothing here.
    stands_still = or_(habits.c.location_id.is_(None), habits.c.location_id == machines.c.location_id)
    return (
        select(
            machines.c.machine_id,
            machines.c.name,
            machines.c.location_id,
            statuses.c.is_online,
            statuses.c.state,
            statuses.c.body,
            statuses.c.since_at,
            habits.c.since_at.label("stands_since_at"),
            habits.c.customers,
            habits.c.longest_s,
            conflicts.label("conflicts"),
            _last_sale().label("sold_at"),
            _last_coin().label("coin_at"),
        )
        .join(statuses, statuses.c.machine_id == machines.c.machine_id)
        .outerjoin(habits, and_(habits.c.machine_id == machines.c.machine_id, stands_still))
        .where(machines.c.retired_at.is_(None))
        .order_by(machines.c.machine_id)
    )


# The newest by the index, and not a maximum over millions.
def _last_sale() -> ScalarSelect[float]:
    of_it = select(sales.c.at).where(sales.c.machine_id == machines.c.machine_id, sales.c.kind != "test")
    return of_it.order_by(sales.c.at.desc()).limit(1).scalar_subquery()


def _last_coin() -> ScalarSelect[float]:
    of_it = select(coins.c.at).where(coins.c.machine_id == machines.c.machine_id)
    return of_it.order_by(coins.c.at.desc()).limit(1).scalar_subquery()


def _machine(
    connection: Connection,
    row: Row[Any],
    known: Mapping[int | None, Place],
    money_short: Mapping[str, str],
    of_machines: Mapping[str, dict[str, str]],
    now: float,
) -> Machine:
    place = known.get(row.location_id, known[None])
    habit = None if row.customers is None else Habit(row.stands_since_at, row.customers, row.longest_s)
    return Machine(
        machine_id=row.machine_id,
        name=row.name or row.machine_id,
        place=place,
        is_online=row.is_online,
        state=row.state,
        since_at=row.since_at,
        faults=faults_of(row.body),
        silent_s=_silent_s(connection, row, place, habit, now),
        habit=habit,
        conflicts=row.conflicts,
        money_short=money_short.get(row.machine_id),
        troubles=of_machines.get(row.machine_id),
    )


def _silent_s(
    connection: Connection, row: Row[Any], place: Place, habit: Habit | None, now: float
) -> float | None:
    limit = limit_s(habit, now)
    if limit is None or habit is None or not row.is_online:
        return None
    from_at = max(row.sold_at or 0.0, row.coin_at or 0.0, habit.since_at, now - _LONGEST_S)
    if now - from_at <= limit:
        return max(now - from_at, 0.0)  # it cannot be longer, however it is counted
    if not is_open(place.opening, now):
        return None  # nothing new can be said before it opens again
    return silent_s(hours_of(connection, row.machine_id, place, from_at, now), from_at, now)


def faults_of(body: str) -> tuple[Fault, ...]:
    """The faults of a status as it came; older cabinets name no kinds, and anybody may have written it."""
    try:
        read = json.loads(body)
    except ValueError:
        return ()
    if not isinstance(read, dict):
        return ()
    texts, kinds = _strings(read.get("faults")), _strings(read.get("faultKinds"))
    if len(kinds) != len(texts):
        kinds = [""] * len(texts)
    return tuple(Fault(kind, text) for kind, text in zip(kinds, texts, strict=True))


def _strings(listed: Any) -> list[str]:
    return [str(each) for each in listed] if isinstance(listed, list) else []


def _broker(connection: Connection, now: float) -> Broker | None:
    rows = connection.execute(select(workers).where(workers.c.part == "ingest")).all()
    if not rows:
        return None
    alive = [row for row in rows if row.beat_at > now - ALIVE_S]
    hearing = [row.since_at for row in alive if not row.trouble]
    if hearing:
        return Broker(True, min(hearing))
    if alive:
        return Broker(False, max(row.since_at for row in alive), alive[0].trouble)
    return Broker(False, max(row.beat_at for row in rows))


def _troubles(
    connection: Connection, now: float
) -> tuple[dict[str, dict[str, str]], tuple[tuple[str, str, str], ...]]:
    of_machines: dict[str, dict[str, str]] = {}
    of_fleet: list[tuple[str, str, str]] = []
    marks = read_marks(connection)
    if marks is not None and marks[1] < now - UNREAD_S:
        hours = (now - marks[1]) / 3600
        of_fleet.append(("stripe_unreadable", STRIPE, f"not read for {hours:.0f} hours"))
    for row in connection.execute(select(troubles).where(troubles.c.until_at > now)):
        if row.subject.startswith(":"):
            of_fleet.append((row.kind, row.subject, row.text))
        else:
            of_machines.setdefault(row.subject, {})[row.kind] = row.text
    for machine_id in ledger_twins(connection, now):
        of_machines.setdefault(machine_id, {})["ledger_twins"] = "another cabinet has its name: both sell"
    return of_machines, tuple(of_fleet)
