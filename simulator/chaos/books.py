"""EDGE. Reads the books: Stripe's, the board's, the cabinet's ledger, and the fleet's."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import make_url

from cloud_relay.rules.selling.offers_setting import read_offers
from cloud_relay.stripe.payments import CONFLICT
from fleet.book import tables
from fleet.book.database.engine import open_book, reading
from simulator.board.board_server import BoardServer
from simulator.chain.cabinet import OFFERS
from simulator.chain.chain import Chain
from simulator.chain.fleet import RunningFleet
from simulator.chaos.rules.evidence import Ended, Journal, Payment, Pulse, Span
from simulator.stripe.model.book import Book
from simulator.stripe.model.objects.table import PaymentIntent

_SETTLED = ("payment_intent.succeeded", "payment_intent.canceled")


def ledger_file(chain: Chain) -> Path:
    """Where the cabinet keeps its ledger."""
    return chain.folder / "state" / "ledger.sqlite"


def stripe_payments(chain: Chain) -> tuple[Payment, ...]:
    """Every payment that was ever approved, oldest first."""
    return chain.stripe.keeper.turn(lambda book, _now_s: _payments(book))


def wire_pulses(board: BoardServer) -> tuple[Span, ...]:
    """Every pulse that has come and gone on the coin line and reached the board, in seconds since boot."""
    edges = board.coin_edges_at_board
    return tuple((rise.at_s, fall.at_s) for rise, fall in pairwise(edges) if rise.level == 1)


def ledger_pulses(ledger: Path) -> tuple[Pulse, ...]:
    """Every pulse that the ledger intended, and what became of it."""
    rows = _read(ledger, "SELECT payment_id, state, rose_s, fell_s FROM pulses ORDER BY rowid")
    return tuple(Pulse(*row) for row in rows)


def unfinished(ledger: Path) -> frozenset[str]:
    """The payments whose train has not ended, or whose receipt the relay has not answered."""
    rows = _read(ledger, "SELECT id FROM payments WHERE outcome IS NULL OR (has_receipt AND answer IS NULL)")
    return frozenset(payment_id for (payment_id,) in rows)


def journal_of(ledger: Path, fleet: RunningFleet) -> Journal:
    """How every payment that has ended did so, by the ledger and by the fleet's book; and their entries."""
    engine = open_book(make_url(fleet.database))
    with reading(engine) as connection:
        sales, entries = tables.sales.c, tables.entries.c
        ended = connection.execute(
            select(sales.payment_id, sales.outcome, sales.credits_delivered, sales.charged).where(
                sales.outcome.is_not(None)
            )
        ).all()
        sums = tuple(connection.execute(select(entries.sum).order_by(entries.seq)).scalars())
    engine.dispose()
    by_ledger = _read(
        ledger,
        "SELECT id, outcome, credits_delivered, charged FROM payments WHERE outcome IS NOT NULL",
    )
    return Journal(
        {row[0]: Ended(*row[1:]) for row in by_ledger},
        {row[0]: Ended(*row[1:]) for row in ended},
        tuple(row[0] for row in _read(ledger, "SELECT sum FROM journal ORDER BY seq")),
        sums,
    )


def _read(ledger: Path, sql: str) -> list[Any]:
    with closing(sqlite3.connect(f"{ledger.as_uri()}?mode=ro", uri=True)) as db:
        return db.execute(sql).fetchall()


def _payments(book: Book) -> tuple[Payment, ...]:
    settled_s = {
        event.object["id"]: event.created for event in book.events.values() if event.type in _SETTLED
    }
    return tuple(
        _payment(book, intent, settled_s.get(intent.id))
        for intent in book.intents.values()
        if intent.status in ("requires_capture", "succeeded", "canceled")
    )


def _payment(book: Book, intent: PaymentIntent, settled_s: int | None) -> Payment:
    charge = book.charges[intent.latest_charge or ""]
    return Payment(
        id=intent.id,
        credits=_credits_for(intent.amount),
        amount=intent.amount,
        currency=intent.currency,
        created_s=charge.created,
        settled_s=settled_s,
        captured=charge.amount_captured,
        conflict=CONFLICT in intent.metadata,
    )


def _credits_for(amount: int) -> int:
    """By the price list: what the relay noted in the payment is not asked."""
    return next(offer.credits for offer in read_offers(json.dumps(OFFERS)).default if offer.amount == amount)
