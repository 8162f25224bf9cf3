"""EDGE. The audit log: what anybody did here; nothing deletes it."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Connection

from fleet.book import tables


def note(
    connection: Connection, who: str, what: str, now: float, *, machine_id: str | None = None, **details: Any
) -> None:
    """Write down who did what, in the transaction in which it was done; `what` is a stable word."""
    row = {
        "at": now,
        "who": who[:200],
        "what": what,
        "machine_id": machine_id,
        "details": json.dumps(details, ensure_ascii=False),
    }
    connection.execute(tables.audit.insert().values(row))
