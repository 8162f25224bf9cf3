"""CORE. What is found of the secret with which Stripe signs: told once, so that only traces are left."""

from __future__ import annotations

from collections.abc import Collection

from cloud_relay.pages.check.findings import Finding, note, ok, warning, wrong
from cloud_relay.rules.setting_up.account import LastEvent
from cloud_relay.rules.setting_up.neighbours import Endpoint

# A first attempt takes up to ten seconds, and Stripe makes it soon, not at once.
_SENT_WITHIN_S = 60
_RESEND = (
    "See what was answered in Stripe's Dashboard, Developers, Webhooks, Event deliveries; mend that, and "
    "press Resend."
)
_OTHER = (
    "Write the endpoint's signing secret, from Stripe's Dashboard, Developers, Webhooks, into "
    "STRIPE_WEBHOOK_SECRET."
)


def stripes_secret_finding(
    endpoint: Endpoint, prints: Collection[str], last: LastEvent | None, now_s: float, *, alone: bool
) -> Finding:
    """`prints` are those of our secrets, and `last` the newest event that the endpoint should have had.

    `alone`: no other endpoint on the account, so that what was not taken was not taken by ours.
    """
    if last is not None and (last.created_s <= endpoint.created_s or _is_on_its_way(last, now_s)):
        last = None
    if last is not None and last.is_taken:
        return ok(f"Stripe's newest event ({last.event_id}) was taken: it was signed with the relay's secret")
    if last is not None:
        text = f"Stripe's newest event ({last.event_id}) was not taken"
        return wrong(text, _RESEND) if alone else warning(f"{text} by one endpoint of several", _RESEND)
    if endpoint.secret_print in prints:
        return ok("it is the one that Stripe told when `setup stripe` made the endpoint")
    if endpoint.secret_print is not None:
        return warning("it is not the one that Stripe told when `setup stripe` made the endpoint", _OTHER)
    return note("not known: Stripe tells it only once, and has had no event to send yet")


def _is_on_its_way(event: LastEvent, now_s: float) -> bool:
    return not event.is_taken and now_s - event.created_s < _SENT_WITHIN_S
