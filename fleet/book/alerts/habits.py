"""EDGE. What was learned of each machine's silences, and what it is learned from."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Connection, Select, insert, or_, select, update

from fleet.book.alerts.customers import absences, customers, was_anybody
from fleet.book.tables import habits, machines
from fleet.book.typed.places import NOWHERE, place_of
from fleet.rules.alert_state import Place
from fleet.rules.opening import spans
from fleet.rules.silence import LEAST_CUSTOMERS, WINDOW_S, Habit, Hours, learn

AGAIN_AFTER_S = 6 * 3600.0


def due(connection: Connection, now: float, at_most: int) -> list[str]:
    """Machines whose habits have to be learned again: never learned, long ago, or moved."""
    moved = machines.c.location_id.is_distinct_from(habits.c.location_id)
    old = or_(habits.c.learned_at.is_(None), habits.c.learned_at < now - AGAIN_AFTER_S, moved)
    found = (
        select(machines.c.machine_id)
        .outerjoin(habits, habits.c.machine_id == machines.c.machine_id)
        .where(machines.c.retired_at.is_(None), old)
        .order_by(habits.c.learned_at, machines.c.machine_id)
        .limit(at_most)
    )
    return list(connection.execute(found).scalars())


def learn_anew(connection: Connection, machine_id: str, now: float) -> Habit:
    """Learn a machine's habit from its last months, and keep it.

    A machine that moved begins anew; that somebody says for the first time where it stands is no move.
    """
    row = connection.execute(select(machines).where(machines.c.machine_id == machine_id)).one()
    kept = connection.execute(select(habits).where(habits.c.machine_id == machine_id)).one_or_none()
    since_at = row.first_heard_at if kept is None else kept.since_at
    if kept is not None and kept.location_id is not None and kept.location_id != row.location_id:
        since_at = now
    place = place_of(connection, row.location_id)
    from_at = max(since_at, now - WINDOW_S)
    own = customers(connection, _neighbours(machine_id, NOWHERE), from_at, now)
    habit = Habit(since_at, len(own), 0.0)
    if len(own) >= LEAST_CUSTOMERS:
        learned = learn(hours_of(connection, machine_id, place, from_at, now), own, from_at)
        habit = replace(habit, longest_s=learned.longest_s)
    values = {
        "location_id": row.location_id,
        "since_at": since_at,
        "customers": habit.customers,
        "longest_s": habit.longest_s,
        "learned_at": now,
    }
    if (
        connection.execute(update(habits).where(habits.c.machine_id == machine_id).values(values)).rowcount
        == 0
    ):
        connection.execute(insert(habits).values(machine_id=machine_id, **values))
    return habit


def hours_of(connection: Connection, machine_id: str, place: Place, from_at: float, to_at: float) -> Hours:
    """When a machine could sell, with the customers of its whole place."""
    listed, there = tuple(spans(place.opening, from_at, to_at)), _neighbours(machine_id, place)
    busy = tuple(was_anybody(connection, there, span.begins_at, span.ends_at) for span in listed)
    return Hours(listed, busy, tuple(absences(connection, machine_id, from_at, to_at)))


def _neighbours(machine_id: str, place: Place) -> Select[str]:
    there = select(machines.c.machine_id)
    if place.number is None:
        return there.where(machines.c.machine_id == machine_id)
    return there.where(machines.c.location_id == place.number)
