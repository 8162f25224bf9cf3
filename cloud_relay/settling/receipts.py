"""EDGE. Settles receipts: reads the payment, makes the moves, and after any doubt reads it again."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cloud_relay.errors import NotAtStripe, StripeUnavailable, TooLittleToCharge
from cloud_relay.relay import Relay
from cloud_relay.rules.log_events import OF_FREE_CREDITS, EventName, GivenBack, Held
from cloud_relay.rules.orders import BadOrder, UnsellableCredits, immediate_order_from
from cloud_relay.rules.phones.free_tickets import free_credits, is_free_credit
from cloud_relay.rules.receipts import Outcome, Receipt, read_payment_id, read_receipt
from cloud_relay.rules.settlement import (
    Answer,
    Capture,
    MarkSettled,
    Move,
    Payment,
    Refund,
    Release,
    Result,
    Settlement,
    answer_after_doubt,
    settlement_of,
    settlement_uncharged,
)
from cloud_relay.settling.notes import refund_noted
from cloud_relay.settling.told import tell_given_back, tell_money, tell_not_given_back

if TYPE_CHECKING:
    from cloud_relay.stripe.payments import StripePayments

log = logging.getLogger(__name__)


def settle(relay: Relay, machine_id: str, body: Mapping[str, Any]) -> Answer:
    """Move the money as a cabinet's receipt says, once, however often the receipt comes.

    Raises:
        BadReceipt: the receipt is malformed; the message names the field.
    """
    if is_free_credit(body.get("paymentId")):
        return _settle_free(relay, machine_id, body)
    began_s, payment_id = time.monotonic(), read_payment_id(body)
    found = _find(relay.stripe(), payment_id)
    if isinstance(found, Result):
        if found is Result.RETRY:
            words = f"Did not settle {payment_id} of {machine_id} yet: Stripe did not give it"
            tell_money(relay, EventName.HELD, payment_id, machine_id, Held.RECEIPT_FAILED, began_s, words)
        return Answer(found)
    payment, metadata = found
    if metadata.get("machine_id") != machine_id or not relay.settings.stripe.ownership.owns(metadata):
        log.error("Refused a receipt of %s for %s: not its payment", machine_id, payment_id)
        return Answer(Result.UNKNOWN)
    ordered = _credits_ordered(payment, metadata, relay.settings.credit_amount)
    # Where only the amount tells, the price of a credit may have changed since.
    known = ordered is not None and "quantity" in metadata
    receipt = read_receipt(body, ordered, order_is_known=known)
    answer = _carry_out(relay, receipt, machine_id, settlement_of(payment, receipt))
    if answer.result is Result.CONFLICT:
        _keep_conflict(relay, machine_id, receipt, began_s)
    else:
        _tell_settled(relay, machine_id, receipt, answer.result, began_s)
    return answer


def _tell_settled(relay: Relay, machine_id: str, receipt: Receipt, result: Result, began_s: float) -> None:
    payment_id = receipt.payment_id
    words = f"Answered the receipt of {payment_id}, {receipt.words}: {result}"
    if result is Result.RETRY:
        tell_money(relay, EventName.HELD, payment_id, machine_id, Held.RECEIPT_FAILED, began_s, words)
    else:
        name, outcome = EventName.SETTLED, receipt.outcome
        tell_money(relay, name, payment_id, machine_id, outcome, began_s, words, answer=result)


def _settle_free(relay: Relay, machine_id: str, body: Mapping[str, Any]) -> Answer:
    """A receipt of a free credit moves no money, and Stripe never hears of it."""
    began_s, payment_id = time.monotonic(), str(body["paymentId"])
    credits = free_credits(payment_id, machine_id, relay.settings.tokens.secrets)
    if credits is None:
        log.error("Refused a receipt of %s for %.80s: not its free credit", machine_id, payment_id)
        return Answer(Result.UNKNOWN)
    receipt = read_receipt(body, credits, order_is_known=True)
    name, outcome = EventName.SETTLED, OF_FREE_CREDITS + receipt.outcome
    words = f"Answered the receipt of {payment_id}, {receipt.words}: free"
    tell_money(relay, name, payment_id, machine_id, outcome, began_s, words, answer=Result.SETTLED)
    return Answer(Result.SETTLED, 0)


def give_back(relay: Relay, payment_id: str, why: GivenBack) -> Result:
    """Release or refund a payment that cannot become credits, as an undelivered one of its cabinet."""
    began_s = time.monotonic()
    found = _find(relay.stripe(), payment_id)
    if isinstance(found, Result):
        if found is Result.RETRY:
            tell_not_given_back(relay, payment_id, "", why, began_s)
        return found
    receipt = Receipt(payment_id, Outcome.UNDELIVERED, 0, 1)
    payment, metadata = found
    machine_id = metadata.get("machine_id", "")
    result = _carry_out(relay, receipt, machine_id, settlement_of(payment, receipt)).result
    if result is Result.RETRY:
        tell_not_given_back(relay, payment_id, machine_id, why, began_s)
    elif result is Result.SETTLED:
        charged = payment.status != "requires_capture"
        tell_given_back(relay, payment_id, machine_id, payment, why, began_s, was_charged=charged)
    return result


def _find(stripe: StripePayments, payment_id: str) -> tuple[Payment, dict[str, str]] | Result:
    try:
        return stripe.payment(payment_id)
    except NotAtStripe:
        log.error("Stripe does not know %s", payment_id)
        return Result.UNKNOWN
    except StripeUnavailable as why:
        log.warning("Did not settle %s yet: %s", payment_id, why)
        return Result.RETRY


def _credits_ordered(payment: Payment, metadata: Mapping[str, str], credit_amount: int) -> int | None:
    try:
        order = immediate_order_from(metadata, payment.amount, payment.currency, credit_amount)
    except (BadOrder, UnsellableCredits):
        return None
    return order.credits


def _carry_out(relay: Relay, receipt: Receipt, machine_id: str, settlement: Settlement) -> Answer:
    try:
        for move in settlement.moves:
            _make(relay, receipt, machine_id, move)
    except TooLittleToCharge as why:
        log.warning("Released %s instead of charging a part of it: %s", receipt.payment_id, why)
        return _carry_out(relay, receipt, machine_id, settlement_uncharged(receipt))
    except (StripeUnavailable, NotAtStripe) as why:
        log.warning("Asked Stripe again about %s: %s", receipt.payment_id, why)
        found = _find(relay.stripe(), receipt.payment_id)
        return Answer(Result.RETRY) if isinstance(found, Result) else answer_after_doubt(found[0], receipt)
    return settlement.answer


def _make(relay: Relay, receipt: Receipt, machine_id: str, move: Move) -> None:
    stripe, payment_id = relay.stripe(), receipt.payment_id
    match move:
        case Capture(amount):
            stripe.capture(payment_id, amount, receipt.words)
        case Release():
            stripe.release(payment_id)
        case Refund(amount, refunded_before):
            refund_noted(relay, payment_id, machine_id, amount, refunded_before)
        case MarkSettled(words):
            stripe.mark_settled(payment_id, words)


def _keep_conflict(relay: Relay, machine_id: str, receipt: Receipt, began_s: float) -> None:
    """Show the operator both sides: in the log, and at Stripe for `python -m cloud_relay machines`."""
    payment_id, found = receipt.payment_id, _find(relay.stripe(), receipt.payment_id)
    money = "no answer" if isinstance(found, Result) else found[0].words
    claim = f"{machine_id} says {receipt.words} of {receipt.credits_paid}"
    words = f"Conflict on {payment_id}: {claim}, and Stripe has it as {money}"
    name, outcome = EventName.CONFLICT, receipt.outcome
    tell_money(relay, name, payment_id, machine_id, outcome, began_s, words, logging.ERROR)
    try:
        relay.stripe().mark_conflict(payment_id, machine_id, receipt.words, relay.clock())
    except (StripeUnavailable, NotAtStripe) as why:
        log.error("Did not mark the conflict on %s at Stripe: %s", payment_id, why)
