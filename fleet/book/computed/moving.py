"""EDGE. A boot that began at another time than was known: its entries move, and all that is made of them."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Connection, update

from fleet.book.computed.entry_rows import noted_in_parts
from fleet.book.computed.sheets import move_down
from fleet.book.tables import entries
from fleet.journal.days import DayOf
from fleet.journal.times import Boot

# No entry was before its boot, but for what arithmetic leaves.
_ROUNDING_S = 1.0


def move_boot(connection: Connection, machine_id: str, known: Boot, began_at: float, day_of: DayOf) -> None:
    """Have everything of a boot be where it is if the boot began at `began_at`."""
    table, since_at = entries.c, known.began_at - _ROUNDING_S
    of_it = (table.machine_id == machine_id, table.boot == known.boot)
    for _, noted in noted_in_parts(connection, day_of, *of_it):
        moves = []
        for each in noted:
            at = began_at + each.boot_s
            moves.append((each, replace(each, at=at, day=day_of(machine_id, at))))
        move_down(connection, moves, since_at)
    connection.execute(update(entries).where(*of_it).values(at=began_at + table.boot_s))
