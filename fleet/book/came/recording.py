"""EDGE. Batches into the book: their entries, and all that is computed from them, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, select

from fleet.book import tables
from fleet.book.came.boots import keep_boots, place_in_time
from fleet.book.came.meeting import meet
from fleet.book.came.neighbours import placed_anew
from fleet.book.computed.dating import days_where_dated
from fleet.book.computed.moving import move_boot
from fleet.book.computed.sheets import write_down
from fleet.book.database.dialect import put
from fleet.journal.batch import Batch, Entry
from fleet.journal.days import DayOf, ZoneOf
from fleet.journal.facts import read_fact
from fleet.journal.progress import Fit, Joined, Progress, join
from fleet.journal.sheet import Noted
from fleet.journal.times import Boot


@dataclass(frozen=True)
class Came:
    """A batch, and when it came (Unix seconds)."""

    batch: Batch
    came_at: float


@dataclass(frozen=True)
class Recorded:
    """How a batch joined on, how far the book has its ledger now, and how much of it was new."""

    fit: Fit
    after: Progress
    entries: int
    boots: int


def record(connection: Connection, came: Sequence[Came], zone_of: ZoneOf) -> list[Recorded]:
    """Write down what is new in these batches; for each, what came of it, in the order given.

    The caller commits, and tells the cabinets afterwards.
    """
    machines = sorted({each.batch.machine_id for each in came})
    meet(connection, machines, min(each.came_at for each in came))
    day_of = days_where_dated(connection, machines, zone_of)
    recorded: list[Recorded] = []
    noted: list[Noted] = []
    for each in came:
        found = _joined(connection, each.batch)
        new = _new(connection, each, found) if found.fit is Fit.NEW else []
        placed = place_in_time(connection, each.batch, new, each.came_at)
        if placed.moved:
            write_down(connection, noted)  # what moves has to be there
            noted = []
        for was, now in placed.moved:
            _move(connection, each.batch.machine_id, was, now, day_of)
        noted += _keep(connection, each, new, placed.began_at, day_of)
        recorded.append(Recorded(found.fit, found.after, len(new), placed.met))
    write_down(connection, noted)
    return recorded


def _move(connection: Connection, machine_id: str, was: Boot, now: Boot, day_of: DayOf) -> None:
    move_boot(connection, machine_id, was, now.began_at, day_of)
    for neighbour_was, neighbour in placed_anew(connection, machine_id, was, now):
        keep_boots(connection, machine_id, [neighbour])
        move_boot(connection, machine_id, neighbour_was, neighbour.began_at, day_of)


def _joined(connection: Connection, batch: Batch) -> Joined:
    table = tables.ledgers.c
    row = connection.execute(
        select(table.ledger, table.first, table.seq, table.sum).where(
            table.machine_id == batch.machine_id, table.ledger == batch.ledger
        )
    ).first()
    return join(batch, Progress(*row) if row else None)


def _new(connection: Connection, came: Came, joined: Joined) -> list[Entry]:
    """The entries of a batch, each once: one that came under another ledger's name is known by its sum."""
    batch, after = came.batch, joined.after
    put(
        connection,
        tables.ledgers,
        [asdict(after) | {"machine_id": batch.machine_id, "heard_at": came.came_at}],
    )
    table = tables.entries.c
    known = set(
        connection.execute(
            select(table.sum).where(
                table.machine_id == batch.machine_id, table.sum.in_([entry.sum for entry in joined.new])
            )
        ).scalars()
    )
    return [entry for entry in joined.new if entry.sum not in known]


def _keep(
    connection: Connection, came: Came, new: Sequence[Entry], began_at: Mapping[str, float], day_of: DayOf
) -> list[Noted]:
    if not new:
        return []
    rows = [_entry_row(came.batch, entry, came.came_at, began_at[entry.boot] + entry.boot_s) for entry in new]
    insert = tables.entries.insert().returning(tables.entries.c.id, sort_by_parameter_order=True)
    ids = connection.execute(insert, rows).scalars().all()
    noted = (_noted(number, row, entry, day_of) for number, row, entry in zip(ids, rows, new, strict=True))
    return [each for each in noted if each is not None]


def _entry_row(batch: Batch, entry: Entry, came_at: float, at: float) -> dict[str, Any]:
    return {
        "machine_id": batch.machine_id,
        "ledger": batch.ledger,
        "seq": entry.seq,
        "sum": entry.sum,
        "kind": entry.kind,
        "boot": entry.boot,
        "boot_s": entry.boot_s,
        # No database takes half a pair or a NUL; as JSON's own escapes they are only letters.
        "body": entry.text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\u0000"),
        "came_at": came_at,
        "at": at,
    }


def _noted(entry_id: int, row: dict[str, Any], entry: Entry, day_of: DayOf) -> Noted | None:
    fact = read_fact(entry)
    if fact is None:
        return None
    machine_id, at = row["machine_id"], row["at"]
    return Noted(entry_id, machine_id, at, entry.boot_s, day_of(machine_id, at), entry.kind, fact)
