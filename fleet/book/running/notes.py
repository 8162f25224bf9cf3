"""EDGE. Single values that the fleet keeps."""

from __future__ import annotations

import secrets

from sqlalchemy import Connection, select

from fleet.book import tables
from fleet.book.database.dialect import put, put_new

_FLEET_ID = "fleet id"


def fleet_id(connection: Connection) -> str:
    """What tells this fleet from another one, made at its first start."""
    put_new(connection, tables.notes, [{"name": _FLEET_ID, "value": secrets.token_hex(8)}])
    return read_note(connection, _FLEET_ID) or ""


def keep_note(connection: Connection, name: str, value: str) -> None:
    """Keep a value under a name, in the place of the one before."""
    put(connection, tables.notes, [{"name": name, "value": value}])


def read_note(connection: Connection, name: str) -> str | None:
    """The value that is kept under a name."""
    table = tables.notes.c
    return connection.execute(select(table.value).where(table.name == name)).scalar()
