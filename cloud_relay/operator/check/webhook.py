"""EDGE. Checks the webhook endpoint at Stripe, which brings the sales."""

from __future__ import annotations

from contextlib import suppress

from cloud_relay.errors import StripeUnavailable
from cloud_relay.pages.findings import Finding, warning
from cloud_relay.pages.webhook_findings import webhook_findings
from cloud_relay.relay import Relay
from cloud_relay.stripe.account import API_VERSION, StripeAccount
from cloud_relay.stripe.events import WANTED_EVENTS


def check_webhook(relay: Relay, account: StripeAccount) -> list[Finding]:
    """Its address, state, events, payload style and version."""
    try:
        endpoints = account.endpoints()
    except StripeUnavailable as why:
        remedy = "Give the key Webhook Endpoints: Read for this check; the relay itself does without."
        return [warning(f"not known: {why}", remedy)]
    with suppress(StripeUnavailable):  # a thin one is then told as one that is missing
        endpoints += account.thin_endpoints()
    return webhook_findings(relay.settings.webhook_url, endpoints, WANTED_EVENTS, API_VERSION)
