"""EDGE. `python -m cloud_relay check`: what a sale takes of the cloud, and what to do about what is wrong."""

from __future__ import annotations

import os
import shutil
import ssl
from collections.abc import Iterator, Mapping
from typing import TextIO

from cloud_relay.operator.check.account import check_account, check_price
from cloud_relay.operator.check.broker import MQTT, broker_look
from cloud_relay.operator.check.clock import check_clock
from cloud_relay.operator.check.key import check_key
from cloud_relay.operator.check.neighbours import check_neighbours
from cloud_relay.operator.check.outside import Outside
from cloud_relay.operator.check.part import STRIPE, Part
from cloud_relay.operator.check.readable import read_what_can_be
from cloud_relay.operator.check.variables import check_variables
from cloud_relay.operator.check.webhook import check_stripes_secret, check_webhook
from cloud_relay.operator.quiet import quiet
from cloud_relay.pages.check.check_page import MARKS, PLAIN_MARKS, document, section_text, summary_text
from cloud_relay.pages.check.findings import Section, all_well
from cloud_relay.relay import relay_from
from cloud_relay.stripe.account import StripeAccount

WIDEST = 100


def parts(outside: Outside, environment: Mapping[str, str]) -> tuple[Part, ...]:
    """All that is looked at, in order: the clock is compared by what the others were answered."""
    url, signed = frozenset({"RELAY_URL"}), frozenset({"STRIPE_WEBHOOK_SECRET", "STRIPE_API_KEY"})
    return (
        Part("key", STRIPE, check_key),
        Part("Stripe account", STRIPE | {"OFFERS"}, check_account),
        Part("price of old links", STRIPE | {"PRICE_ID"}, check_price),
        Part("webhook", STRIPE | url, check_webhook),
        Part("clock", STRIPE, check_clock),
        Part("broker", MQTT | {"CREDIT_WINDOW_S"}, broker_look(environment)),
        Part("door, from outside", url, outside.look),
        Part("webhook's secret", url | signed, outside.look_at_secret),
        Part("webhook's secret, at Stripe", STRIPE | url | signed, check_stripes_secret),
        Part("machine tokens", url | {"RELAY_SECRET", "MIN_TOKEN_NUMBERS"}, outside.look_at_tokens),
        Part("tidy", url, outside.look_at_tidy),
        Part("on this Stripe account", STRIPE | url | {"RELAY_SECRET", "OFFERS"}, check_neighbours),
    )


def check(
    environment: Mapping[str, str], out: TextIO, *, as_json: bool, trust: ssl.SSLContext | None = None
) -> int:
    """Look at everything; 0 if nothing is wrong, 1 if something would lose a sale.

    `trust` is what the relay's certificate is held against, if not what phones trust.
    """
    sections = []
    marks, width = PLAIN_MARKS if _is_plain(out) else MARKS, min(WIDEST, shutil.get_terminal_size().columns)
    with quiet():
        for section in look_at_all(environment, trust):
            sections.append(section)
            if not as_json:
                out.write(section_text(section, marks, width))
                out.flush()
    out.write(document(sections) if as_json else summary_text(sections))
    return 0 if all(all_well(section.findings) for section in sections) else 1


def look_at_all(environment: Mapping[str, str], trust: ssl.SSLContext | None = None) -> Iterator[Section]:
    """All sections in order, each as soon as it is known."""
    readable = read_what_can_be(environment)
    yield Section("settings", tuple(check_variables(environment, readable)))
    relay = relay_from(readable.settings)
    account = StripeAccount(relay.settings.stripe, relay.fitness)
    outside = Outside(relay.settings.url, trust, is_demo=bool(environment.get("STAND_IN_STRIPE_URL")))
    try:
        for part in parts(outside, environment):
            yield part.section(relay, account, readable.unusable)
    finally:
        relay.publisher.close()


def _is_plain(out: TextIO) -> bool:
    encoding = (out.encoding or "").lower()
    return os.environ.get("TERM") == "linux" or not encoding.startswith("utf")
