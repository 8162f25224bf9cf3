"""EDGE. Damaged ledgers: moved to a dated name, never deleted, and remembered as a fault."""

from __future__ import annotations

import itertools
import json
import os
import re
import sqlite3
from pathlib import Path

# The main file goes first. Killed after it, the rest is found without it and set aside next time; the other
# way round, a main file without its log would pass for a whole ledger that has forgotten its last payments.
_ENDINGS = ("", "-wal", "-shm", "-journal")
_MEMORY_KEY = "set_aside"


def beside(path: Path, ending: str) -> Path:
    """The file that SQLite keeps beside `path` with that ending."""
    return path.with_name(path.name + ending)


def set_aside(path: Path, now: str) -> Path:
    """Move the ledger `path` to a name of its own, made from the ISO time `now`; returns the new path."""
    new = _free_name(path, re.sub(r"[-:]|\.\d+", "", now))
    for ending in _ENDINGS:
        if beside(path, ending).exists():
            beside(path, ending).rename(beside(new, ending))
    _sync_folder(path.parent)
    return new


def remember_set_aside(db: sqlite3.Connection, path: Path) -> None:
    """Remember as a fault each set aside file that lies beside the ledger and is not known to it.

    Told by what lies there, and not by who moved it: the one who did may have been killed right after.
    """
    known = _remembered(db)
    names = {_main_name(file.name) for file in path.parent.glob(f"{path.name}.damaged-*")}
    if new := sorted(names - known.keys()):
        _remember(db, known | dict.fromkeys(new, False))


def read_faults(db: sqlite3.Connection) -> tuple[str, ...]:
    """What the technician has not cleared yet, in words."""
    kept = _remembered(db).items()
    return tuple(f"ledger damaged: kept as {name}, a new one begun" for name, cleared in kept if not cleared)


def clear_faults(db: sqlite3.Connection) -> None:
    """Count all faults as seen; the files stay where they are."""
    if known := _remembered(db):
        _remember(db, dict.fromkeys(known, True))


def _free_name(path: Path, stamp: str) -> Path:
    first = f"{path.name}.damaged-{stamp}"
    names = itertools.chain([first], (f"{first}-{number}" for number in itertools.count(2)))
    taken = {_main_name(file.name) for file in path.parent.iterdir()}
    return path.with_name(next(name for name in names if name not in taken))


def _main_name(name: str) -> str:
    return re.sub(r"-(wal|shm|journal)$", "", name)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _remembered(db: sqlite3.Connection) -> dict[str, bool]:
    row = db.execute("SELECT value FROM memory WHERE key = ?", (_MEMORY_KEY,)).fetchone()
    return json.loads(row[0]) if row else {}


def _remember(db: sqlite3.Connection, kept: dict[str, bool]) -> None:
    db.execute("REPLACE INTO memory VALUES (?, ?)", (_MEMORY_KEY, json.dumps(kept)))
