"""EDGE. When each boot of a machine began, as far as the book knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, func, select

from fleet.book import tables
from fleet.book.database.dialect import put
from fleet.journal.batch import Batch, Entry
from fleet.journal.times import Boot, measured, said


@dataclass(frozen=True)
class Placed:
    """When boots began (Unix seconds); `moved` are those that were known to have begun at another time.

    `met` is how many of them the book had not heard of before.
    """

    began_at: Mapping[str, float]
    moved: Sequence[tuple[Boot, float]]
    met: int


def place_in_time(connection: Connection, batch: Batch, entries: Sequence[Entry], came_at: float) -> Placed:
    """When the boot of each of these entries began, and that of the batch, which the book then knows."""
    known = _known(connection, batch.machine_id, {batch.boot, *(entry.boot for entry in entries)})
    now = measured(batch.boot, batch.sent_s, came_at, known.get(batch.boot))
    found = {batch.boot: now}
    after_at = now.began_at
    # Backwards: a boot that nobody measured ended before the next one began.
    for boot in reversed(dict.fromkeys(entry.boot for entry in entries)):
        if boot not in found:
            found[boot] = known.get(boot) or _said(connection, batch, entries, boot, after_at)
        after_at = found[boot].began_at
    changed = [asdict(boot) for boot in found.values() if boot != known.get(boot.boot)]
    put(connection, tables.boots, [{"machine_id": batch.machine_id} | row for row in changed])
    moved = [
        (known[name], boot.began_at)
        for name, boot in found.items()
        if name in known and known[name].began_at != boot.began_at
    ]
    met = sum(1 for name in found if name not in known)
    return Placed({name: boot.began_at for name, boot in found.items()}, moved, met)


def _known(connection: Connection, machine_id: str, boots: set[str]) -> dict[str, Boot]:
    table = tables.boots.c
    found = connection.execute(
        select(table.boot, table.began_at, table.is_measured).where(
            table.machine_id == machine_id, table.boot.in_(sorted(boots))
        )
    )
    return {row.boot: Boot(*row) for row in found}


def _said(connection: Connection, batch: Batch, entries: Sequence[Entry], boot: str, after_at: float) -> Boot:
    own = [entry for entry in entries if entry.boot == boot]
    last_at = connection.execute(
        select(func.max(tables.entries.c.at)).where(
            tables.entries.c.machine_id == batch.machine_id, tables.entries.c.at < after_at
        )
    ).scalar()
    return said(boot, own[-1].boot_s, own[0].wall, own[0].boot_s, last_at, after_at)
