"""EDGE. How far Stripe has been read."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from fleet.book.database.dialect import put
from fleet.book.tables import notes, sales

READ_UNTIL, READ_SINCE = "stripe_read_until", "stripe_read_since"


def read_marks(connection: Connection) -> tuple[float, float] | None:
    """From when and until when Stripe has been read; None before the first time."""
    found = {
        row.name: row.value
        for row in connection.execute(select(notes).where(notes.c.name.in_([READ_SINCE, READ_UNTIL])))
    }
    return (float(found[READ_SINCE]), float(found[READ_UNTIL])) if len(found) == 2 else None


def mark_read(connection: Connection, since_s: float, until_s: float) -> None:
    """Note from when and until when Stripe has been read."""
    put(
        connection,
        notes,
        [{"name": READ_SINCE, "value": str(since_s)}, {"name": READ_UNTIL, "value": str(until_s)}],
    )


def first_sale_s(connection: Connection) -> float | None:
    """When the first sale of the book was made."""
    found: float | None = connection.execute(select(func.min(sales.c.at))).scalar()
    return found
