"""EDGE. Stripe's webhooks, believed only with Stripe's signature."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, cast

import stripe

from cloud_relay.errors import BadSignature

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


def event_in(body: bytes, signature_header: str, secrets: Iterable[str]) -> dict[str, Any]:
    """The event in a webhook that Stripe signed, with any of our secrets.

    Raises:
        BadSignature: not signed, not by Stripe, not now, or not an event.
    """
    if not any(_is_signed(body, signature_header, secret) for secret in secrets):
        raise BadSignature("the signature is not Stripe's for these bytes, or is too old")
    try:
        event = json.loads(body)
    except ValueError as why:
        raise BadSignature(f"the body is not JSON: {why}") from None
    if not _is_event(event):
        raise BadSignature("the body is no Stripe event")
    return cast("dict[str, Any]", event)


def _is_signed(body: bytes, header: str, secret: str) -> bool:
    try:
        stripe.WebhookSignature.verify_header(body, header, secret, stripe.Webhook.DEFAULT_TOLERANCE)
    # What the library raises on a mangled header or body, besides its own error.
    except (stripe.SignatureVerificationError, ValueError, TypeError, AttributeError):
        return False
    return True


def _is_event(body: object) -> bool:
    match body:
        case {"object": "event", "type": str(), "created": int(), "data": {"object": dict()}}:
            return True
    return False
