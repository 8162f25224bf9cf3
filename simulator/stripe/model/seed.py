"""CORE. A past for a new book: many payments at once, without the sessions and events that made them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from simulator.stripe.model.book import Book
from simulator.stripe.model.objects.intents import IntentStatus
from simulator.stripe.model.objects.table import PaymentIntent
from simulator.stripe.model.till import RESERVATION_S, new_charge, taken


def seed_payments(
    book: Book,
    count: int,
    *,
    first_s: int,
    last_s: int,
    metadata: Mapping[str, str],
    amount: int = 100,
    currency: str = "usd",
    status: IntentStatus = "succeeded",
) -> list[str]:
    """Write so many payments by reservation into the book, evenly spread; their ids, oldest first.

    `status` is what became of them: `succeeded` in full, `canceled`, or `requires_capture` still.
    """
    step_s = (last_s - first_s) / max(1, count - 1)
    times_s = [int(first_s + number * step_s) for number in range(count)]
    return [_one(book, at_s, amount, currency, dict(metadata), status) for at_s in times_s]


def _one(
    book: Book, at_s: int, amount: int, currency: str, metadata: dict[str, str], status: IntentStatus
) -> str:
    intent = PaymentIntent(book.new_id("pi"), at_s, amount, currency, "manual", metadata, status=status)
    charge = replace(new_charge(book, intent, at_s), capture_before=at_s + RESERVATION_S)
    intent = replace(intent, latest_charge=charge.id, payment_method=charge.payment_method)
    if status == "succeeded":
        intent, charge = replace(intent, amount_received=amount), taken(book, charge, amount, at_s)
    if status == "canceled":
        intent, charge = replace(intent, canceled_at=at_s), replace(charge, released=amount)
    if status == "requires_capture":
        intent = replace(intent, amount_capturable=amount)
        book.remind(at_s + RESERVATION_S, intent.id)
    book.save(charge, at_s)
    return book.save(intent, at_s).id
