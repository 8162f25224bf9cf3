"""A whole cloud for tests: a stand-in Stripe and a relay that are set up as they should be, and real TLS."""

from __future__ import annotations

import datetime
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import stripe
import trustme
from front_door import front_door, status_says
from relay_parts import RelayUnderTest, relay_under_test

from cloud_relay.operator.check.command import look_at_all
from cloud_relay.pages.check.findings import Finding, Section
from cloud_relay.stripe.events import WANTED_EVENTS
from simulator.chain.broker import Broker
from simulator.stripe.server import StandInStripe

VERSION = stripe.api_version
# A schedule tends the relay, and it reaches its broker; a time to come is "0 s ago" on a slow machine too.
TENDED = {"broker": "up", "tidyLastRan": "2099-01-01T00:00:00Z"}


@dataclass
class Cloud:
    """What an operator has set up; `variables` are the environment that is checked."""

    relay: RelayUnderTest
    variables: dict[str, str]
    authority: trustme.CA = field(default_factory=trustme.CA)

    @property
    def stripe(self) -> StandInStripe:
        """The account."""
        return self.relay.stripe

    @property
    def url(self) -> str:
        """The relay's public address."""
        return self.variables["RELAY_URL"]

    @cached_property
    def trust(self) -> ssl.SSLContext:
        """What phones trust here."""
        context = ssl.create_default_context()
        self.authority.configure_trust(context)
        return context

    def is_at(self, url: str) -> None:
        """Move the relay's address, and the endpoint at Stripe with it."""
        self.variables["RELAY_URL"] = url
        self.change_endpoint(url=f"{url}/addCredit")

    def change_endpoint(self, **changes: Any) -> None:
        """Change the webhook endpoint at Stripe."""
        self.stripe.webhooks.endpoints.change(self.stripe.webhooks.endpoints.first.id, **changes)

    def tls(self, *names: str, ends_in: datetime.timedelta | None = None) -> ssl.SSLContext:
        """A server's side, with a certificate of the trusted authority for these names."""
        ends = None if ends_in is None else datetime.datetime.now(datetime.UTC) + ends_in
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.authority.issue_cert(*names, not_after=ends).configure_cert(context)
        return context

    def sections(self) -> list[Section]:
        """What the check finds."""
        return list(look_at_all(self.variables, self.trust))

    def found(self, name: str) -> list[Finding]:
        """What it finds in one section."""
        return list({section.name: section for section in self.sections()}[name].findings)


@contextmanager
def cloud(broker: Broker, **changes: str | None) -> Iterator[Cloud]:
    """A cloud in which nothing is wrong; `changes` are to the relay's own environment."""
    with relay_under_test(broker, **changes) as relay, front_door(relay.url, status_says(**TENDED)) as url:
        variables = relay.variables | {"PRICE_ID": relay.stripe.create_price(100, "usd")}
        made = Cloud(relay, variables)
        made.change_endpoint(enabled_events=frozenset(WANTED_EVENTS), api_version=VERSION)
        made.is_at(url)
        yield made
