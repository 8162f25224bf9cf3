"""EDGE. What the two databases say in their own words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

Rows = Sequence[Mapping[str, Any]]


def put(connection: Connection, table: Table, rows: Rows) -> None:
    """Write rows; one whose primary key is there already takes its place."""
    if not rows:
        return
    insert = _insert(connection, table)
    others = {name: insert.excluded[name] for name in rows[0] if name not in table.primary_key.columns}
    connection.execute(insert.on_conflict_do_update(index_elements=_key(table), set_=others), list(rows))


def put_new(connection: Connection, table: Table, rows: Rows) -> None:
    """Write those rows whose key is not there yet."""
    if rows:
        connection.execute(_insert(connection, table).on_conflict_do_nothing(), list(rows))


def add_up(connection: Connection, table: Table, rows: Rows, sums: Iterable[str]) -> None:
    """Add the columns `sums` of each row to what is there of its key."""
    if not rows:
        return
    insert = _insert(connection, table)
    added = {name: table.c[name] + insert.excluded[name] for name in sums}
    connection.execute(insert.on_conflict_do_update(index_elements=_key(table), set_=added), list(rows))


def _insert(connection: Connection, table: Table) -> Any:
    kind = postgresql if connection.dialect.name == "postgresql" else sqlite
    return kind.insert(table)


def _key(table: Table) -> list[Any]:
    return list(table.primary_key.columns)
