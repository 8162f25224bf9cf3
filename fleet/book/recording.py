"""EDGE. Batches into the book: their entries, and all that is computed from them, in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, tzinfo
from typing import Any

from sqlalchemy import Connection, select, tuple_

from fleet.book import tables
from fleet.book.boots import place_in_time
from fleet.book.dialect import add_up, put, put_new
from fleet.journal.batch import Batch, Entry
from fleet.journal.facts import FaultBegan, FaultEnded, Settled, Sold, read_fact
from fleet.journal.progress import Fit, Joined, Progress, join
from fleet.journal.sheet import SUMS, Fault, Noted, Sale, Sheet

ZoneOf = Callable[[str], tzinfo]


@dataclass(frozen=True)
class Came:
    """A batch, and when it came (Unix seconds)."""

    batch: Batch
    came_at: float


def record(connection: Connection, came: Sequence[Came], zone_of: ZoneOf) -> list[Joined]:
    """Write down what is new in these batches; for each, how it joined on, in the order given.

    The caller commits, and tells the cabinets afterwards.
    """
    machines = sorted({each.batch.machine_id for each in came})
    _meet(connection, machines, min(each.came_at for each in came))
    joined, noted = [], []
    for each in came:
        found = _joined(connection, each.batch)
        joined.append(found)
        if found.fit is Fit.NEW:
            noted += _keep(connection, each, found, zone_of(each.batch.machine_id))
    write_down(connection, noted)
    return joined


def _meet(connection: Connection, machines: Sequence[str], at: float) -> None:
    """A machine's row is its lock, where several processes write: always taken in the same order."""
    rows = [{"machine_id": name, "name": "", "first_heard_at": at} for name in machines]
    put_new(connection, tables.machines, rows)
    known = tables.machines.c.machine_id
    connection.execute(select(known).where(known.in_(machines)).order_by(known).with_for_update()).all()


def _joined(connection: Connection, batch: Batch) -> Joined:
    table = tables.ledgers.c
    row = connection.execute(
        select(table.ledger, table.first, table.seq, table.sum).where(
            table.machine_id == batch.machine_id, table.ledger == batch.ledger
        )
    ).first()
    return join(batch, Progress(*row) if row else None)


def _keep(connection: Connection, came: Came, joined: Joined, zone: tzinfo) -> list[Noted]:
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
    new = [entry for entry in joined.new if entry.sum not in known]
    if not new:
        return []
    times = place_in_time(connection, batch, new, came.came_at)
    rows = [_entry_row(batch, entry, came.came_at, times[entry.boot] + entry.boot_s) for entry in new]
    insert = tables.entries.insert().returning(table.id, sort_by_parameter_order=True)
    ids = connection.execute(insert, rows).scalars().all()
    noted = (_noted(number, row, entry, zone) for number, row, entry in zip(ids, rows, new, strict=True))
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


def _noted(entry_id: int, row: dict[str, Any], entry: Entry, zone: tzinfo) -> Noted | None:
    fact = read_fact(entry)
    if fact is None:
        return None
    return Noted(entry_id, row["machine_id"], row["at"], day_at(row["at"], zone), entry.kind, fact)


def day_at(at: float, zone: tzinfo) -> str:
    """The local day (YYYY-MM-DD) of a moment."""
    return datetime.fromtimestamp(at, zone).date().isoformat()


def write_down(connection: Connection, noted: Sequence[Noted]) -> None:
    """Everything that is computed from entries, brought up to these facts."""
    if not noted:
        return
    sheet = Sheet(_sales(connection, noted), _open_faults(connection, noted))
    for each in noted:
        sheet.note(each)
    put(connection, tables.sales, [asdict(sheet.sales[key]) for key in sorted(sheet.changed_sales)])
    put(connection, tables.faults, [asdict(fault) for fault in sheet.changed_faults.values()])
    for table, rows in (
        (tables.coins, sheet.coins),
        (tables.games, sheet.games),
        (tables.happenings, sheet.happenings),
    ):
        if rows:
            connection.execute(table.insert(), rows)
    # Sorted: two processes that add to the same days must not wait for each other.
    days = [key._asdict() | {name: sums[name] for name in SUMS} for key, sums in sorted(sheet.days.items())]
    add_up(connection, tables.days, days, SUMS)


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
