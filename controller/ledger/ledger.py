"""EDGE. The ledger: every payment once, every pulse, and the outbox of receipts, in one SQLite file."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from controller.ledger.entries import Journal
from controller.ledger.file import BUSY_MS, LedgerError, lock, open_file
from controller.ledger.pruning import prune
from controller.ledger.rows import find, read_notes, read_start
from controller.ledger.set_aside import read_faults
from controller.ledger.today import Today
from controller.ledger.writers import RecordWriter
from controller.model.effects import Note, Record
from controller.model.events import Started
from controller.model.journal import Entry
from controller.model.payment import KnownPayment

__all__ = ["Ledger", "LedgerError"]

# A disk that stays full is told of in so many entries at most.
MOST_UNWRITTEN = 100


class Ledger:
    """One SQLite file, owned by one process at a time.

    `wall_time` gives the time of day that people will read beside a payment. A damaged file is moved to
    `set_aside` (else None) and a new one begun, which remembers it as a fault.

    Raises:
        LedgerError: another controller has it, it cannot be opened, or it was written by a newer version.
    """

    def __init__(self, path: Path, wall_time: Callable[[], str]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._wall_time = wall_time
        self._lock = lock(path.with_suffix(".lock"))
        try:
            opened = open_file(path, wall_time())
        except BaseException:
            self._lock.close()
            raise
        self._db, self.set_aside, self.upgraded_from = opened.db, opened.aside, opened.upgraded_from
        self._writer = RecordWriter(self._db, wall_time)
        self.journal = Journal(self._db, wall_time)
        self.today = Today(self._db, wall_time)
        self._unwritten: tuple[Entry, ...] = ()
        self.newest_entry = self.journal.last()
        self._has_notes = bool(self.unsaid())

    @property
    def identity(self) -> str:
        """What no other file is called while this one is there."""
        file = self._path.stat()
        return f"{file.st_dev}:{file.st_ino}"

    def close(self) -> None:
        """Close the file, and let go of it."""
        self._db.close()
        self._lock.close()

    def write(
        self, records: Iterable[Record], notes: Sequence[Note] = (), entries: Iterable[Entry] = ()
    ) -> None:
        """Write all of `records` in one commit, on disk when this returns; or raise, and write none.

        `notes` are the lines of the log that tell of them: kept until the next commit, for whoever is killed
        before they are said. `entries` are what the journal tells of them.
        """
        records, told = tuple(records), (*self._unwritten, *entries)
        with self._commit():
            for record in records:
                self._writer.write(record)
            if notes or self._has_notes:
                self._writer.keep_notes(notes)
            self.journal.add(told)
            newest = self.journal.last()
        self._has_notes, self._unwritten, self.newest_entry = bool(notes), (), newest
        self.today.saw(records)

    def enter(self, entries: Sequence[Entry]) -> None:
        """Write entries of facts that need no record; what cannot be now is written with the next commit.

        Nobody waits for them: neither on a full disk nor for a program that holds the file.
        """
        self._db.execute("PRAGMA busy_timeout = 0")
        try:
            self.write((), (), entries)
        except sqlite3.OperationalError:
            self._unwritten = (*self._unwritten, *entries)[-MOST_UNWRITTEN:]
        finally:
            self._db.execute(f"PRAGMA busy_timeout = {BUSY_MS}")

    def unsaid(self) -> tuple[Note, ...]:
        """The lines of the last commit, which may not have been said."""
        return read_notes(self._db)

    def forget_notes(self) -> None:
        """All lines have been said."""
        if self._has_notes:
            self.write(())

    def prune(self, older_than_days: int = 400, seen: int = 0) -> int:
        """Delete settled payments that are older than that; returns how many. Call it once a day.

        The journal's entries up to number `seen`, which the fleet has, go with them.
        """
        with self._commit():
            pruned = prune(self._db, older_than_days)
            self.journal.prune(seen, pruned.before_day)
        return pruned.payments

    def take_new_identity(self) -> None:
        """Be another ledger to the fleet from now on: this file is an old image that was put back."""
        with self._commit():
            self.journal.take_new_identity()

    def faults(self) -> tuple[str, ...]:
        """What happened to earlier ledgers and was not cleared yet, in words for the technician."""
        return read_faults(self._db)

    def find(self, payment_id: str) -> KnownPayment | None:
        """What is known of a payment; None if it never came."""
        return find(self._db, payment_id)

    def read_start(self) -> Started:
        """What the last run of the process left behind."""
        return replace(read_start(self._db), told_faults=self.journal.told_faults())

    @contextmanager
    def _commit(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise
