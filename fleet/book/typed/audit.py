"""EDGE. What anybody did here; written in the transaction of the deed, and never deleted."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from fleet.book import tables


def note_deed(
    connection: Connection, at: float, who: str, what: str, machine_id: str | None = None, **details: Any
) -> None:
    """Write it down; `what` is one stable word, `details` what a reader will want to know of it."""
    row = {"at": at, "who": who, "what": what, "machine_id": machine_id}
    said = json.dumps(details, ensure_ascii=False)
    connection.execute(insert(tables.audit).values(row | {"details": said}))


def deeds(
    connection: Connection, most: int, before: int | None = None, machine_id: str | None = None
) -> Sequence[Row[Any]]:
    """What was done last, or before one of those; about one machine, if it is named."""
    of = tables.audit.c
    query = select(tables.audit).order_by(of.id.desc()).limit(most)
    if before is not None:
        query = query.where(of.id < before)
    if machine_id:
        query = query.where(of.machine_id == machine_id)
    return connection.execute(query).all()
