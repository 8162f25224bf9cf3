"""CORE. What becomes of a reservation: captured, canceled, or lapsed; and of a session that nobody pays."""

from __future__ import annotations

from dataclasses import replace

from simulator.stripe.model.book import Book
from simulator.stripe.model.descriptors import calculated, check_suffix
from simulator.stripe.model.errors import Json, Refusal, unexpected_state
from simulator.stripe.model.money import check_chargeable
from simulator.stripe.model.objects.table import Charge, CheckoutSession, PaymentIntent
from simulator.stripe.model.params import merge_metadata
from simulator.stripe.model.till import save_charge, save_intent, taken

CANCELABLE = "requires_payment_method, requires_capture, requires_confirmation, requires_action, processing"


def capture(book: Book, intent_id: str, params: Json, now_s: int) -> PaymentIntent:
    """Take reserved money, once; what is not taken is released, and makes no refund.

    Raises Refusal unless the status is `requires_capture` and the amount is within the reservation.
    """
    intent = book.get(PaymentIntent, intent_id, param="intent")
    if intent.status != "requires_capture":
        raise unexpected_state(intent.as_json(), "captured", "requires_capture")
    amount: int = params.get("amount_to_capture", intent.amount_capturable)
    _check_capture(intent, amount)
    suffix = params.get("statement_descriptor_suffix", intent.statement_descriptor_suffix)
    check_suffix(book.account, suffix)
    charge = taken(book, book.charges[intent.latest_charge or ""], amount, now_s)
    charge = replace(
        charge,
        statement_descriptor_suffix=suffix,
        calculated_statement_descriptor=calculated(book.account, suffix),
    )
    _captured(book, charge, now_s)
    done = replace(
        intent,
        status="succeeded",
        amount_capturable=0,
        amount_received=amount,
        metadata=merge_metadata(intent.metadata, params.get("metadata", {})),
        statement_descriptor_suffix=suffix,
    )
    return save_intent(book, done, "payment_intent.succeeded", now_s)


def _captured(book: Book, charge: Charge, now_s: int) -> None:
    save_charge(book, charge, "charge.captured", now_s)
    if charge.released:
        save_charge(book, charge, "charge.refunded", now_s, only_older=True)


def _check_capture(intent: PaymentIntent, amount: int) -> None:
    if amount > intent.amount_capturable:
        message = (
            "The payment could not be captured because the requested capture amount is greater "
            "than the amount you can capture for this charge."
        )
        raise Refusal(message, "amount_too_large", "amount_to_capture")
    check_chargeable(amount, intent.currency, "amount_to_capture")


def cancel(book: Book, intent_id: str, params: Json, now_s: int) -> PaymentIntent:
    """Release reserved money. Before a payment, only expiring its session can end it, as at Stripe.

    Raises Refusal in any status but `requires_capture`.
    """
    intent = book.get(PaymentIntent, intent_id, param="intent")
    if intent.status in ("requires_payment_method", "processing"):
        message = "This PaymentIntent belongs to a Checkout Session: expire the session instead."
        code = "payment_intent_unexpected_state"
        raise Refusal(message, code, extra={"payment_intent": intent.as_json()})
    if intent.status != "requires_capture":
        raise unexpected_state(intent.as_json(), "canceled", CANCELABLE)
    return _release(book, intent, params.get("cancellation_reason"), now_s)


def _release(book: Book, intent: PaymentIntent, reason: str | None, now_s: int) -> PaymentIntent:
    charge = book.charges.get(intent.latest_charge or "")
    if charge is not None and charge.status == "succeeded":
        let_go = replace(charge, released=charge.amount)
        if reason == "expired":
            save_charge(book, let_go, "charge.expired", now_s)
        save_charge(book, let_go, "charge.refunded", now_s, only_older=True)
    gone = replace(
        intent,
        status="canceled",
        amount_capturable=0,
        canceled_at=now_s,
        cancellation_reason=reason,
    )
    return save_intent(book, gone, "payment_intent.canceled", now_s)


def update(book: Book, intent_id: str, params: Json, now_s: int) -> PaymentIntent:
    """Change a PaymentIntent's metadata, description or suffix, in any status."""
    intent = book.get(PaymentIntent, intent_id, param="intent")
    merged = merge_metadata(intent.metadata, params.get("metadata", {}))
    suffix = params.get("statement_descriptor_suffix", intent.statement_descriptor_suffix)
    check_suffix(book.account, suffix)
    description = params.get("description", intent.description)
    changed = replace(intent, metadata=merged, description=description, statement_descriptor_suffix=suffix)
    return book.save(changed, now_s)


def expire(book: Book, session_id: str, now_s: int) -> CheckoutSession:
    """Close an open session for good; raises Refusal when it is not open."""
    session = book.get(CheckoutSession, session_id, param="session")
    if session.status != "open":
        message = (
            'Only Checkout Sessions with a status in ["open"] can be expired. '
            f"This Checkout Session has a status of {session.status}."
        )
        raise Refusal(message)
    if session.payment_intent is not None:
        _release(book, book.intents[session.payment_intent], None, now_s)
    closed = book.save(replace(session, status="expired"), now_s)
    book.record("checkout.session.expired", closed, now_s)
    return closed


def lapse(book: Book, now_s: int) -> None:
    """Close the sessions whose time is over, and release the reservations whose time is."""
    for object_id in book.due(now_s):
        session, intent = book.sessions.get(object_id), book.intents.get(object_id)
        if session is not None and session.status == "open":
            expire(book, object_id, now_s)
        if intent is not None and intent.status == "requires_capture":
            _release(book, intent, "expired", now_s)
