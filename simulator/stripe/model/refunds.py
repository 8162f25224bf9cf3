"""CORE. Captured money given back, at once or after a while, or not after all."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from simulator.stripe.model.book import Book
from simulator.stripe.model.errors import Json, Refusal
from simulator.stripe.model.money import amount_text, check_step
from simulator.stripe.model.movements import refund_failed, refunded
from simulator.stripe.model.objects.table import Charge, PaymentIntent, Refund
from simulator.stripe.model.params import merge_metadata
from simulator.stripe.model.till import save_charge


def refund(book: Book, params: Json, now_s: int) -> Refund:
    """Give back captured money, in parts or the whole remainder.

    Raises Refusal when nothing was captured, it is disputed, nothing is left, or less is left than asked.
    """
    charge = _refundable_charge(book, params)
    if charge.disputed and not _only_asked_about(book, charge):
        message = f"Charge {charge.id} has been charged back; cannot issue a refund."
        raise Refusal(message, "charge_disputed")
    if charge.refundable == 0:
        raise Refusal(f"Charge {charge.id} has already been refunded.", "charge_already_refunded")
    amount: int = params.get("amount", charge.refundable)
    check_step(amount, charge.currency, "amount")
    if amount > charge.refundable:
        asked, left = (amount_text(each, charge.currency) for each in (amount, charge.refundable))
        message = f"Refund amount ({asked}) is greater than unrefunded amount on charge ({left})"
        raise Refusal(message, "amount_too_large", "amount")
    return _give_back(book, charge, amount, params, now_s)


def _only_asked_about(book: Book, charge: Charge) -> bool:
    """Whether every dispute of a charge is an inquiry yet, or was won."""
    disputes = [each for each in book.disputes.values() if each.charge == charge.id]
    return all(each.is_inquiry or each.status == "won" for each in disputes)


def _refundable_charge(book: Book, params: Json) -> Charge:
    if ("charge" in params) == ("payment_intent" in params):
        raise Refusal("One of the following params should be provided: payment_intent or charge.")
    intent_id = params.get("payment_intent")
    if intent_id is None:
        charge = book.get(Charge, params["charge"], param="charge")
    else:
        intent = book.get(PaymentIntent, intent_id, param="payment_intent")
        charge = book.charges.get(intent.latest_charge or "") or _no_charge(intent_id)
    if charge.status != "succeeded":
        raise _unpaid(charge.payment_intent)
    if charge.released == charge.amount:
        raise _unpaid(charge.payment_intent)
    if not charge.captured:
        message = f"Charge {charge.id} is not captured: cancel {charge.payment_intent} instead."
        raise Refusal(message, "charge_not_captured")
    return charge


def _no_charge(intent_id: str) -> Charge:
    raise _unpaid(intent_id)


def _unpaid(intent_id: str) -> Refusal:
    return Refusal(f"This PaymentIntent ({intent_id}) does not have a successful charge to refund.")


def _give_back(book: Book, charge: Charge, amount: int, params: Json, now_s: int) -> Refund:
    refund_id = book.new_id("re")
    given = Refund(
        id=refund_id,
        created=now_s,
        amount=amount,
        currency=charge.currency,
        charge=charge.id,
        payment_intent=charge.payment_intent,
        metadata=merge_metadata({}, params.get("metadata", {})),
        reason=params.get("reason"),
        status=book.next_refunds,
        balance_transaction=refunded(book, refund_id, charge, amount, now_s),
    )
    book.save(given, now_s)
    left = replace(charge, amount_refunded=charge.amount_refunded + amount)
    save_charge(book, left, "charge.refunded", now_s)
    book.record("refund.created", given, now_s)
    _settle_warnings(book, charge.id, now_s)
    return given


def _settle_warnings(book: Book, charge_id: str, now_s: int) -> None:
    """Whoever refunds can do no more about a warning."""
    for warning in list(book.fraud_warnings.values()):
        if warning.charge == charge_id and warning.actionable:
            moot = book.save(replace(warning, actionable=False), now_s)
            book.record("radar.early_fraud_warning.updated", moot, now_s)


def finish_refund(
    book: Book, refund_id: str, outcome: Literal["succeeded", "failed"], now_s: int, reason: str
) -> Refund:
    """How a refund ends at the payer's bank; failed money is on the account's balance again.

    Even one that had succeeded can fail days later. `reason` is told of a failed one.
    """
    pending = book.get(Refund, refund_id, param="refund")
    if pending.status not in ("pending", "succeeded"):
        raise Refusal(f"Refund {refund_id} is {pending.status} already.")
    ended = replace(pending, status=outcome)
    if outcome == "failed":
        back = refund_failed(book, pending, now_s)
        ended = replace(ended, failure_reason=reason, failure_balance_transaction=back)
        charge = book.charges[pending.charge]
        book.save(replace(charge, amount_refunded=charge.amount_refunded - pending.amount), now_s)
    book.save(ended, now_s)
    failed = ["refund.failed"] if outcome == "failed" else []
    for event_type in (*failed, "refund.updated", "charge.refund.updated"):
        book.record(event_type, ended, now_s)
    return ended
