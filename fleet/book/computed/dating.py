"""EDGE. In which time zone the days of each machine are, and how they get into another one.

A machine that was put elsewhere, or whose location's zone was corrected, has its days where they were until
all of them have been dated anew, in one transaction: whatever is written meanwhile goes by the same zone.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from datetime import tzinfo
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, select, update

from cloud_relay.zones import zone_named
from fleet.book.computed.redating import date_anew, how_many
from fleet.book.database.engine import reading, writing
from fleet.book.stripe.days import redo_days
from fleet.book.tables import machines
from fleet.book.typed.places import zones
from fleet.journal.days import DayOf, ZoneOf, days_of


def dated(connection: Connection, machine_ids: Iterable[str], zone_of: ZoneOf) -> ZoneOf:
    """The zone in which each machine's days are, and stay until this transaction ends.

    One that has none yet gets that of `zone_of`. Its row is its lock where several processes write; they are
    always taken in the same order.
    """
    rows = _locked(connection, sorted(set(machine_ids)))
    _keep(connection, {row.machine_id: zone_of(row.machine_id) for row in rows if not row.zone})
    kept = {row.machine_id: _named(row.zone, zone_of(row.machine_id)) for row in rows}
    return lambda machine_id: kept.get(machine_id) or zone_of(machine_id)


def days_where_dated(connection: Connection, machine_ids: Iterable[str], zone_of: ZoneOf) -> DayOf:
    """The day of a moment, in the zones that `dated` gives."""
    return days_of(dated(connection, machine_ids, zone_of))


def all_dated(connection: Connection, machine_ids: Sequence[str] | None, zone_of: ZoneOf) -> None:
    """Note that all days of these machines, or of all, are in the zones of `zone_of` now."""
    rows = _locked(connection, machine_ids)
    _keep(connection, {row.machine_id: zone_of(row.machine_id) for row in rows})


def undated(connection: Connection, zone_of: ZoneOf) -> list[str]:
    """The machines whose days are in another zone than where they stand."""
    rows = connection.execute(select(machines.c.machine_id, machines.c.zone).order_by(machines.c.machine_id))
    return [name for name, zone in rows if zone not in ("", str(zone_of(name)))]


def date_due(engine: Engine, otherwise: tzinfo, at_most_s: float, largest: int | None = None) -> int:
    """Date machines anew that stand in another zone by now; how many are left.

    It begins with no other after `at_most_s`, and leaves those out that have more than `largest` sales and
    coins. `otherwise` is the zone of machines in no location.
    """
    begin_s = time.monotonic()
    with reading(engine) as connection:
        waiting = undated(connection, zones(connection, otherwise))
        short = [each for each in waiting if largest is None or how_many(connection, each) <= largest]
    for number, machine_id in enumerate(short):
        if time.monotonic() > begin_s + at_most_s:
            return len(waiting) - number
        with writing(engine) as connection:
            _date(connection, machine_id, otherwise)
    return len(waiting) - len(short)


def _date(connection: Connection, machine_id: str, otherwise: tzinfo) -> None:
    (row,) = _locked(connection, [machine_id])
    zone_of = zones(connection, otherwise)  # as it is now that nobody can change it
    if row.zone in ("", str(zone_of(machine_id))):
        return
    day_of = days_of(zone_of)
    date_anew(connection, machine_id, day_of)
    redo_days(connection, day_of, [machine_id])
    _keep(connection, {machine_id: zone_of(machine_id)})


def _locked(connection: Connection, machine_ids: Sequence[str] | None) -> Sequence[Any]:
    query = select(machines.c.machine_id, machines.c.zone).order_by(machines.c.machine_id)
    if machine_ids is not None:
        query = query.where(machines.c.machine_id.in_(machine_ids))
    return connection.execute(query.with_for_update()).all()


def _keep(connection: Connection, found: dict[str, tzinfo]) -> None:
    if found:
        change = update(machines).where(machines.c.machine_id == bindparam("of")).values(zone=bindparam("to"))
        connection.execute(change, [{"of": name, "to": str(zone)} for name, zone in found.items()])


def _named(name: str, where_it_stands: tzinfo) -> tzinfo:
    if name in ("", str(where_it_stands)):
        return where_it_stands
    try:
        return zone_named(name)
    except ValueError:  # zones that lack it now must stop no cabinet
        return where_it_stands
