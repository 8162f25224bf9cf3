"""EDGE. What anybody did here; written in the transaction of the deed, and never deleted."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Connection, insert

from fleet.book import tables


def note_deed(
    connection: Connection, at: float, who: str, what: str, machine_id: str | None = None, **details: Any
) -> None:
    """Write it down; `what` is one stable word, `details` what a reader will want to know of it."""
    row = {"at": at, "who": who, "what": what, "machine_id": machine_id}
    said = json.dumps(details, ensure_ascii=False)
    connection.execute(insert(tables.audit).values(row | {"details": said}))
