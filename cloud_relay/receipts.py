"""Settles receipts: reads the payment, decides, acts, and after any doubt reads it again."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cloud_relay.errors import NotAtStripe, StripeUnavailable
from cloud_relay.orders import BadOrder, UnsellableCredits, immediate_order_from
from cloud_relay.relay import Relay
from cloud_relay.settlement import (
    Capture,
    Outcome,
    Payment,
    Receipt,
    Refund,
    Release,
    Result,
    Step,
    next_step,
    read_payment_id,
    read_receipt,
)

if TYPE_CHECKING:
    from cloud_relay.stripe_payments import StripePayments

log = logging.getLogger(__name__)


def settle(relay: Relay, machine_id: str, said: Mapping[str, Any]) -> Result:
    """Move the money as a cabinet's receipt says, once, however often the receipt comes.

    Raises:
        BadReceipt: the receipt is malformed; the message names the field.
    """
    payment_id = read_payment_id(said)
    found = _find(relay.stripe(), payment_id)
    if isinstance(found, Result):
        return found
    payment, metadata = found
    if metadata.get("machine_id") != machine_id:
        log.error("Refused a receipt of %s for %s: not its payment", machine_id, payment_id)
        return Result.UNKNOWN
    ordered = _credits_ordered(payment, metadata, relay.settings.credit_amount)
    receipt = read_receipt(said, ordered)
    result = _carry_out(relay.stripe(), next_step(payment, receipt), receipt)
    log.info("Settled %s as %s: %s", payment_id, receipt.outcome, result)
    return result


def give_back(stripe: StripePayments, payment_id: str) -> Result:
    """Release or refund a payment that cannot become credits, as if its cabinet had said undelivered."""
    found = _find(stripe, payment_id)
    if isinstance(found, Result):
        return found
    receipt = Receipt(payment_id, Outcome.UNDELIVERED, 0, 1)
    return _carry_out(stripe, next_step(found[0], receipt), receipt)


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


def _carry_out(stripe: StripePayments, step: Step, receipt: Receipt) -> Result:
    if isinstance(step, Result):
        return step
    try:
        _do(stripe, step, receipt.payment_id)
    except (StripeUnavailable, NotAtStripe) as why:
        log.warning("Asked Stripe again about %s: %s", receipt.payment_id, why)
        return _as_it_stands(stripe, receipt)
    return Result.SETTLED


def _do(stripe: StripePayments, step: Capture | Release | Refund, payment_id: str) -> None:
    match step:
        case Capture(amount):
            stripe.capture(payment_id, amount)
        case Release():
            stripe.release(payment_id)
        case Refund(amount, settled):
            if amount:
                stripe.refund(payment_id, amount)
            stripe.mark_settled(payment_id, settled)


def _as_it_stands(stripe: StripePayments, receipt: Receipt) -> Result:
    """What the payment itself says after a lost answer; `retry` while it still waits for us."""
    found = _find(stripe, receipt.payment_id)
    if isinstance(found, Result):
        return Result.RETRY
    step = next_step(found[0], receipt)
    return step if isinstance(step, Result) else Result.RETRY
