"""CORE. A payer's bank speaks: disputes, how they end, and early fraud warnings."""

from __future__ import annotations

from dataclasses import replace

from simulator.stripe.model.book import Book
from simulator.stripe.model.errors import Refusal
from simulator.stripe.model.movements import reinstated, withdrawn
from simulator.stripe.model.objects.table import Charge, Dispute, EarlyFraudWarning, PaymentIntent
from simulator.stripe.model.objects.trouble import DisputeStatus

ANSWER_WITHIN_S = 7 * 24 * 3600


def dispute(
    book: Book, intent_id: str, now_s: int, reason: str = "fraudulent", *, inquiry: bool = False
) -> Dispute:
    """Have the payer's bank take the money of a captured payment back, or only ask about it."""
    charge = _captured_charge(book, intent_id)
    made = Dispute(
        id=book.new_id("du"),
        created=now_s,
        amount=charge.amount_captured,
        currency=charge.currency,
        charge=charge.id,
        payment_intent=intent_id,
        reason=reason,
        status="warning_needs_response" if inquiry else "needs_response",
        due_by=now_s + ANSWER_WITHIN_S,
    )
    if not inquiry:
        made = _with_movement(book, made, withdrawn(book, made, now_s))
    book.save(made, now_s)
    book.save(replace(charge, disputed=True), now_s)
    book.record("charge.dispute.created", made, now_s)
    if not inquiry:
        book.record("charge.dispute.funds_withdrawn", made, now_s)
    return made


def close_dispute(book: Book, dispute_id: str, status: DisputeStatus, now_s: int) -> Dispute:
    """End a dispute as `won` or `lost`, or an inquiry as `warning_closed`."""
    made = book.get(Dispute, dispute_id, param="dispute")
    if not made.is_open:
        raise Refusal("This dispute is already closed")
    if status == "won":
        made = _with_movement(book, made, reinstated(book, made, now_s))
    ended = book.save(replace(made, status=status), now_s)
    book.record("charge.dispute.closed", ended, now_s)
    if status == "won":
        book.record("charge.dispute.funds_reinstated", ended, now_s)
    return ended


def _with_movement(book: Book, made: Dispute, movement_id: str) -> Dispute:
    return replace(made, movements=(*made.movements, book.movements[movement_id]))


def warn(book: Book, intent_id: str, now_s: int, fraud_type: str) -> EarlyFraudWarning:
    """Have the card network warn that a payment may be fraud."""
    charge = _captured_charge(book, intent_id)
    open_to_us = not charge.disputed and charge.refundable == charge.amount_captured
    warning = EarlyFraudWarning(
        book.new_id("issfr"), now_s, charge.id, intent_id, fraud_type, actionable=open_to_us
    )
    book.save(warning, now_s)
    book.record("radar.early_fraud_warning.created", warning, now_s)
    return warning


def _captured_charge(book: Book, intent_id: str) -> Charge:
    intent = book.get(PaymentIntent, intent_id, param="intent")
    charge = book.charges[intent.latest_charge or ""]
    if not charge.captured:
        raise Refusal(f"No bank disputes {intent_id}: nothing was charged.")
    return charge
