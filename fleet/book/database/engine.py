"""EDGE. The database: opened, and brought up to this program's version."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

MIGRATIONS = Path(__file__).parent / "migrations"
# Two programs that start together bring it up to date one after the other. Any number, always this one.
_LOCK = 0x666C656574
_BUSY_S = 30.0
_WRITES = "fleet_writes"


class BookError(RuntimeError):
    """The book cannot be used; the message says why, and what to do."""


def reason_of(why: SQLAlchemyError) -> str:
    """What the database said, in one line: the statement and its values are no matter of a message's."""
    return (str(getattr(why, "orig", None) or why).splitlines() or [type(why).__name__])[0]


def read_url(text: str) -> URL:
    """The address of a database, as SQLAlchemy reads it: a file of SQLite's, or PostgreSQL.

    Raises:
        ValueError: it is neither, in words that leave out its password.
    """
    try:
        url = make_url(text)
    except ArgumentError:
        url = None
    if url is None or url.get_backend_name() not in ("sqlite", "postgresql"):
        raise ValueError(
            "is neither sqlite:////var/lib/arcade-fleet/book.sqlite nor postgresql://user@host/name"
        )
    if url.get_backend_name() == "sqlite" and not url.database:
        raise ValueError("names no file: write sqlite:////var/lib/arcade-fleet/book.sqlite")
    return url.set(drivername="postgresql+psycopg") if url.get_backend_name() == "postgresql" else url


def open_book(url: URL, *, upgrade: bool = True) -> Engine:
    """The database, made if it is not there, and brought up to date.

    Raises:
        BookError: it cannot be reached, or was written by a newer program.
    """
    engine = _engine(url)
    try:
        with writing(engine) as connection:
            _bring_up_to_date(connection, upgrade=upgrade)
    except SQLAlchemyError as why:
        engine.dispose()
        shown = url.render_as_string(hide_password=True)
        raise BookError(f"The book {shown} cannot be used: {reason_of(why)}") from why
    except BaseException:
        engine.dispose()
        raise
    return engine


def _engine(url: URL) -> Engine:
    if url.get_backend_name() != "sqlite":
        # A server that was started again has ended our connections: each is tried before it is used.
        return sqlalchemy.create_engine(url, pool_pre_ping=True)
    Path(str(url.database)).parent.mkdir(parents=True, exist_ok=True)
    engine = sqlalchemy.create_engine(url, connect_args={"timeout": _BUSY_S})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _begin_sqlite(connection: Connection) -> None:
    # A writer that began as a reader could not become one any more, once another has written.
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One picture of the book, however many questions are asked; nothing is written."""
    with engine.connect() as connection, connection.begin():
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that may write: all of it is kept once this ends, or nothing, if it raises."""
    with engine.connect().execution_options(**{_WRITES: True}) as connection, connection.begin():
        yield connection


def _prepare_sqlite(connection: sqlite3.Connection, _: Any) -> None:
    connection.isolation_level = None  # we say ourselves where a transaction begins
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-65536"):
        connection.execute(f"PRAGMA {pragma}")


def _bring_up_to_date(connection: Connection, *, upgrade: bool) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(sqlalchemy.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    scripts = ScriptDirectory(str(MIGRATIONS))
    ours, theirs = scripts.get_current_head(), MigrationContext.configure(connection).get_current_revision()
    if theirs == ours:
        return
    if theirs is not None and not _is_known(scripts, theirs):
        raise BookError(
            f"The book was written by a newer version of this program (its schema is {theirs}): install "
            "that version, or restore the backup that was made before"
        )
    if not upgrade:
        raise BookError("The book is not up to date: start python -m fleet serve once")
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _is_known(scripts: ScriptDirectory, revision: str) -> bool:
    try:
        return scripts.get_revision(revision) is not None
    except CommandError:
        return False
