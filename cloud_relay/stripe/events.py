"""EDGE. Stripe's webhooks, believed only with Stripe's signature."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, cast

import stripe

from cloud_relay.errors import BadSignature, TooOld

TOLERANCE_S = stripe.Webhook.DEFAULT_TOLERANCE
# What the webhook endpoint has to send: https://docs.stripe.com/api/events/types
WANTED_EVENTS = (
    "payment_intent.amount_capturable_updated",  # a sale: money is reserved
    "checkout.session.completed",  # a sale by an older link: money is charged at once
    "checkout.session.async_payment_succeeded",  # money of such a link that came days later
    "refund.updated",  # what became of a refund that its bank had not answered
    "refund.failed",
    "charge.dispute.created",  # the player's bank takes the money back
    "charge.dispute.closed",
    "radar.early_fraud_warning.created",
)


def event_in(
    body: bytes, signature_header: str, secrets: Iterable[str], now_s: float
) -> tuple[dict[str, Any], int]:
    """The event in a webhook that Stripe signed, with any of our secrets, and when it did.

    Raises:
        TooOld: it was signed by Stripe, but long ago by our clock.
        BadSignature: not signed, not by Stripe, or not an event.
    """
    if not signature_header:
        raise BadSignature(
            "the header Stripe-Signature is missing: Stripe sends one, and proxies may drop it"
        )

    if not any(_is_signed(body, signature_header, secret) for secret in secrets):
        raise BadSignature(
            f"the signature is not Stripe's for these {len(body)} bytes and this STRIPE_WEBHOOK_SECRET"
        )
    signed_s = _signed_s(signature_header)
    if signed_s < now_s - TOLERANCE_S:
        raise TooOld(
            f"Stripe signed it {now_s - signed_s:.0f} s ago by the relay's clock, and more than "
            f"{TOLERANCE_S} s is refused: the secret is right; the clock is ahead of Stripe's, or somebody "
            "sends an old webhook again"
        )
    try:
        event = json.loads(body)
    except ValueError as why:
        raise BadSignature(f"the body is not JSON: {why}") from None
    if not _is_event(event):
        raise BadSignature(_no_event(event))
    return cast("dict[str, Any]", event), signed_s


def _signed_s(header: str) -> int:
    """When Stripe signed, by its own clock; the header has been verified."""
    return int(next(part.removeprefix("t=") for part in header.split(",") if part.startswith("t=")))


def _is_signed(body: bytes, header: str, secret: str) -> bool:
    try:
        # Without a tolerance: by it the library would not say which of the two was wrong.
        stripe.WebhookSignature.verify_header(body, header, secret)
    # What the library raises on a mangled header or body, besides its own error.
    except (stripe.SignatureVerificationError, ValueError, TypeError, AttributeError):
        return False
    return True


def _no_event(body: object) -> str:
    match body:
        case {"object": "v2.core.event"}:
            return "the body is a thin event: give the destination at Stripe the payload style Snapshot"
    return "the body is no Stripe event"


def _is_event(body: object) -> bool:
    match body:
        case {"object": "event", "type": str(), "created": int(), "data": {"object": dict()}}:
            return True
    return False
