"""EDGE. The ledger, read beside the running daemon: without its lock, and without changing a byte of it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from controller.ledger.file import DAMAGED, MIGRATIONS, LedgerError, check_version, migrate
from controller.ledger.set_aside import beside, read_faults
from controller.model.ledger_row import LedgerRow


@dataclass(frozen=True)
class LedgerPicture:
    """The payments in the order they came, the cash coins of each day, and the faults that nobody cleared."""

    rows: tuple[LedgerRow, ...]
    coins: dict[date, int]
    faults: tuple[str, ...]


def read_ledger(path: Path) -> LedgerPicture:
    """All that the ledger says; times of day in the local time zone.

    Raises:
        LedgerError: there is none, this user may not read it, it is damaged, or a newer version wrote it.
    """
    try:
        while True:
            address = _address(path)
            picture = _read(path, address)
            if address == _address(path):
                return picture
    except OSError as error:
        raise LedgerError(f"{path}: {error.strerror}: {_remedy(error)}") from error
    except sqlite3.Error as error:
        raise LedgerError(f"{path}: cannot be read: {error}: {_HINT}") from error


def read_latest(path: Path, count: int) -> tuple[LedgerRow, ...]:
    """The newest payments, the newest first; times of day in the local time zone.

    Raises:
        LedgerError: there is no ledger, or it cannot be read now.
    """
    try:
        with closing(sqlite3.connect(_address(path), uri=True, isolation_level=None)) as db:
            newest = "(SELECT rowid AS nth, * FROM payments ORDER BY rowid DESC LIMIT ?)"
            rows = db.execute(f"{_ROWS.format(payments=newest)} GROUP BY nth ORDER BY nth DESC", (count,))
            return tuple(map(_row, rows))
    except (OSError, sqlite3.Error) as error:
        raise LedgerError(f"{path}: cannot be read: {error}") from error


def find_damage_beside(path: Path) -> str | None:
    """What SQLite finds wrong with the file, in words; None for a whole one.

    Raises:
        LedgerError: it cannot be read, or a newer version wrote it.
    """
    try:
        with closing(sqlite3.connect(_address(path), uri=True, isolation_level=None)) as db:
            check_version(db, path)
            found: str = db.execute("PRAGMA integrity_check(1)").fetchone()[0]
    except OSError as error:
        raise LedgerError(f"{path}: {error.strerror}: {_remedy(error)}") from error
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF not in DAMAGED:
            raise LedgerError(f"{path}: cannot be read: {error}: {_HINT}") from error
        return str(error)
    return None if found == "ok" else " ".join(found.split())


_ROWS = """
    SELECT id, received_at, credits, amount, currency, has_receipt, test, pulses, count(number),
      count(*) FILTER (WHERE state IN ('fired', 'confirmed')),
      count(*) FILTER (WHERE state = 'ambiguous'), count(*) FILTER (WHERE state = 'uncounted'),
      outcome, coalesce(credits_delivered, 0), reason, answer, charged
    FROM {payments} LEFT JOIN pulses ON payment_id = id
    """
_HINT = "read it as the user that the controller runs as, or as root"


def _remedy(error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return "the controller makes it when it first starts; is this its state_dir?"
    return _HINT


def _address(path: Path) -> str:
    """How SQLite is to open the file.

    A log beside it holds the newest commits, and is shared with the daemon. Without one the file is whole,
    and read as it is: SQLite would make a log of its own, which a read-only card or a foreign folder does not
    allow. A daemon that starts meanwhile makes its log, by which the reader sees that it must read again.
    """
    path.stat()
    how = "mode=ro" if beside(path, "-wal").exists() else "immutable=1"
    return f"{path.absolute().as_uri()}?{how}"


def _read(path: Path, address: str) -> LedgerPicture:
    with closing(sqlite3.connect(address, uri=True, isolation_level=None)) as db:
        if check_version(db, path) < len(MIGRATIONS):
            with closing(_brought_up_to_date(db, path)) as copy:
                return _picture(copy)
        return _picture(db)


def _brought_up_to_date(db: sqlite3.Connection, path: Path) -> sqlite3.Connection:
    """A copy in memory of what an older version wrote, which only its daemon may change."""
    copy = sqlite3.connect(":memory:", isolation_level=None)
    db.backup(copy)
    migrate(copy, path)
    return copy


def _picture(db: sqlite3.Connection) -> LedgerPicture:
    db.execute("BEGIN")  # one moment for all that is read
    grouped = "GROUP BY payments.rowid ORDER BY payments.rowid"
    rows = db.execute(f"{_ROWS.format(payments='payments')} {grouped}")
    coins = db.execute("SELECT date(counted_at, 'localtime'), count(*) FROM coins GROUP BY 1 ORDER BY 1")
    by_day = {date.fromisoformat(day): count for day, count in coins}
    return LedgerPicture(tuple(map(_row, rows)), by_day, read_faults(db))


def _row(columns: tuple[Any, ...]) -> LedgerRow:
    payment_id, received_at, credits, amount, currency, has_receipt, test, *others = columns
    local = datetime.fromisoformat(received_at).astimezone()
    return LedgerRow(payment_id, local, credits, amount, currency, bool(has_receipt), bool(test), *others)
