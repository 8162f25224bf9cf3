"""EDGE. Each kind of record, as the statements that write it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from controller.ledger.file import LedgerError
from controller.ledger.set_aside import clear_faults
from controller.model.effects import (
    ClearLedgerFaults,
    ClosePayment,
    ForgetGameOver,
    IntendPulse,
    MarkAmbiguous,
    Note,
    Record,
    RecordAnswer,
    RecordCoin,
    RecordGameOver,
    RecordPayment,
    RecordPulse,
    RememberUncounted,
    RememberUnsettled,
    RememberUse,
    RenewDeadline,
    SaveOffer,
    SaveSession,
    WithdrawPulses,
)
from controller.model.payment import PulseFate

# A cabinet whose broker is away for weeks keeps so many ends of games for it; older ones are no news.
MOST_GAME_OVERS = 1000


class RecordWriter:
    """Writes records into an open transaction; `wall_time` gives the time of day that people will read."""

    def __init__(self, db: sqlite3.Connection, wall_time: Callable[[], str]) -> None:
        self._db = db
        self._wall_time = wall_time

    def write(self, record: Record) -> None:
        """Write one record.

        Raises:
            LedgerError: it fits no row; a mistake, which must not pass in silence.
        """
        self._WRITERS[type(record)](self, record)

    def keep_notes(self, notes: Sequence[Note]) -> None:
        """Write the lines of the log that tell of this commit, in the place of the last one's."""
        self._remember("notes", [[note.text, note.level] for note in notes])

    def _remember(self, key: str, value: dict[str, Any] | list[Any] | str | float | None) -> None:
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

    def _remember_unsettled(self, record: RememberUnsettled) -> None:
        self._remember("unsettled", asdict(record.unsettled) if record.unsettled else None)

    _WRITERS: dict[type[Record], Callable[[RecordWriter, Any], None]] = {  # noqa: RUF012 - never changed
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
        RememberUnsettled: _remember_unsettled,
    }
