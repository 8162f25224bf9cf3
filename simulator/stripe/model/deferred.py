"""CORE. Methods whose money comes days later, or never: a debit from a bank account."""

from __future__ import annotations

from dataclasses import replace

from simulator.stripe.model.book import Book
from simulator.stripe.model.errors import Refusal
from simulator.stripe.model.objects.table import CheckoutSession, PaymentIntent
from simulator.stripe.model.payer import Payer
from simulator.stripe.model.till import approved, begin, complete, new_charge, save_charge, save_intent, taken


def pay_later(book: Book, session_id: str, method: str, now_s: int, payer: Payer) -> PaymentIntent:
    """The payer orders a debit: the session completes unpaid, and the bank takes its time.

    Raises Refusal where the session does not take that method.
    """
    session = book.get(CheckoutSession, session_id, param="session")
    if method not in session.methods:
        raise Refusal(f"This Checkout Session does not take {method}: it takes {', '.join(session.methods)}.")
    session, intent = begin(book, session, now_s, payer)
    charge = replace(new_charge(book, intent, now_s, method), status="pending")
    save_charge(book, charge, "charge.pending", now_s)
    intent = replace(approved(book, intent, charge), status="processing")
    save_intent(book, intent, "payment_intent.processing", now_s)
    complete(book, replace(session, payment_intent=intent.id), now_s)
    return intent


def money_came(book: Book, intent_id: str, now_s: int) -> PaymentIntent:
    """The bank has paid."""
    session, intent = _waiting(book, intent_id)
    charge = replace(book.charges[intent.latest_charge or ""], status="succeeded")
    save_charge(book, taken(book, charge, intent.amount, now_s), "charge.succeeded", now_s)
    paid = replace(intent, status="succeeded", amount_received=intent.amount)
    save_intent(book, paid, "payment_intent.succeeded", now_s)
    done = book.save(replace(session, payment_status="paid"), now_s)
    book.record("checkout.session.async_payment_succeeded", done, now_s)
    return paid


def money_never_came(book: Book, intent_id: str, now_s: int) -> PaymentIntent:
    """The bank has refused."""
    session, intent = _waiting(book, intent_id)
    code, message = "payment_method_provider_decline", "The customer's bank account has insufficient funds."
    charge = book.charges[intent.latest_charge or ""]
    charge = replace(charge, status="failed", failure_code=code, failure_message=message)
    save_charge(book, charge, "charge.failed", now_s)
    error = {"type": "card_error", "code": code, "message": message, "charge": charge.id}
    unpaid = replace(intent, status="requires_payment_method", last_payment_error=error)
    save_intent(book, replace(unpaid, payment_method=None), "payment_intent.payment_failed", now_s)
    book.record("checkout.session.async_payment_failed", session, now_s)
    return book.intents[intent_id]


def _waiting(book: Book, intent_id: str) -> tuple[CheckoutSession, PaymentIntent]:
    intent = book.get(PaymentIntent, intent_id, param="intent")
    if intent.status != "processing":
        raise Refusal(f"No bank is at work on {intent_id}: it has a status of {intent.status}.")
    session = next(each for each in book.sessions.values() if each.payment_intent == intent_id)
    return session, intent
