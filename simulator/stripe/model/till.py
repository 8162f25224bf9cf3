"""CORE. Where money comes in: the payer's card says yes or no."""

from __future__ import annotations

from dataclasses import replace

from simulator.stripe.model.book import Book
from simulator.stripe.model.descriptors import calculated
from simulator.stripe.model.errors import Refusal
from simulator.stripe.model.money import check_chargeable
from simulator.stripe.model.movements import charged
from simulator.stripe.model.objects.table import Charge, CheckoutSession, PaymentIntent
from simulator.stripe.model.payer import Payer, as_paid

RESERVATION_S = 7 * 24 * 3600
"""How long a card reservation lasts: Stripe's default for online card payments."""


def pay(book: Book, session_id: str, now_s: int, payer: Payer | None = None) -> PaymentIntent:
    """The payer's card says yes: the session completes, and its money is reserved or taken.

    Paying a complete session again changes nothing. Raises Refusal for an expired one.
    """
    session = book.get(CheckoutSession, session_id, param="session")
    if session.status == "complete":
        return book.intents[session.payment_intent or ""]
    session, intent = begin(book, session, now_s, payer or Payer())
    if intent.capture_method == "manual":
        return _reserve(book, session, intent, now_s)
    return _take(book, session, intent, now_s)


def decline(book: Book, session_id: str, now_s: int) -> PaymentIntent:
    """The payer's card says no: the session stays open for another try.

    Raises Refusal when the session is no longer open.
    """
    session = book.get(CheckoutSession, session_id, param="session")
    session, intent = begin(book, session, now_s, Payer())
    code, message = "card_declined", "Your card was declined."
    charge = replace(
        new_charge(book, intent, now_s),
        status="failed",
        failure_code=code,
        failure_message=message,
    )
    error = {"type": "card_error", "code": code, "decline_code": "generic_decline"}
    error |= {"message": message, "charge": charge.id}
    intent = replace(intent, latest_charge=charge.id, last_payment_error=error)
    book.save(replace(session, payment_intent=intent.id), now_s)
    save_charge(book, charge, "charge.failed", now_s)
    return save_intent(book, intent, "payment_intent.payment_failed", now_s)


def begin(
    book: Book, session: CheckoutSession, now_s: int, payer: Payer
) -> tuple[CheckoutSession, PaymentIntent]:
    """A first or further attempt to pay an open session, as this payer does it."""
    if session.status != "open":
        raise Refusal(f"This Checkout Session is {session.status}: it can no longer be paid.")
    session = as_paid(session, payer)
    check_chargeable(session.amount_total, session.currency, "line_items")
    if session.payment_intent is not None:
        intent = book.intents[session.payment_intent]
        return session, replace(intent, amount=session.amount_total, currency=session.currency)
    data = session.intent_data
    intent = PaymentIntent(
        id=book.new_id("pi"),
        created=now_s,
        amount=session.amount_total,
        currency=session.currency,
        capture_method=data.capture_method,
        metadata=data.metadata,
        description=data.description,
        statement_descriptor_suffix=data.statement_descriptor_suffix,
        methods=session.methods,
        presented=session.presented,
    )
    return session, save_intent(book, intent, "payment_intent.created", now_s)


def _reserve(book: Book, session: CheckoutSession, intent: PaymentIntent, now_s: int) -> PaymentIntent:
    charge = replace(new_charge(book, intent, now_s), capture_before=now_s + RESERVATION_S)
    save_charge(book, charge, "charge.succeeded", now_s)
    intent = replace(approved(book, intent, charge), status="requires_capture")
    intent = replace(intent, amount_capturable=intent.amount)
    book.remind(now_s + RESERVATION_S, intent.id)
    save_intent(book, intent, "payment_intent.amount_capturable_updated", now_s)
    complete(book, replace(session, payment_intent=intent.id), now_s)
    return intent


def _take(book: Book, session: CheckoutSession, intent: PaymentIntent, now_s: int) -> PaymentIntent:
    charge = taken(book, new_charge(book, intent, now_s), intent.amount, now_s)
    save_charge(book, charge, "charge.succeeded", now_s)
    intent = replace(approved(book, intent, charge), status="succeeded", amount_received=intent.amount)
    save_intent(book, intent, "payment_intent.succeeded", now_s)
    complete(book, replace(session, payment_intent=intent.id, payment_status="paid"), now_s)
    return intent


def taken(book: Book, charge: Charge, amount: int, now_s: int) -> Charge:
    """The charge once so much of it was captured; the rest is released."""
    return replace(
        charge,
        captured=True,
        amount_captured=amount,
        released=charge.amount - amount,
        balance_transaction=charged(book, charge, amount, now_s),
    )


def approved(book: Book, intent: PaymentIntent, charge: Charge) -> PaymentIntent:
    """The PaymentIntent once its payment method said yes."""
    method = charge.payment_method or book.new_id("pm")
    return replace(intent, latest_charge=charge.id, payment_method=method, last_payment_error=None)


def complete(book: Book, session: CheckoutSession, now_s: int) -> None:
    """Close a session that the payer has finished."""
    done = book.save(replace(session, status="complete"), now_s)
    book.record("checkout.session.completed", done, now_s)


def new_charge(book: Book, intent: PaymentIntent, now_s: int, method: str = "card") -> Charge:
    """An attempt to charge a PaymentIntent."""
    return Charge(
        id=book.new_id("ch" if method == "card" else "py"),
        created=now_s,
        amount=intent.amount,
        currency=intent.currency,
        payment_intent=intent.id,
        metadata=intent.metadata,
        method=method,
        payment_method=book.new_id("pm"),
        description=intent.description,
        statement_descriptor_suffix=intent.statement_descriptor_suffix,
        calculated_statement_descriptor=calculated(book.account, intent.statement_descriptor_suffix),
        presented=intent.presented,
    )


def save_charge(book: Book, charge: Charge, event_type: str, now_s: int, *, only_older: bool = False) -> None:
    """Keep a charge's new state, and tell what happened to it."""
    book.record(event_type, book.save(charge, now_s), now_s, only_older=only_older)


def save_intent(book: Book, intent: PaymentIntent, event_type: str, now_s: int) -> PaymentIntent:
    """Keep a PaymentIntent's new state, and tell what happened to it."""
    book.record(event_type, book.save(intent, now_s), now_s)
    return intent


def money(book: Book, currency: str) -> dict[str, int]:
    """Where all the money of one currency now is, in minor units.

    `reserved` is on hold now, `charged` was captured, `released` was on hold and let go, `refunded` is
    the part of `charged` that was given back. The first three add up to all that was ever approved.
    """
    charges = [
        each for each in book.charges.values() if each.status == "succeeded" and each.currency == currency
    ]
    charged = sum(each.amount_captured for each in charges)
    released = sum(each.released for each in charges)
    reserved = sum(each.amount for each in charges) - charged - released
    refunded = sum(each.amount_refunded for each in charges)
    return {"reserved": reserved, "charged": charged, "released": released, "refunded": refunded}
