"""EDGE. Gives one open reservation back, if it is still open."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from cloud_relay.errors import StripeUnavailable

if TYPE_CHECKING:
    from cloud_relay.stripe.payments import StripePayments


class Released(StrEnum):
    """What became of a payment that was to be given back."""

    NOW = "released"
    BEFORE = "was released before"
    SETTLED = "was settled meanwhile"


def release_if_open(stripe: StripePayments, payment_id: str) -> Released:
    """Read the payment, and cancel it only if it still waits for a capture.

    A capture may come between the two: Stripe then refuses the cancel, and what it says of the payment
    after that is what happened.

    Raises:
        StripeUnavailable: Stripe did not do it; the reservation is as it was.
        NotAtStripe: there is no such payment.
    """
    status = stripe.payment(payment_id)[0].status
    if status != "requires_capture":
        return _settled_as(status)
    try:
        stripe.release(payment_id)
    except StripeUnavailable:
        status = stripe.payment(payment_id)[0].status
        if status == "requires_capture":
            raise
        return Released.NOW if status == "canceled" else Released.SETTLED
    return Released.NOW


def _settled_as(status: str) -> Released:
    return Released.BEFORE if status == "canceled" else Released.SETTLED
