"""EDGE. What anybody did here, to be read."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, RowMapping, func, select

from fleet.book.tables import audit


def deeds(connection: Connection, most: int, skipped: int = 0) -> Sequence[RowMapping]:
    """The deeds, newest first."""
    query = select(audit).order_by(audit.c.id.desc()).limit(most).offset(skipped)
    return connection.execute(query).mappings().all()


def count_of_deeds(connection: Connection) -> int:
    """How many there are."""
    return int(connection.execute(select(func.count()).select_from(audit)).scalar_one())
