"""EDGE. One part of the cloud that is looked at, and the settings that it takes to look."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cloud_relay.pages.check.findings import Finding, Section, note
from cloud_relay.relay import Relay
from cloud_relay.stripe.account import StripeAccount

STRIPE = frozenset({"STRIPE_API_KEY", "STAND_IN_STRIPE_URL", "STRIPE_PROXY"})
"""What it takes to ask Stripe anything."""


@dataclass(frozen=True)
class Part:
    """`look` is asked only where all that it `needs` can be read."""

    name: str
    needs: frozenset[str]
    look: Callable[[Relay, StripeAccount], list[Finding]]

    def section(self, relay: Relay, account: StripeAccount, unusable: frozenset[str]) -> Section:
        """What was found of it, or why it was not looked at."""
        if missing := sorted(self.needs & unusable):
            return Section(self.name, (note(f"not looked at: it takes {' and '.join(missing)}"),))
        if account.is_away and self.needs >= STRIPE:
            return Section(self.name, (note("not looked at: Stripe does not answer"),))
        return Section(self.name, tuple(self.look(relay, account)))
