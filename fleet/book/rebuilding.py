"""EDGE. Everything that is computed from the entries, computed anew."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import tzinfo
from typing import Any

from sqlalchemy import Connection, Row, delete, select

from fleet.book import tables
from fleet.book.recording import day_at, write_down
from fleet.book.stripe_book import redo_days
from fleet.journal.batch import Entry
from fleet.journal.facts import read_fact
from fleet.journal.sheet import Noted

COMPUTED = (tables.sales, tables.coins, tables.games, tables.faults, tables.happenings, tables.days)
_AT_ONCE = 1000


def rebuild(
    connection: Connection, zone_of: Callable[[str], tzinfo], machines: Sequence[str] | None = None
) -> int:
    """Compute it anew, of all machines or of these; how many entries it was made from."""
    for table in COMPUTED:
        mine = table.c.machine_id.in_(machines) if machines is not None else None
        connection.execute(delete(table) if mine is None else delete(table).where(mine))
    done = 0
    for rows in _in_parts(connection, machines):
        noted = [_noted(row, zone_of(row.machine_id)) for row in rows]
        write_down(connection, [each for each in noted if each is not None])
        done += len(rows)
    redo_days(connection, lambda machine, at: day_at(at, zone_of(machine)), machines)
    return done


def _in_parts(connection: Connection, machines: Sequence[str] | None) -> Iterator[Sequence[Row[Any]]]:
    table, after = tables.entries, 0
    while True:
        query = select(table).where(table.c.id > after).order_by(table.c.id).limit(_AT_ONCE)
        if machines is not None:
            query = query.where(table.c.machine_id.in_(machines))
        rows = connection.execute(query).all()
        if not rows:
            return
        yield rows
        after = rows[-1].id


def _noted(row: Row[Any], zone: tzinfo) -> Noted | None:
    fields = json.loads(row.body)
    entry = Entry(row.seq, row.sum, row.kind, row.boot, row.boot_s, "", row.body, fields)
    fact = read_fact(entry)
    if fact is None:
        return None
    return Noted(row.id, row.machine_id, row.at, day_at(row.at, zone), row.kind, fact)
