"""CORE. Where money moves: pay, decline, capture, cancel, refund, and what lapses by itself."""

from __future__ import annotations

from dataclasses import replace

from simulator.stripe.model.book import Book
from simulator.stripe.model.errors import Json, Refusal, unexpected_state
from simulator.stripe.model.money import amount_text, check_chargeable
from simulator.stripe.model.objects import Charge, CheckoutSession, PaymentIntent, Refund
from simulator.stripe.model.params import merge_metadata

RESERVATION_S = 7 * 24 * 3600
"""How long a card reservation lasts: Stripe's default for online card payments."""


def pay(book: Book, session_id: str, now_s: int) -> PaymentIntent:
    """The payer's card says yes: the session completes, and its money is reserved or taken.

    Paying a complete session again changes nothing. Raises Refusal for an expired one.
    """
    session = book.get(CheckoutSession, session_id, param="session")
    if session.status == "complete":
        return book.intents[session.payment_intent or ""]
    intent = _begin(book, session, now_s)
    if intent.capture_method == "manual":
        return _reserve(book, session, intent, now_s)
    return _take(book, session, intent, now_s)


def decline(book: Book, session_id: str, now_s: int) -> PaymentIntent:
    """The payer's card says no: the session stays open for another try.

    Raises Refusal when the session is no longer open.
    """
    session = book.get(CheckoutSession, session_id, param="session")
    intent = _begin(book, session, now_s)
    code, message = "card_declined", "Your card was declined."
    charge = replace(
        _new_charge(book, intent, now_s),
        status="failed",
        failure_code=code,
        failure_message=message,
    )
    error = {"type": "card_error", "code": code, "message": message, "charge": charge.id}
    intent = replace(intent, latest_charge=charge.id, last_payment_error=error)
    book.save(replace(session, payment_intent=intent.id), now_s)
    _save_charge(book, charge, "charge.failed", now_s)
    return _save_intent(book, intent, "payment_intent.payment_failed", now_s)


def _begin(book: Book, session: CheckoutSession, now_s: int) -> PaymentIntent:
    if session.status != "open":
        raise Refusal(f"This Checkout Session is {session.status}: it can no longer be paid.")
    if session.payment_intent is not None:
        return book.intents[session.payment_intent]
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
    )
    return _save_intent(book, intent, "payment_intent.created", now_s)


def _reserve(book: Book, session: CheckoutSession, intent: PaymentIntent, now_s: int) -> PaymentIntent:
    charge = replace(_new_charge(book, intent, now_s), capture_before=now_s + RESERVATION_S)
    _save_charge(book, charge, "charge.succeeded", now_s)
    intent = replace(
        _approved(book, intent, charge), status="requires_capture", amount_capturable=intent.amount
    )
    book.remind(now_s + RESERVATION_S, intent.id)
    _save_intent(book, intent, "payment_intent.amount_capturable_updated", now_s)
    _complete(book, replace(session, payment_intent=intent.id), now_s)
    return intent


def _take(book: Book, session: CheckoutSession, intent: PaymentIntent, now_s: int) -> PaymentIntent:
    charge = replace(_new_charge(book, intent, now_s), captured=True, amount_captured=intent.amount)
    _save_charge(book, charge, "charge.succeeded", now_s)
    intent = replace(_approved(book, intent, charge), status="succeeded", amount_received=intent.amount)
    _save_intent(book, intent, "payment_intent.succeeded", now_s)
    _complete(book, replace(session, payment_intent=intent.id, payment_status="paid"), now_s)
    return intent


def _approved(book: Book, intent: PaymentIntent, charge: Charge) -> PaymentIntent:
    method = book.new_id("pm")
    return replace(intent, latest_charge=charge.id, payment_method=method, last_payment_error=None)


def _complete(book: Book, session: CheckoutSession, now_s: int) -> None:
    done = book.save(replace(session, status="complete"), now_s)
    book.record("checkout.session.completed", done.as_json(), now_s)


def capture(book: Book, intent_id: str, params: Json, now_s: int) -> PaymentIntent:
    """Take reserved money, once; what is not taken is released.

    Raises Refusal unless the status is `requires_capture` and the amount is within the reservation.
    """
    intent = book.get(PaymentIntent, intent_id, param="intent")
    if intent.status != "requires_capture":
        raise unexpected_state(intent.as_json(), "captured", "requires_capture")
    amount: int = params.get("amount_to_capture", intent.amount_capturable)
    _check_capture(intent, amount)
    charge = book.charges[intent.latest_charge or ""]
    charge = replace(charge, captured=True, amount_captured=amount)
    _save_charge(book, charge, "charge.captured", now_s)
    if amount < intent.amount:
        _give_back(book, charge, intent.amount - amount, {}, now_s)
    taken = replace(
        intent,
        status="succeeded",
        amount_capturable=0,
        amount_received=amount,
        metadata=merge_metadata(intent.metadata, params.get("metadata", {})),
    )
    return _save_intent(book, taken, "payment_intent.succeeded", now_s)


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
    if intent.status == "requires_payment_method":
        message = "This PaymentIntent belongs to a Checkout Session: expire the session instead."
        code = "payment_intent_unexpected_state"
        raise Refusal(message, code, extra={"payment_intent": intent.as_json()})
    if intent.status != "requires_capture":
        raise unexpected_state(intent.as_json(), "canceled", "requires_capture")
    return _release(book, intent, params.get("cancellation_reason"), now_s)


def _release(book: Book, intent: PaymentIntent, reason: str | None, now_s: int) -> PaymentIntent:
    charge = book.charges[intent.latest_charge or ""]
    if charge.status == "succeeded":
        _give_back(book, charge, charge.refundable, {}, now_s)
    gone = replace(
        intent,
        status="canceled",
        amount_capturable=0,
        canceled_at=now_s,
        cancellation_reason=reason,
    )
    return _save_intent(book, gone, "payment_intent.canceled", now_s)


def update(book: Book, intent_id: str, params: Json, now_s: int) -> PaymentIntent:
    """Change a PaymentIntent's metadata or description, in any status."""
    intent = book.get(PaymentIntent, intent_id, param="intent")
    merged = merge_metadata(intent.metadata, params.get("metadata", {}))
    description = params.get("description", intent.description)
    return book.save(replace(intent, metadata=merged, description=description), now_s)


def refund(book: Book, params: Json, now_s: int) -> Refund:
    """Give back captured money, in parts or the whole remainder.

    Raises Refusal when nothing was captured, nothing is left, or less is left than asked.
    """
    charge = _refundable_charge(book, params)
    amount: int = params.get("amount", charge.refundable)
    if charge.refundable == 0:
        raise Refusal(f"Charge {charge.id} has already been refunded.", "charge_already_refunded")
    if amount > charge.refundable:
        asked, left = (amount_text(each, charge.currency) for each in (amount, charge.refundable))
        message = f"Refund amount ({asked}) is greater than unrefunded amount on charge ({left})"
        raise Refusal(message, "amount_too_large", "amount")
    return _give_back(book, charge, amount, params, now_s)


def _refundable_charge(book: Book, params: Json) -> Charge:
    if ("charge" in params) == ("payment_intent" in params):
        raise Refusal("One of the following params should be provided: payment_intent or charge.")
    if "charge" in params:
        charge_id = params["charge"]
    else:
        intent = book.get(PaymentIntent, params["payment_intent"], param="payment_intent")
        charge_id = intent.latest_charge or ""
    charge = book.get(Charge, charge_id, param="charge")
    if charge.status == "failed":
        raise Refusal("This PaymentIntent does not have a successful charge to refund.")
    if not charge.captured and charge.refundable:
        message = f"Charge {charge.id} is not captured: cancel {charge.payment_intent} instead."
        raise Refusal(message, "charge_not_captured")
    return charge


def _give_back(book: Book, charge: Charge, amount: int, params: Json, now_s: int) -> Refund:
    """Stripe books a released reservation, or the released rest of one, as a refund too."""
    given = Refund(
        id=book.new_id("re"),
        created=now_s,
        amount=amount,
        currency=charge.currency,
        charge=charge.id,
        payment_intent=charge.payment_intent,
        metadata=merge_metadata({}, params.get("metadata", {})),
        reason=params.get("reason"),
    )
    book.save(given, now_s)
    left = replace(charge, amount_refunded=charge.amount_refunded + amount)
    _save_charge(book, left, "charge.refunded", now_s)
    book.record("refund.created", given.as_json(), now_s)
    return given


def expire(book: Book, session_id: str, now_s: int) -> CheckoutSession:
    """Close an open session for good; raises Refusal when it is not open."""
    session = book.get(CheckoutSession, session_id, param="session")
    if session.status != "open":
        message = f"This Checkout Session is {session.status}: only an open one can be expired."
        raise Refusal(message)
    if session.payment_intent is not None:
        _release(book, book.intents[session.payment_intent], None, now_s)
    closed = book.save(replace(session, status="expired"), now_s)
    book.record("checkout.session.expired", closed.as_json(), now_s)
    return closed


def lapse(book: Book, now_s: int) -> None:
    """Close the sessions whose time is over, and release the reservations whose time is."""
    for object_id in book.due(now_s):
        session, intent = book.sessions.get(object_id), book.intents.get(object_id)
        if session is not None and session.status == "open":
            expire(book, object_id, now_s)
        if intent is not None and intent.status == "requires_capture":
            _release(book, intent, "automatic", now_s)


def _new_charge(book: Book, intent: PaymentIntent, now_s: int) -> Charge:
    return Charge(
        id=book.new_id("ch"),
        created=now_s,
        amount=intent.amount,
        currency=intent.currency,
        payment_intent=intent.id,
        metadata=intent.metadata,
    )


def _save_charge(book: Book, charge: Charge, event_type: str, now_s: int) -> None:
    book.record(event_type, book.save(charge, now_s).as_json(), now_s)


def _save_intent(book: Book, intent: PaymentIntent, event_type: str, now_s: int) -> PaymentIntent:
    book.record(event_type, book.save(intent, now_s).as_json(), now_s)
    return intent


def money(book: Book, currency: str) -> dict[str, int]:
    """Where all the money of one currency now is, in minor units.

    `reserved` is on hold now, `charged` was captured, `released` was on hold and let go, `refunded` is
    the part of `charged` that was given back. The first three add up to all that was ever approved.
    """
    intents = [each for each in book.intents.values() if each.currency == currency]
    charges = [
        each for each in book.charges.values() if each.status == "succeeded" and each.currency == currency
    ]
    reserved = sum(each.amount_capturable for each in intents)
    charged = sum(each.amount_captured for each in charges)
    released = sum(each.amount for each in charges) - reserved - charged
    refunded = sum(each.amount_refunded for each in charges) - released
    return {"reserved": reserved, "charged": charged, "released": released, "refunded": refunded}
