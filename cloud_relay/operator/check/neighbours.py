"""EDGE. Says who else is on the Stripe account."""

from __future__ import annotations

from cloud_relay.errors import StripeUnavailable
from cloud_relay.pages.check.findings import Finding, note
from cloud_relay.pages.check.neighbour_findings import neighbour_findings
from cloud_relay.pages.check.webhook_findings import other_endpoints
from cloud_relay.relay import Relay
from cloud_relay.rules.setting_up.neighbours import machines_of, sellers
from cloud_relay.stripe.account import StripeAccount

LOOK_BACK_DAYS = 7
# Of a hundred each; reads are rationed, and a page takes a second.
MOST_PAGES = 5


def check_neighbours(relay: Relay, account: StripeAccount) -> list[Finding]:
    """Other webhook endpoints, and the payments of the last days that other relays sold."""
    return [*_endpoints(relay, account), *_sellers(relay, account)]


def _endpoints(relay: Relay, account: StripeAccount) -> list[Finding]:
    try:
        return other_endpoints(relay.settings.webhook_url, account.endpoints())
    except StripeUnavailable:
        return [note("other webhook endpoints are not known: see under webhook")]


def _sellers(relay: Relay, account: StripeAccount) -> list[Finding]:
    try:
        sold, is_all = account.sold_since(relay.clock() - LOOK_BACK_DAYS * 24 * 3600, MOST_PAGES)
    except StripeUnavailable as why:
        return [note(f"the payments are not known: {why}")]
    settings, found = relay.settings, sellers(sold)
    ownership = settings.stripe.ownership
    findings = neighbour_findings(found, ownership, machines_of(ownership, found, settings.offers.machines))
    if not is_all:
        findings.append(note(f"only the newest {len(sold)} payments were looked at"))
    return findings
