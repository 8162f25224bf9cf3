"""EDGE. Gives back what is left of one payment, at its operator's word."""

from __future__ import annotations

from cloud_relay.errors import NotAtStripe, RefundRefused
from cloud_relay.relay import Relay
from cloud_relay.rules.marks import MarkKind
from cloud_relay.rules.prices import price
from cloud_relay.rules.refunds import refusal
from cloud_relay.rules.settlement import Payment
from cloud_relay.settling.notes import note_refunds
from cloud_relay.settling.release import Released, release_if_open


def refund(relay: Relay, payment_id: str) -> str:
    """Release an open reservation, or refund all that is left of a charge; what was done, in words.

    Raises:
        NotAtStripe: there is no such payment, or it is not for one of our machines.
        RefundRefused: Stripe refuses it for good; nothing was done.
        StripeUnavailable: Stripe did not answer; asking again gives nothing back twice.
    """
    stripe = relay.stripe()
    payment, metadata = stripe.payment(payment_id)
    if not relay.settings.stripe.ownership.owns(metadata):
        raise NotAtStripe(f"{payment_id} is no payment for a machine: refund it in Stripe's dashboard")
    if payment.status == "requires_capture":
        if release_if_open(stripe, payment_id) is not Released.SETTLED:
            amount = price(payment.amount, payment.currency)
            return f"Released {payment_id}: {amount} were reserved, nothing is charged."
        payment, _ = stripe.payment(payment_id)
    return _refund_charge(relay, payment, is_noted=MarkKind.REFUND in metadata)


def _refund_charge(relay: Relay, payment: Payment, *, is_noted: bool) -> str:
    payment_id, charged = payment.payment_id, price(payment.received, payment.currency)
    if payment.status == "canceled":
        return f"Nothing is left of {payment_id}: it was released, nothing was charged."
    if payment.status != "succeeded":
        return f"Nothing is left of {payment_id}: it was not paid ({payment.status})."
    try:
        made = relay.stripe().refund_rest(payment_id)
    except RefundRefused as why:
        raise RefundRefused(f"Stripe refuses to refund {payment_id}: {refusal(str(why))}") from why
    is_done = made is not None and made.status == "succeeded"
    note = note_refunds(relay, payment_id) if is_noted or not is_done else ""
    if made is None:
        not_there = f" The player does not have it yet ({note})." if note else ""
        return (
            f"Nothing is left of {payment_id}: all of the {charged} charged was given back before.{not_there}"
        )
    amount = price(made.amount, made.currency)
    if is_done:
        return f"Refunded {amount} of {payment_id}; {charged} had been charged."
    return f"The refund of {amount} of {payment_id} is not done yet ({note}); {charged} had been charged."
