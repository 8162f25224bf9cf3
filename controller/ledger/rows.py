"""EDGE. The rows of the ledger, read as what the rules know: trains, receipts, the session."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from controller.model.effects import Note
from controller.model.events import Started
from controller.model.offer import Offer, Price, PricePeriod
from controller.model.payment import KnownPayment, Outcome, OwedReceipt, Payment, Receipt, Train
from controller.model.session import GameOver, Session
from controller.model.trust import Unsettled

_GAME_OVERS = "SELECT session_id, game, credits, duration_s, ended_at FROM game_overs ORDER BY rowid"


def find(db: sqlite3.Connection, payment_id: str) -> KnownPayment | None:
    """What is known of a payment; None if it never came."""
    row = db.execute(
        "SELECT id, outcome, credits_delivered, credits, has_receipt FROM payments WHERE id = ?",
        (payment_id,),
    ).fetchone()
    if row is None:
        return None
    *receipt, has_receipt = row
    is_reported = receipt[1] is not None and has_receipt
    return KnownPayment(_receipt(receipt) if is_reported else None)


def read_notes(db: sqlite3.Connection) -> tuple[Note, ...]:
    """The lines of the log that tell of the last commit."""
    return _remembered(db, "notes", lambda value: tuple(Note(*each) for each in value)) or ()


def read_start(db: sqlite3.Connection) -> Started:
    """What the last run of the process left behind."""
    return Started(
        unfinished=tuple(_unfinished(db)),
        owed=tuple(_owed(db)),
        session=_remembered(db, "session", lambda value: Session(**value)),
        offer=_remembered(db, "offer", _offer),
        board=_remembered(db, "board", str),
        boot_id=_remembered(db, "boot_id", str),
        conflicts=_count_conflicts(db),
        coins=_count_coins(db),
        uncounted=_remembered(db, "uncounted", int) or 0,
        doubt_before_s=_remembered(db, "doubt_before_s", float),
        unsettled=_remembered(db, "unsettled", lambda value: Unsettled(**value)),
        game_overs=tuple(GameOver(*row) for row in db.execute(_GAME_OVERS)),
    )


def _unfinished(db: sqlite3.Connection) -> Iterable[Train]:
    rows = db.execute(
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


def _owed(db: sqlite3.Connection) -> Iterable[OwedReceipt]:
    rows = db.execute(
        """
        SELECT id, outcome, credits_delivered, credits FROM payments
        WHERE outcome IS NOT NULL AND has_receipt AND answer IS NULL ORDER BY rowid
        """
    )
    return [OwedReceipt(_receipt(row), next_try_s=0.0) for row in rows]


def _remembered(db: sqlite3.Connection, key: str, build: Callable[[Any], Any]) -> Any:
    row = db.execute("SELECT value FROM memory WHERE key = ?", (key,)).fetchone()
    value = json.loads(row[0]) if row else None
    return None if value is None else build(value)


def _count_conflicts(db: sqlite3.Connection) -> int:
    row = db.execute("SELECT count(*) FROM payments WHERE answer = 'conflict'").fetchone()
    return int(row[0])


def _count_coins(db: sqlite3.Connection) -> int:
    # The highest number, and not how many: old ones are pruned.
    row = db.execute("SELECT coalesce(max(number), 0) FROM coins").fetchone()
    return int(row[0])


def _receipt(row: Sequence[Any]) -> Receipt:
    payment_id, outcome, delivered, paid = row
    return Receipt(payment_id, Outcome(outcome), delivered, paid)


def _offer(value: dict[str, Any]) -> Offer:
    """An offer as it was remembered; controllers of before remembered no note, and no periods."""
    return Offer(
        value["address"],
        tuple(Price(**price) for price in value["prices"]),
        value.get("note", ""),
        _period(value.get("period")),
        _period(value.get("coming")),
    )


def _period(value: dict[str, Any] | None) -> PricePeriod | None:
    return None if value is None else PricePeriod(value["name"], value["at"])
