"""EDGE. The sales and coins of a machine that stands in another time zone now, each on its new day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, Table, func, select

from fleet.book.computed.sheets import write_sheet
from fleet.book.tables import coins, sales
from fleet.journal.days import DayOf
from fleet.journal.sheet import Sale, Sheet

_AT_ONCE = 500


def date_anew(connection: Connection, machine_id: str, day_of: DayOf) -> None:
    """Have every sale and coin of a machine be of the day that it is by `day_of`; most stay as they are."""
    for rows, changed in _changed(connection, sales, "payment_id", machine_id, day_of):
        sheet = Sheet({(machine_id, row["payment_id"]): Sale(**row) for row in rows})
        for payment_id, day in changed.items():
            sheet.redate((machine_id, payment_id), day)
        write_sheet(connection, sheet)
    for rows, changed in _changed(connection, coins, "entry_id", machine_id, day_of):
        sheet = Sheet()
        for row in rows:
            sheet.redate_coin(row, changed[row["entry_id"]])
        write_sheet(connection, sheet)


def how_many(connection: Connection, machine_id: str) -> int:
    """How many sales and coins a machine has: what it takes to date it anew."""
    counts = [select(func.count()).where(table.c.machine_id == machine_id) for table in (sales, coins)]
    return sum(connection.execute(count).scalar_one() for count in counts)


def _changed(
    connection: Connection, table: Table, key: str, machine_id: str, day_of: DayOf
) -> Iterator[tuple[list[dict[str, Any]], Mapping[Any, str]]]:
    """Rows of another day, so many at once, and their new days by `key`."""
    of_it, name = table.c.machine_id == machine_id, table.c[key]
    dates = connection.execute(select(name, table.c.at, table.c.day).where(of_it)).all()
    changed = [(each, day) for each, at, before in dates if (day := day_of(machine_id, at)) != before]
    for first in range(0, len(changed), _AT_ONCE):
        some = dict(changed[first : first + _AT_ONCE])
        rows = connection.execute(select(table).where(of_it, name.in_(list(some)))).mappings().all()
        yield [dict(row) for row in rows], some
