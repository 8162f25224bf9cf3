"""EDGE. A whole book from one database into another; a backup is such a book, in a file of SQLite's."""

from __future__ import annotations

import os
from pathlib import Path

from sqlalchemy import Connection, Table, func, insert, select, text
from sqlalchemy.engine import URL

from fleet.book import tables
from fleet.book.database.engine import open_book, reading, writing

_AT_ONCE = 1000


class NotEmpty(RuntimeError):
    """The book that was to be filled has something in it; the message says so."""


def backup(source: URL, file: Path) -> int:
    """Copy the book into a new file, as it is at one moment; how many rows that were.

    Raises:
        FileExistsError: there is a file of that name.
        BookError: the book cannot be read.
    """
    if file.exists():
        raise FileExistsError(17, "is there already: name a new file", str(file))
    part = file.with_name(f"{file.name}.part")
    part.unlink(missing_ok=True)
    os.close(
        os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    )  # it has what people typed, and secrets
    try:
        rows = copy_book(source, _url_of(part))
        part.replace(file)
    finally:
        for left in (part, *(part.with_name(part.name + end) for end in ("-wal", "-shm"))):
            left.unlink(missing_ok=True)
    return rows


def restore(file: Path, target: URL) -> int:
    """Copy a backup into an empty book; how many rows that were.

    Raises:
        FileNotFoundError: there is no such file.
        NotEmpty: the book has something in it.
        BookError: one of the two cannot be used.
    """
    if not file.is_file():
        raise FileNotFoundError(2, "there is no such file", str(file))
    return copy_book(_url_of(file), target)


def copy_book(source: URL, target: URL) -> int:
    """Copy all of a book into an empty one, of whichever kind each is; how many rows that were.

    Raises:
        NotEmpty: the target has something in it.
        BookError: one of the two cannot be used.
    """
    from_engine, into_engine = open_book(source), open_book(target)
    try:
        with reading(from_engine) as old, writing(into_engine) as new:
            if old.dialect.name == "postgresql":
                old.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
            if filled := [table.name for table in tables.metadata.sorted_tables if _has_rows(new, table)]:
                raise NotEmpty(f"The book is not empty (it has {filled[0]}): name a new database")
            return sum(_copied(old, new, table) for table in tables.metadata.sorted_tables)
    finally:
        from_engine.dispose()
        into_engine.dispose()


def _url_of(file: Path) -> URL:
    return URL.create("sqlite", database=str(file.absolute()))


def _has_rows(connection: Connection, table: Table) -> bool:
    return connection.execute(select(table).limit(1)).first() is not None


def _copied(old: Connection, new: Connection, table: Table) -> int:
    count = 0
    result = old.execution_options(stream_results=True).execute(select(table))
    for rows in result.mappings().partitions(_AT_ONCE):
        new.execute(insert(table), [dict(row) for row in rows])
        count += len(rows)
    if new.dialect.name == "postgresql" and "id" in table.c and count:
        # Its next own number comes after those that were copied.
        highest = select(func.max(table.c.id)).scalar_subquery()
        new.execute(select(func.setval(func.pg_get_serial_sequence(table.name, "id"), highest)))
    return count
