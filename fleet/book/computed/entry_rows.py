"""EDGE. Entries that the book has, as the facts that they were."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, select

from fleet.book.tables import entries
from fleet.journal.batch import Entry
from fleet.journal.days import DayOf
from fleet.journal.facts import read_fact
from fleet.journal.sheet import Noted

_AT_ONCE = 1000


def noted_in_parts(
    connection: Connection, day_of: DayOf, *where: ColumnElement[bool]
) -> Iterator[tuple[int, list[Noted]]]:
    """These entries in the order in which they came, so many at once: how many, and the facts among them."""
    after = 0
    while rows := _part(connection, entries.c.id > after, *where):
        noted = [_noted(row, day_of) for row in rows]
        yield len(rows), [each for each in noted if each is not None]
        after = rows[-1].id


def _part(connection: Connection, *where: ColumnElement[bool]) -> Sequence[Row[Any]]:
    return connection.execute(select(entries).where(*where).order_by(entries.c.id).limit(_AT_ONCE)).all()


def _noted(row: Row[Any], day_of: DayOf) -> Noted | None:
    fields = json.loads(row.body)
    fact = read_fact(Entry(row.seq, row.sum, row.kind, row.boot, row.boot_s, "", row.body, fields))
    if fact is None:
        return None
    day = day_of(row.machine_id, row.at)
    return Noted(row.id, row.machine_id, row.at, row.boot_s, day, row.kind, fact)
