"""EDGE. Checks the clock of this machine against Stripe's."""

from __future__ import annotations

from cloud_relay.pages.check.findings import Finding, note, ok, wrong
from cloud_relay.relay import Relay
from cloud_relay.rules.fitness import TOLERATED_S, Cause
from cloud_relay.stripe.account import StripeAccount


def check_clock(relay: Relay, _: StripeAccount) -> list[Finding]:
    """By the dates of Stripe's answers to what was asked before."""
    for trouble in relay.fitness.troubles:
        if trouble.cause is Cause.CLOCK:
            return [wrong(trouble.text, trouble.remedy_sentence)]
    if relay.fitness.offset is None:
        return [note("not compared with Stripe's, which did not answer")]
    if not relay.fitness.offset.is_right:
        return [note("not compared with Stripe's: its answers take too long")]
    return [ok(f"within {TOLERATED_S:.0f} s of Stripe's")]
