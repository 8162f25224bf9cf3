"""EDGE. The ledger: every payment once, every pulse, and the outbox of receipts, in one SQLite file."""

from __future__ import annotations

import fcntl
import json
import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from controller.effects import (
    ClosePayment,
    IntendPulse,
    MarkAmbiguous,
    Record,
    RecordAnswer,
    RecordPayment,
    RecordPulse,
    SaveOffer,
    SaveSession,
)
from controller.events import Started
from controller.offer import Offer, Price
from controller.payment import KnownPayment, Outcome, OwedReceipt, Payment, Receipt, Train
from controller.session import Session

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
)


class LedgerError(RuntimeError):
    """The ledger cannot be used; the message names the file and the remedy."""


class Ledger:
    """One SQLite file, owned by one process at a time.

    `wall_time` gives the time of day that people will read beside a payment.

    Raises:
        LedgerError: another controller has it, it is damaged, or it was written by a newer version.
    """

    def __init__(self, path: Path, wall_time: Callable[[], str]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._wall_time = wall_time
        self._lock = _lock(path.with_suffix(".lock"))
        self._db = sqlite3.connect(path, isolation_level=None)
        try:
            _set_up(self._db, path)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the file, and let go of it."""
        self._db.close()
        self._lock.close()

    def write(self, records: Iterable[Record]) -> None:
        """Write all of `records` in one commit, on disk when this returns; or raise, and write none."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            for record in records:
                self._WRITERS[type(record)](self, record)
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    def find(self, payment_id: str) -> KnownPayment | None:
        """What is known of a payment; None if it never came."""
        row = self._db.execute(
            "SELECT id, outcome, credits_delivered, credits FROM payments WHERE id = ?",
            (payment_id,),
        ).fetchone()
        if row is None:
            return None
        return KnownPayment(None if row[1] is None else _receipt(row))

    def read_start(self) -> Started:
        """What the last run of the process left behind."""
        return Started(
            unfinished=tuple(self._unfinished()),
            owed=tuple(self._owed()),
            session=self._remembered("session", lambda value: Session(**value)),
            offer=self._remembered("offer", _offer),
        )

    def _unfinished(self) -> Iterable[Train]:
        rows = self._db.execute(
            """
            SELECT id, credits, amount, currency, has_receipt, pulses, deadline_s, boot_id,
              count(number), count(*) FILTER (WHERE state = 'fired'),
              count(*) FILTER (WHERE state = 'ambiguous')
            FROM payments LEFT JOIN pulses ON payment_id = id
            WHERE outcome IS NULL GROUP BY id ORDER BY count(number) DESC, payments.rowid
            """
        )
        for row in rows:
            payment_id, credits, amount, currency, has_receipt, *train = row
            payment = Payment(payment_id, credits, amount, currency, bool(has_receipt))
            yield Train(payment, *train)

    def _owed(self) -> Iterable[OwedReceipt]:
        rows = self._db.execute(
            """
            SELECT id, outcome, credits_delivered, credits FROM payments
            WHERE outcome IS NOT NULL AND has_receipt AND answer IS NULL ORDER BY rowid
            """
        )
        return [OwedReceipt(_receipt(row), next_try_s=0.0) for row in rows]

    def _remembered(self, key: str, build: Callable[[Any], Any]) -> Any:
        row = self._db.execute("SELECT value FROM memory WHERE key = ?", (key,)).fetchone()
        value = json.loads(row[0]) if row else None
        return None if value is None else build(value)

    def _remember(self, key: str, value: dict[str, Any] | None) -> None:
        self._db.execute("REPLACE INTO memory VALUES (?, ?)", (key, json.dumps(value)))

    def _record_payment(self, record: RecordPayment) -> None:
        train, payment = record.train, record.train.payment
        self._db.execute(
            """
            INSERT INTO payments
              (id, credits, amount, currency, has_receipt, pulses, deadline_s, boot_id, received_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            (
                payment.id,
                payment.credits,
                payment.amount,
                payment.currency,
                payment.has_receipt,
                train.pulses,
                train.deadline_s,
                train.boot_id,
                self._wall_time(),
            ),
        )

    def _intend_pulse(self, record: IntendPulse) -> None:
        self._db.execute(
            "INSERT INTO pulses (payment_id, number, state) VALUES (?, ?, 'intended')",
            (record.payment_id, record.number),
        )

    def _record_pulse(self, record: RecordPulse) -> None:
        self._end_pulse(record.payment_id, record.number, "fired", record.rose_s, record.fell_s)

    def _mark_ambiguous(self, record: MarkAmbiguous) -> None:
        self._end_pulse(record.payment_id, record.number, "ambiguous", None, None)

    def _end_pulse(
        self, payment_id: str, number: int, state: str, rose_s: float | None, fell_s: float | None
    ) -> None:
        ended = self._db.execute(
            """
            UPDATE pulses SET state = ?, rose_s = ?, fell_s = ?
            WHERE payment_id = ? AND number = ? AND state = 'intended'
            """,
            (state, rose_s, fell_s, payment_id, number),
        )
        if ended.rowcount != 1:
            raise LedgerError(f"pulse {number} of {payment_id} was never intended")

    def _close_payment(self, record: ClosePayment) -> None:
        closed = self._db.execute(
            """
            UPDATE payments SET outcome = ?, credits_delivered = ?, reason = ?
            WHERE id = ? AND outcome IS NULL
            """,
            (record.outcome, record.credits_delivered, record.reason, record.payment_id),
        )
        if closed.rowcount != 1:
            raise LedgerError(f"payment {record.payment_id} is not open")

    def _record_answer(self, record: RecordAnswer) -> None:
        answered = self._db.execute(
            "UPDATE payments SET answer = ? WHERE id = ? AND outcome IS NOT NULL",
            (record.answer, record.payment_id),
        )
        if answered.rowcount != 1:
            raise LedgerError(f"payment {record.payment_id} has not ended")

    def _save_session(self, record: SaveSession) -> None:
        self._remember("session", asdict(record.session) if record.session else None)

    def _save_offer(self, record: SaveOffer) -> None:
        self._remember("offer", asdict(record.offer))

    _WRITERS: dict[type[Record], Callable[[Ledger, Any], None]] = {  # noqa: RUF012 - never changed
        RecordPayment: _record_payment,
        IntendPulse: _intend_pulse,
        RecordPulse: _record_pulse,
        MarkAmbiguous: _mark_ambiguous,
        ClosePayment: _close_payment,
        RecordAnswer: _record_answer,
        SaveSession: _save_session,
        SaveOffer: _save_offer,
    }


def _receipt(row: tuple[str, str, int, int]) -> Receipt:
    payment_id, outcome, delivered, paid = row
    return Receipt(payment_id, Outcome(outcome), delivered, paid)


def _offer(value: dict[str, Any]) -> Offer:
    return Offer(value["address"], tuple(Price(**price) for price in value["prices"]))


def _lock(path: Path) -> Any:
    file = path.open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        raise LedgerError(f"{path}: another controller is running: stop it first") from error
    return file


def _set_up(db: sqlite3.Connection, path: Path) -> None:
    try:
        # FULL: with WAL, anything less may lose a commit when the plug is pulled.
        db.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;")
        _migrate(db, path)
    except sqlite3.DatabaseError as error:
        raise LedgerError(f"{path}: cannot be read as a ledger: {error}: move it away") from error


def _migrate(db: sqlite3.Connection, path: Path) -> None:
    version = db.execute("PRAGMA user_version").fetchone()[0]
    if version > len(MIGRATIONS):
        raise LedgerError(
            f"{path}: written by a newer version (schema {version}, this one knows "
            f"{len(MIGRATIONS)}): install that version again"
        )
    for number, script in enumerate(MIGRATIONS[version:], start=version + 1):
        db.executescript(f"BEGIN; {script}; PRAGMA user_version = {number}; COMMIT;")
