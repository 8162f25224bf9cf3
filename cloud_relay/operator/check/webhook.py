"""EDGE. Checks the webhook endpoint at Stripe, which brings the sales."""

from __future__ import annotations

from contextlib import suppress

from cloud_relay.errors import StripeUnavailable
from cloud_relay.pages.check.findings import Finding, note, warning
from cloud_relay.pages.check.secret_findings import stripes_secret_finding
from cloud_relay.pages.check.webhook_findings import webhook_findings
from cloud_relay.relay import Relay
from cloud_relay.rules.setting_up.neighbours import Endpoint, secret_print
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


def check_stripes_secret(relay: Relay, account: StripeAccount) -> list[Finding]:
    """Whether Stripe signs with a secret of ours, as far as anything tells."""
    try:
        endpoints, last = account.endpoints(), account.last_event(WANTED_EVENTS)
    except StripeUnavailable as why:
        return [note(f"could not look: {why}")]
    enabled = [each for each in endpoints if each.is_enabled]
    ours = [each for each in enabled if each.url == relay.settings.webhook_url]
    if not ours:
        return [note("not looked at: no endpoint at Stripe sends to this relay")]
    newest = max(ours, key=_created)
    prints = frozenset(map(secret_print, relay.settings.stripe.webhook_secrets))
    return [stripes_secret_finding(newest, prints, last, relay.clock(), alone=len(enabled) == len(ours))]


def _created(endpoint: Endpoint) -> int:
    return endpoint.created_s
