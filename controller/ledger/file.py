"""EDGE. The ledger's file: its schema, its lock, and the check that it is whole before it is used."""

from __future__ import annotations

import fcntl
import logging
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from controller.formats.wal_check import find_lost_commits
from controller.ledger.set_aside import beside, remember_set_aside, set_aside

log = logging.getLogger(__name__)

# In the state directory.
LEDGER_NAME = "ledger.sqlite"
# Each entry takes a file from the version before to its own number, which SQLite keeps as user_version.
MIGRATIONS = (
    """
    CREATE TABLE payments (
      id TEXT PRIMARY KEY,
      credits INTEGER NOT NULL,
      amount INTEGER,
      currency TEXT,
      has_receipt INTEGER NOT NULL,
      pulses INTEGER NOT NULL,
      deadline_s REAL NOT NULL,
      boot_id TEXT NOT NULL,
      received_at TEXT NOT NULL,
      outcome TEXT,
      credits_delivered INTEGER,
      reason TEXT,
      answer TEXT
    ) STRICT;
    CREATE INDEX unsettled ON payments (id)
      WHERE outcome IS NULL OR (has_receipt AND answer IS NULL);
    CREATE TABLE pulses (
      payment_id TEXT NOT NULL REFERENCES payments (id),
      number INTEGER NOT NULL,
      state TEXT NOT NULL CHECK (state IN ('intended', 'fired', 'ambiguous')),
      rose_s REAL,
      fell_s REAL,
      PRIMARY KEY (payment_id, number)
    ) STRICT;
    CREATE TABLE memory (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
    """,
    "CREATE INDEX received ON payments (received_at);",
    # Test credits, and what a coin meter counts. A CHECK cannot be changed: the table is made anew.
    """
    ALTER TABLE payments ADD COLUMN test INTEGER NOT NULL DEFAULT 0;
    CREATE TABLE pulses_3 (
      payment_id TEXT NOT NULL REFERENCES payments (id),
      number INTEGER NOT NULL,
      state TEXT NOT NULL CHECK (state IN ('intended', 'fired', 'confirmed', 'uncounted', 'ambiguous')),
      rose_s REAL,
      fell_s REAL,
      PRIMARY KEY (payment_id, number)
    ) STRICT;
    INSERT INTO pulses_3 SELECT * FROM pulses;
    DROP TABLE pulses;
    ALTER TABLE pulses_3 RENAME TO pulses;
    CREATE TABLE coins (number INTEGER PRIMARY KEY, counted_at TEXT NOT NULL) STRICT;
    UPDATE memory SET value = json_set(
      json_remove(value, '$.started_s'),
      '$.since_s', json_extract(value, '$.started_s'),
      '$.active_s', json_extract(value, '$.started_s')
    ) WHERE key = 'session' AND json_type(value) = 'object';
    """,
    "ALTER TABLE payments ADD COLUMN charged INTEGER;",
    # The outbox of games that are over.
    """
    CREATE TABLE game_overs (
      session_id TEXT NOT NULL,
      game INTEGER NOT NULL,
      credits INTEGER NOT NULL,
      duration_s INTEGER NOT NULL,
      ended_at TEXT NOT NULL,
      PRIMARY KEY (session_id, game)
    ) STRICT;
    """,
    # The journal, and the name by which the fleet knows this ledger from any other of the same machine.
    """
    CREATE TABLE journal (seq INTEGER PRIMARY KEY, sum TEXT NOT NULL, body TEXT NOT NULL) STRICT;
    INSERT INTO memory VALUES ('journal_id', json_quote(lower(hex(randomblob(16)))));
    """,
)
# How long a commit waits for another program that holds the file.
BUSY_MS = 5000
DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


class LedgerError(RuntimeError):
    """The ledger cannot be used; the message names the file and the remedy."""


def lock(path: Path) -> TextIO:
    """Hold `path` until it is closed, or the process ends.

    Raises:
        LedgerError: somebody else holds it.
    """
    file = path.open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        raise LedgerError(f"{path}: another controller is running: stop it first") from error
    return file


@dataclass(frozen=True)
class OpenedFile:
    """The ledger's file, open and of this version's schema.

    `aside` is where a damaged one before it was moved to. `upgraded_from` is the schema that it had until
    now; None for a new file, and for one that needed nothing.
    """

    db: sqlite3.Connection
    aside: Path | None
    upgraded_from: int | None


def open_file(path: Path, now: str) -> OpenedFile:
    """The ledger at `path`; a damaged one is set aside at `now` (ISO).

    Raises:
        LedgerError: it cannot be opened, or it was written by a newer version.
    """
    try:
        aside = None
        if damage := find_damage(path):
            aside = set_aside(path, now)
            log.error("ledger %s was damaged (%s): set aside as %s", path, damage, aside.name)
        db, before = _open_whole(path)
        return OpenedFile(db, aside, before if 0 < before < len(MIGRATIONS) else None)
    except sqlite3.Error as error:
        raise LedgerError(
            f"{path}: cannot be opened as a ledger: {error}: see to the disk and the owner"
        ) from error


def find_damage(path: Path) -> str | None:
    """What is wrong with the file or its log, in words; None for a whole ledger or for none. Changes neither.

    Raises:
        LedgerError: it was written by a newer version.
    """
    wal = beside(path, "-wal")
    logged = wal.read_bytes() if wal.exists() else b""
    if logged and (not path.exists() or path.stat().st_size == 0):
        return "its main file is gone"
    if not path.exists():
        return None
    return find_lost_commits(logged) or _find_damage_inside(path)


def check_version(db: sqlite3.Connection, path: Path) -> int:
    """The version of the file's schema.

    Raises:
        LedgerError: it is newer than this program.
    """
    version: int = db.execute("PRAGMA user_version").fetchone()[0]
    if version > len(MIGRATIONS):
        raise LedgerError(
            f"{path}: written by a newer version (schema {version}, this one knows "
            f"{len(MIGRATIONS)}): install that version again"
        )
    return version


def migrate(db: sqlite3.Connection, path: Path, migrations: tuple[str, ...] = MIGRATIONS) -> int:
    """Bring the file to the newest version, each step whole or not at all; gives the version that it had."""
    version = check_version(db, path)
    for number, script in enumerate(migrations[version:], start=version + 1):
        db.executescript(f"BEGIN IMMEDIATE; {script}; PRAGMA user_version = {number}; COMMIT;")
    return version


def _find_damage_inside(path: Path) -> str | None:
    # Read-only: the last writer to close would fold the log into a file that may yet be set aside as it is. A
    # journal has to be rolled back before anything is read; only a kill while the file was made leaves one.
    mode = "rw" if beside(path, "-journal").exists() else "ro"
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode={mode}", uri=True)) as db:
            check_version(db, path)
            found: str = db.execute("PRAGMA integrity_check(1)").fetchone()[0]
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF not in DAMAGED:
            raise
        return str(error)
    return None if found == "ok" else " ".join(found.split())


def _open_whole(path: Path) -> tuple[sqlite3.Connection, int]:
    db = sqlite3.connect(path, timeout=BUSY_MS / 1000, isolation_level=None)
    try:
        # FULL: with WAL, anything less may lose a commit when the plug is pulled.
        db.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;")
        before = migrate(db, path)
        _begin_log_anew(db, path)
        remember_set_aside(db, path)
    except BaseException:
        db.close()
        raise
    return db, before


def _begin_log_anew(db: sqlite3.Connection, path: Path) -> None:
    """With each run, so that what one cut commit left there never adds up with what the next one leaves."""
    try:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.OperationalError as error:
        # On a full disk the ledger can still be read, and receipts sent.
        log.warning("ledger %s goes on with its old log: %s", path, error)
