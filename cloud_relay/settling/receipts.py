"""Settles receipts: reads the payment, decides, acts, and after any doubt reads it again."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cloud_relay.errors import NotAtStripe, StripeUnavailable, TooLittleToCharge
from cloud_relay.relay import Relay
from cloud_relay.rules.orders import BadOrder, UnsellableCredits, immediate_order_from
from cloud_relay.rules.settlement import (
    Capture,
    Outcome,
    Payment,
    Receipt,
    Refund,
    Release,
    Result,
    Settlement,
    Step,
    next_step,
    read_payment_id,
    read_receipt,
    settled_before,
    wanted_by,
)

if TYPE_CHECKING:
    from cloud_relay.stripe.payments import StripePayments

log = logging.getLogger(__name__)


def settle(relay: Relay, machine_id: str, said: Mapping[str, Any]) -> Settlement:
    """Move the money as a cabinet's receipt says, once, however often the receipt comes.

    Raises:
        BadReceipt: the receipt is malformed; the message names the field.
    """
    payment_id = read_payment_id(said)
    found = _find(relay.stripe(), payment_id)
    if isinstance(found, Result):
        return Settlement(found)
    payment, metadata = found
    if metadata.get("machine_id") != machine_id:
        log.error("Refused a receipt of %s for %s: not its payment", machine_id, payment_id)
        return Settlement(Result.UNKNOWN)
    ordered = _credits_ordered(payment, metadata, relay.settings.credit_amount)
    receipt = read_receipt(said, ordered)
    settlement = _carry_out(relay, next_step(payment, receipt), receipt, payment)
    if settlement.result is Result.CONFLICT:
        _keep_conflict(relay.stripe(), machine_id, receipt)
    log.info("Answered the receipt of %s, %s: %s", payment_id, receipt.words, settlement.result)
    return settlement


def give_back(relay: Relay, payment_id: str) -> Result:
    """Release or refund a payment that cannot become credits, as if its cabinet had said undelivered."""
    found = _find(relay.stripe(), payment_id)
    if isinstance(found, Result):
        return found
    receipt = Receipt(payment_id, Outcome.UNDELIVERED, 0, 1)
    return _carry_out(relay, next_step(found[0], receipt), receipt, found[0]).result


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


def _keep_conflict(stripe: StripePayments, machine_id: str, receipt: Receipt) -> None:
    """Tell the operator both sides: in the log, and at Stripe for `python -m cloud_relay machines`."""
    payment_id, found = receipt.payment_id, _find(stripe, receipt.payment_id)
    money = "no answer" if isinstance(found, Result) else found[0].words
    said = f"{machine_id} says {receipt.words} of {receipt.credits_paid}"
    log.error("Conflict on %s: %s, and Stripe has it as %s", payment_id, said, money)
    try:
        stripe.mark_conflict(payment_id, machine_id, receipt.words)
    except (StripeUnavailable, NotAtStripe) as why:
        log.error("Did not mark the conflict on %s at Stripe: %s", payment_id, why)


def _carry_out(relay: Relay, step: Step, receipt: Receipt, payment: Payment) -> Settlement:
    if isinstance(step, Result):
        return _as_found(step, receipt, payment)
    try:
        return Settlement(Result.SETTLED, _do(relay, step, receipt, payment))
    except (StripeUnavailable, NotAtStripe) as why:
        log.warning("Asked Stripe again about %s: %s", receipt.payment_id, why)
        return _as_it_stands(relay.stripe(), receipt)


def _as_found(result: Result, receipt: Receipt, payment: Payment) -> Settlement:
    return settled_before(payment, receipt) if result is Result.ALREADY else Settlement(result)


def _do(relay: Relay, step: Capture | Release | Refund, receipt: Receipt, payment: Payment) -> int:
    """Move the money; gives what is charged, in minor units."""
    stripe, payment_id = relay.stripe(), receipt.payment_id
    match step:
        case Capture(amount):
            return _capture_or_release(stripe, amount, receipt)
        case Release():
            stripe.release(payment_id)
            return 0
        case Refund(amount, settled):
            if amount:
                stripe.refund(payment_id, amount, payment.refunded, relay.clock())
            stripe.mark_settled(payment_id, settled)
            return wanted_by(receipt, payment)


def _capture_or_release(stripe: StripePayments, amount: int, receipt: Receipt) -> int:
    try:
        stripe.capture(receipt.payment_id, amount)
    except TooLittleToCharge as why:
        # Stripe's least charge is also that of our account's own currency, which we do not know. The mark
        # comes first, so that a repeated receipt is not taken for a conflict with the release.
        log.warning("Released %s instead of charging a part of it: %s", receipt.payment_id, why)
        stripe.mark_settled(receipt.payment_id, receipt.words)
        stripe.release(receipt.payment_id)
        return 0
    return amount


def _as_it_stands(stripe: StripePayments, receipt: Receipt) -> Settlement:
    """What the payment itself says after a lost answer; `retry` while it still waits for us."""
    found = _find(stripe, receipt.payment_id)
    if isinstance(found, Result):
        return Settlement(Result.RETRY)
    step = next_step(found[0], receipt)
    return _as_found(step, receipt, found[0]) if isinstance(step, Result) else Settlement(Result.RETRY)
