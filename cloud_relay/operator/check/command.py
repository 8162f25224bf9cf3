"""EDGE. `python -m cloud_relay check`: what a sale takes of the cloud, and what to do about what is wrong."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from cloud_relay.operator.check.broker import check_broker
from cloud_relay.operator.check.clock import check_clock
from cloud_relay.operator.check.key import check_key
from cloud_relay.operator.check.neighbours import check_neighbours
from cloud_relay.operator.check.webhook import check_webhook
from cloud_relay.pages.check_page import MARKS, PLAIN_MARKS, document, section_text, summary_text
from cloud_relay.pages.findings import Finding, Section, all_well
from cloud_relay.relay import Relay
from cloud_relay.stripe.account import StripeAccount

log = logging.getLogger("cloud_relay")

WIDEST = 100
_LOOKS: tuple[tuple[str, Callable[[Relay, StripeAccount], list[Finding]]], ...] = (
    ("key", check_key),
    ("webhook", check_webhook),
    ("clock", check_clock),
    ("broker", check_broker),
    ("on this Stripe account", check_neighbours),
)
"""In order: the clock is compared by what the others were answered."""


def check(relay: Relay, out: TextIO, *, as_json: bool) -> int:
    """Look at everything; 0 if nothing is wrong, 1 if something would lose a sale."""
    sections = []
    marks, width = PLAIN_MARKS if _is_plain(out) else MARKS, min(WIDEST, shutil.get_terminal_size().columns)
    with _quiet():
        for section in look_at_all(relay):
            sections.append(section)
            if not as_json:
                out.write(section_text(section, marks, width))
                out.flush()
    out.write(document(sections) if as_json else summary_text(sections))
    return 0 if all(all_well(section.findings) for section in sections) else 1


def look_at_all(relay: Relay) -> Iterator[Section]:
    """All sections in order, each as soon as it is known."""
    account = StripeAccount(relay.settings.stripe, relay.fitness)
    for name, look in _LOOKS:
        yield Section(name, tuple(look(relay, account)))


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the edges from logging what the page says in better words."""
    before = log.level
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        log.setLevel(before)


def _is_plain(out: TextIO) -> bool:
    encoding = (out.encoding or "").lower()
    return os.environ.get("TERM") == "linux" or not encoding.startswith("utf")
