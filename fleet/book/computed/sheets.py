"""EDGE. Everything that is computed from entries: what it is before some facts, and written after them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy import Connection, delete, or_, select, tuple_

from fleet.book import tables
from fleet.book.database.dialect import add_up, put
from fleet.journal.facts import FaultBegan, FaultEnded, Settled, Sold
from fleet.journal.sheet import SUMS, Fault, Noted, Sale, Sheet


def write_down(connection: Connection, noted: Sequence[Noted]) -> None:
    """Everything that is computed from entries, brought up to these facts."""
    if not noted:
        return
    sheet = Sheet(_sales(connection, noted), _open_faults(connection, noted))
    for each in noted:
        sheet.note(each)
    write_sheet(connection, sheet)


def move_down(connection: Connection, moves: Sequence[tuple[Noted, Noted]], since_at: float) -> None:
    """Everything that is computed from facts of one machine, at another time; none was before `since_at`."""
    if not moves:
        return
    before = [noted for noted, _ in moves]
    sheet = Sheet(_sales(connection, before), faults=_faults_since(connection, before, since_at))
    for noted, moved in moves:
        sheet.move(noted, moved)
    write_sheet(connection, sheet)


def write_sheet(connection: Connection, sheet: Sheet) -> None:
    """Write the rows that a sheet changed, and by how much it changed the sums of days."""
    put(connection, tables.sales, [vars(sheet.sales[key]) for key in sorted(sheet.changed_sales)])
    put(connection, tables.faults, [asdict(fault) for fault in sheet.changed_faults.values()])
    put(connection, tables.coins, sheet.coins)
    put(connection, tables.games, sheet.games)
    put(connection, tables.happenings, sheet.happenings)
    changes = {key: sums for key, sums in sorted(sheet.days.items()) if any(sums.values())}
    rows = [key._asdict() | {name: sums[name] for name in SUMS} for key, sums in changes.items()]
    add_up(connection, tables.days, rows, SUMS)
    for machine_id, day in sorted({key[:2] for key, sums in changes.items() if sums["sales"] < 0}):
        days = tables.days.c
        # A day from which the last sale was moved is as if it had never had one.
        nothing = (days.machine_id == machine_id, days.day == day, days.sales == 0)
        connection.execute(delete(tables.days).where(*nothing))


def _sales(connection: Connection, noted: Sequence[Noted]) -> dict[tuple[str, str], Sale]:
    wanted = {(n.machine_id, n.fact.payment_id) for n in noted if isinstance(n.fact, Sold | Settled)}
    if not wanted:
        return {}
    table = tables.sales
    found = connection.execute(
        select(table).where(tuple_(table.c.machine_id, table.c.payment_id).in_(sorted(wanted)))
    )
    return {(row.machine_id, row.payment_id): Sale(**row._mapping) for row in found}


def _open_faults(connection: Connection, noted: Sequence[Noted]) -> dict[tuple[str, str], Fault]:
    machines = {n.machine_id for n in noted if isinstance(n.fact, FaultBegan | FaultEnded)}
    if not machines:
        return {}
    table = tables.faults
    found = connection.execute(
        select(table).where(table.c.machine_id.in_(sorted(machines)), table.c.ended_at.is_(None))
    )
    return {(row.machine_id, row.kind): Fault(**row._mapping) for row in found}


def _faults_since(connection: Connection, noted: Sequence[Noted], since_at: float) -> dict[int, Fault]:
    if not any(isinstance(n.fact, FaultBegan | FaultEnded) for n in noted):
        return {}
    table = tables.faults
    found = connection.execute(
        select(table).where(
            table.c.machine_id == noted[0].machine_id,
            or_(table.c.began_at >= since_at, table.c.ended_at >= since_at),
        )
    )
    return {row.entry_id: Fault(**row._mapping) for row in found}
