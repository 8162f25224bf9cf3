"""EDGE. How far the book has a machine's ledger."""

from __future__ import annotations

from sqlalchemy import Connection, select

from fleet.book import tables
from fleet.journal.progress import NOTHING, Progress


def progress_of(connection: Connection, machine_id: str) -> Progress:
    """Of the ledger from which something came last; NOTHING of a machine that never wrote."""
    table = tables.ledgers.c
    row = connection.execute(
        select(table.ledger, table.first, table.seq, table.sum)
        .where(table.machine_id == machine_id)
        .order_by(table.heard_at.desc())
        .limit(1)
    ).first()
    return Progress(*row) if row else NOTHING
