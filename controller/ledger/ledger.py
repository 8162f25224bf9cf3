"""EDGE. The ledger: every payment once, every pulse, and the outbox of receipts, in one SQLite file."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from controller.ledger.file import LedgerError, lock, open_file
from controller.ledger.pruning import prune
from controller.ledger.set_aside import clear_faults, read_faults
from controller.model.effects import (
    ClearLedgerFaults,
    ClosePayment,
    ForgetGameOver,
    IntendPulse,
    MarkAmbiguous,
    Record,
    RecordAnswer,
    RecordCoin,
    RecordGameOver,
    RecordPayment,
    RecordPulse,
    RememberUncounted,
    RememberUse,
    RenewDeadline,
    SaveOffer,
    SaveSession,
    WithdrawPulses,
)
from controller.model.events import Started
from controller.model.offer import Offer, Price
from controller.model.payment import (
    KnownPayment,
    Outcome,
    OwedReceipt,
    Payment,
    PulseFate,
    Receipt,
    Train,
)
from controller.model.session import GameOver, Session

__all__ = ["Ledger", "LedgerError"]

# A cabinet whose broker is away for weeks keeps so many ends of games for it; older ones are no news.
MOST_GAME_OVERS = 1000
_GAME_OVERS = "SELECT session_id, game, credits, duration_s, ended_at FROM game_overs ORDER BY rowid"


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
            self._db, self.set_aside = open_file(path, wall_time())
        except BaseException:
            self._lock.close()
            raise

    @property
    def identity(self) -> str:
        """What no other file is called while this one is there."""
        file = self._path.stat()
        return f"{file.st_dev}:{file.st_ino}"

    def close(self) -> None:
        """Close the file, and let go of it."""
        self._db.close()
        self._lock.close()

    def write(self, records: Iterable[Record]) -> None:
        """Write all of `records` in one commit, on disk when this returns; or raise, and write none."""
        with self._commit():
            for record in records:
                self._WRITERS[type(record)](self, record)

    def prune(self, older_than_days: int = 400) -> int:
        """Delete settled payments that are older than that; returns how many. Call it once a day."""
        with self._commit():
            return prune(self._db, older_than_days)

    def faults(self) -> tuple[str, ...]:
        """What happened to earlier ledgers and was not cleared yet, in words for the technician."""
        return read_faults(self._db)

    def find(self, payment_id: str) -> KnownPayment | None:
        """What is known of a payment; None if it never came."""
        row = self._db.execute(
            "SELECT id, outcome, credits_delivered, credits, has_receipt FROM payments WHERE id = ?",
            (payment_id,),
        ).fetchone()
        if row is None:
            return None
        *receipt, has_receipt = row
        is_reported = receipt[1] is not None and has_receipt
        return KnownPayment(_receipt(receipt) if is_reported else None)

    def read_start(self) -> Started:
        """What the last run of the process left behind."""
        return Started(
            unfinished=tuple(self._unfinished()),
            owed=tuple(self._owed()),
            session=self._remembered("session", lambda value: Session(**value)),
            offer=self._remembered("offer", _offer),
            board=self._remembered("board", str),
            boot_id=self._remembered("boot_id", str),
            conflicts=self._count_conflicts(),
            coins=self._count_coins(),
            uncounted=self._remembered("uncounted", int) or 0,
            doubt_before_s=self._remembered("doubt_before_s", float),
            game_overs=tuple(GameOver(*row) for row in self._db.execute(_GAME_OVERS)),
        )

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

    def _unfinished(self) -> Iterable[Train]:
        rows = self._db.execute(
            """
            SELECT id, credits, amount, currency, has_receipt, test, pulses, nullif(deadline_s, 0), boot_id,
              count(number), count(*) FILTER (WHERE state IN ('fired', 'confirmed')),
              count(*) FILTER (WHERE state = 'ambiguous'), count(*) FILTER (WHERE state = 'uncounted')
            FROM payments LEFT JOIN pulses ON payment_id = id
            WHERE outcome IS NULL GROUP BY id ORDER BY count(number) DESC, payments.rowid
            """
        )
        for row in rows:
            payment_id, credits, amount, currency, has_receipt, test, *train = row
            payment = Payment(payment_id, credits, amount, currency, bool(has_receipt), bool(test))
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

    def _count_conflicts(self) -> int:
        row = self._db.execute("SELECT count(*) FROM payments WHERE answer = 'conflict'").fetchone()
        return int(row[0])

    def _count_coins(self) -> int:
        # The highest number, and not how many: old ones are pruned.
        row = self._db.execute("SELECT coalesce(max(number), 0) FROM coins").fetchone()
        return int(row[0])

    def _remember(self, key: str, value: dict[str, Any] | str | float | None) -> None:
        self._db.execute("REPLACE INTO memory VALUES (?, ?)", (key, json.dumps(value)))

    def _record_payment(self, record: RecordPayment) -> None:
        train, payment = record.train, record.train.payment
        self._db.execute(
            """
            INSERT INTO payments
              (id, credits, amount, currency, has_receipt, test, pulses, deadline_s, boot_id, received_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            (
                payment.id,
                payment.credits,
                payment.amount,
                payment.currency,
                payment.has_receipt,
                payment.test,
                train.pulses,
                train.deadline_s or 0.0,  # not known: the relay is asked again
                train.boot_id,
                self._wall_time(),
            ),
        )

    def _intend_pulse(self, record: IntendPulse) -> None:
        self._db.execute(
            "INSERT INTO pulses (payment_id, number, state) VALUES (?, ?, 'intended')",
            (record.payment_id, record.number),
        )

    def _withdraw_pulses(self, record: WithdrawPulses) -> None:
        self._db.execute(
            "DELETE FROM pulses WHERE payment_id = ? AND number >= ? AND state = 'intended'",
            (record.payment_id, record.number),
        )

    def _record_pulse(self, record: RecordPulse) -> None:
        self._end_pulse(record.payment_id, record.number, record.fate, record.rose_s, record.fell_s)

    def _mark_ambiguous(self, record: MarkAmbiguous) -> None:
        self._end_pulse(record.payment_id, record.number, PulseFate.AMBIGUOUS, None, None)

    def _end_pulse(
        self, payment_id: str, number: int, fate: PulseFate, rose_s: float | None, fell_s: float | None
    ) -> None:
        self._change_one(
            """
            UPDATE pulses SET state = ?, rose_s = ?, fell_s = ?
            WHERE payment_id = ? AND number = ? AND state = 'intended'
            """,
            (fate, rose_s, fell_s, payment_id, number),
            otherwise=f"pulse {number} of {payment_id} was never intended",
        )

    def _close_payment(self, record: ClosePayment) -> None:
        self._change_one(
            """
            UPDATE payments SET outcome = ?, credits_delivered = ?, reason = ?, has_receipt = ?
            WHERE id = ? AND outcome IS NULL
            """,
            (
                record.outcome,
                record.credits_delivered,
                record.reason,
                record.receipt is not None,
                record.payment_id,
            ),
            otherwise=f"payment {record.payment_id} is not open",
        )

    def _record_answer(self, record: RecordAnswer) -> None:
        self._change_one(
            "UPDATE payments SET answer = ?, charged = ? WHERE id = ? AND outcome IS NOT NULL",
            (record.answer, record.charged, record.payment_id),
            otherwise=f"payment {record.payment_id} has not ended",
        )

    def _change_one(self, sql: str, values: tuple[Any, ...], *, otherwise: str) -> None:
        """Change exactly one row: a record that fits none is a mistake, and must not pass in silence."""
        if self._db.execute(sql, values).rowcount != 1:
            raise LedgerError(otherwise)

    def _record_coin(self, record: RecordCoin) -> None:
        self._db.execute("INSERT INTO coins VALUES (?, ?)", (record.number, self._wall_time()))

    def _remember_uncounted(self, record: RememberUncounted) -> None:
        self._remember("uncounted", record.in_a_row)

    def _clear_ledger_faults(self, _: ClearLedgerFaults) -> None:
        clear_faults(self._db)

    def _save_session(self, record: SaveSession) -> None:
        self._remember("session", asdict(record.session) if record.session else None)

    def _record_game_over(self, record: RecordGameOver) -> None:
        ended = record.game_over
        self._db.execute(
            "REPLACE INTO game_overs VALUES (?, ?, ?, ?, ?)",
            (ended.session_id, ended.game, ended.credits, ended.duration_s, self._wall_time()),
        )
        self._db.execute(
            "DELETE FROM game_overs WHERE rowid <= (SELECT max(rowid) FROM game_overs) - ?",
            (MOST_GAME_OVERS,),
        )

    def _forget_game_over(self, record: ForgetGameOver) -> None:
        self._db.execute(
            "DELETE FROM game_overs WHERE session_id = ? AND game = ?", (record.session_id, record.game)
        )

    def _save_offer(self, record: SaveOffer) -> None:
        self._remember("offer", asdict(record.offer))

    def _renew_deadline(self, record: RenewDeadline) -> None:
        self._change_one(
            "UPDATE payments SET deadline_s = ?, boot_id = ? WHERE id = ? AND outcome IS NULL",
            (record.deadline_s, record.boot_id, record.payment_id),
            otherwise=f"payment {record.payment_id} is not open",
        )

    def _remember_use(self, record: RememberUse) -> None:
        self._remember("board", record.board)
        self._remember("boot_id", record.boot_id)
        self._remember("doubt_before_s", record.doubt_before_s)

    _WRITERS: dict[type[Record], Callable[[Ledger, Any], None]] = {  # noqa: RUF012 - never changed
        RecordPayment: _record_payment,
        IntendPulse: _intend_pulse,
        WithdrawPulses: _withdraw_pulses,
        RecordPulse: _record_pulse,
        MarkAmbiguous: _mark_ambiguous,
        ClosePayment: _close_payment,
        RecordAnswer: _record_answer,
        RecordCoin: _record_coin,
        RememberUncounted: _remember_uncounted,
        ClearLedgerFaults: _clear_ledger_faults,
        SaveSession: _save_session,
        RecordGameOver: _record_game_over,
        ForgetGameOver: _forget_game_over,
        SaveOffer: _save_offer,
        RenewDeadline: _renew_deadline,
        RememberUse: _remember_use,
    }


def _receipt(row: Sequence[Any]) -> Receipt:
    payment_id, outcome, delivered, paid = row
    return Receipt(payment_id, Outcome(outcome), delivered, paid)


def _offer(value: dict[str, Any]) -> Offer:
    return Offer(value["address"], tuple(Price(**price) for price in value["prices"]))
