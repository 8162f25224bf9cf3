"""EDGE. Everything that is computed from the entries, computed anew."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import tzinfo

from sqlalchemy import Connection, delete

from fleet.book import tables
from fleet.book.computed.dating import all_dated
from fleet.book.computed.entry_rows import noted_in_parts
from fleet.book.computed.sheets import write_down
from fleet.book.stripe.days import redo_days
from fleet.journal.days import days_of

COMPUTED = (tables.sales, tables.coins, tables.games, tables.faults, tables.happenings, tables.days)


def rebuild(
    connection: Connection, zone_of: Callable[[str], tzinfo], machines: Sequence[str] | None = None
) -> int:
    """Compute it anew, of all machines or of these; how many entries it was made from."""
    all_dated(connection, machines, zone_of)
    for table in COMPUTED:
        every = delete(table)
        connection.execute(every if machines is None else every.where(table.c.machine_id.in_(machines)))
    mine = [] if machines is None else [tables.entries.c.machine_id.in_(machines)]
    done = 0
    for count, noted in noted_in_parts(connection, days_of(zone_of), *mine):
        write_down(connection, noted)
        done += count
    redo_days(connection, days_of(zone_of), machines)
    return done
