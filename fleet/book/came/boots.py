"""EDGE. When each boot of a machine began, as far as the book knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, select

from fleet.book import tables
from fleet.book.came.clocks import last_before, told_by
from fleet.book.database.dialect import put
from fleet.journal.batch import Batch, Entry
from fleet.journal.times import Boot, Told, measured, said


@dataclass(frozen=True)
class Placed:
    """When boots began (Unix seconds); `moved` are those that were known to have begun at another time.

    `met` is how many of them the book had not heard of before.
    """

    began_at: Mapping[str, float]
    moved: Sequence[tuple[Boot, Boot]]
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
            before = known.get(boot)
            if before is None or not before.is_measured:
                before = _said(connection, batch, entries, boot, after_at, known)
            found[boot] = before
        after_at = found[boot].began_at
    keep_boots(
        connection, batch.machine_id, [boot for boot in found.values() if boot != known.get(boot.boot)]
    )
    moved = [
        (known[name], boot)
        for name, boot in found.items()
        if name in known and known[name].began_at != boot.began_at
    ]
    met = sum(1 for name in found if name not in known)
    return Placed({name: boot.began_at for name, boot in found.items()}, moved, met)


def keep_boots(connection: Connection, machine_id: str, boots: Sequence[Boot]) -> None:
    """Write down what is known of boots now."""
    put(connection, tables.boots, [{"machine_id": machine_id} | asdict(boot) for boot in boots])


def _known(connection: Connection, machine_id: str, boots: set[str]) -> dict[str, Boot]:
    table = tables.boots.c
    found = connection.execute(
        select(table.boot, table.began_at, table.is_measured, table.moves).where(
            table.machine_id == machine_id, table.boot.in_(sorted(boots))
        )
    )
    return {row.boot: Boot(*row) for row in found}


def _said(
    connection: Connection,
    batch: Batch,
    entries: Sequence[Entry],
    boot: str,
    after_at: float,
    known: Mapping[str, Boot],
) -> Boot:
    own = [entry for entry in entries if entry.boot == boot]
    told, before = Told(own[0].boot_s, own[0].wall, own[-1].boot_s), known.get(boot)
    if before is not None:
        told = told_by(connection, batch.machine_id, boot, told.last_s) or told
    ends = [last_before(connection, batch.machine_id, after_at, boot), *_ends(entries, boot, known)]
    before_at = max((at for at in ends if at is not None and at < after_at), default=None)
    return said(boot, told, before_at, after_at, before)


def _ends(entries: Sequence[Entry], boot: str, known: Mapping[str, Boot]) -> list[float]:
    """When boots that were measured ended, of those before this one among the entries."""
    number = next(place for place, entry in enumerate(entries) if entry.boot == boot)
    measured_before = [entry for entry in entries[:number] if entry.boot in known]
    return [
        known[entry.boot].began_at + entry.boot_s
        for entry in measured_before
        if known[entry.boot].is_measured
    ]
