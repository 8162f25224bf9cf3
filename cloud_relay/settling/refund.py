"""EDGE. Gives back what is left of one payment, at its operator's word."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cloud_relay.errors import NotAtStripe
from cloud_relay.rules.orders import Ownership
from cloud_relay.rules.prices import price
from cloud_relay.rules.settlement import Payment
from cloud_relay.settling.release import Released, release_if_open

if TYPE_CHECKING:
    from cloud_relay.stripe.payments import StripePayments


def refund(stripe: StripePayments, ownership: Ownership, payment_id: str) -> str:
    """Release an open reservation, or refund all that is left of a charge; what was done, in words.

    Raises:
        NotAtStripe: there is no such payment, or it is not for one of our machines.
        StripeUnavailable: Stripe did not answer; asking again gives nothing back twice.
    """
    payment, metadata = stripe.payment(payment_id)
    if not ownership.owns(metadata):
        raise NotAtStripe(f"{payment_id} is no payment for a machine: refund it in Stripe's dashboard")
    if payment.status == "requires_capture":
        if release_if_open(stripe, payment_id) is not Released.SETTLED:
            amount = price(payment.amount, payment.currency)
            return f"Released {payment_id}: {amount} were reserved, nothing is charged."
        payment, _ = stripe.payment(payment_id)
    return _refund_charge(stripe, payment)


def _refund_charge(stripe: StripePayments, payment: Payment) -> str:
    if payment.status == "canceled":
        return f"Nothing is left of {payment.payment_id}: it was released, nothing was charged."
    if payment.status != "succeeded":
        return f"Nothing is left of {payment.payment_id}: it was not paid ({payment.status})."
    amount = stripe.refund_rest(payment.payment_id)
    charged = price(payment.received, payment.currency)
    if not amount:
        return f"Nothing is left of {payment.payment_id}: all of the {charged} charged was given back before."
    return f"Refunded {price(amount, payment.currency)} of {payment.payment_id}; {charged} had been charged."
