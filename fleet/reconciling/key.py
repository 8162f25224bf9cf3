"""EDGE. Looks at the key that reads Stripe: it must see all that is read, and must not move money."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import requests
import stripe

from cloud_relay.stripe.probes import NO_PAYMENT, NO_PRICE, SALE, Answer, Probe, answer_to
from fleet.reconciling.reader import StripeReading

ROWS = (
    Probe("PaymentIntents: Read", "read payments", lambda v1: v1.payment_intents.retrieve(NO_PAYMENT)),
    Probe(
        "Charges and Refunds: Read",
        "read charges and refunds",
        lambda v1: v1.charges.retrieve("ch_0000000000fleetcheck"),
    ),
    Probe(
        "Payment Disputes: Read", "read disputes", lambda v1: v1.disputes.retrieve("du_0000000000fleetcheck")
    ),
    Probe(
        "Balance Transaction Sources: Read",
        "read fees",
        lambda v1: v1.balance_transactions.retrieve("txn_0000000000fleetcheck"),
    ),
    Probe("Events: Read", "read what changed", lambda v1: v1.events.retrieve("evt_0000000000fleetcheck")),
)
"""What the fleet reads, each tried with an id that names nothing."""

# Beyond what a sale takes: what a thief could sell by, and hear by.
_FURTHER = (
    Probe(
        "Payment Links: Write",
        "make a payment link",
        lambda v1: v1.payment_links.create({"line_items": [{"price": NO_PRICE, "quantity": 1}]}),
    ),
    Probe(
        "Webhook Endpoints: Write",
        "change where events go",
        lambda v1: v1.webhook_endpoints.update("we_0000000000fleetcheck", {"disabled": True}),
    ),
)

_TIMEOUT_S = (3, 6)
_HOW = (
    "Make a restricted key in Stripe's Dashboard (Developers, API keys, Create restricted key) with Read at "
    f"{', '.join(row.permission.removesuffix(': Read') for row in ROWS)} and None at all else, and set it "
    "as STRIPE_READ_KEY."
)


class KeyCanWrite(ValueError):
    """A key that is only to read can move money; the message has the remedy."""


@dataclass(frozen=True)
class ReadKeyReport:
    """What a look at the key found; `problems` are to be told, and reading goes on without those rows."""

    problems: tuple[str, ...] = ()
    is_known: bool = True


def look_at_key(reading: StripeReading) -> ReadKeyReport:
    """Try the key harmlessly: what it must read, and what it must not do.

    Raises:
        KeyCanWrite: it could move money if it were stolen.
    """
    if reading.key.startswith("sk_"):
        raise KeyCanWrite(f"STRIPE_READ_KEY is a secret key, which may do everything. {_HOW}")
    client = _quiet_client(reading)
    answers = [(probe, answer_to(probe, client)) for probe in (*SALE, *_FURTHER)]
    if any(answer.refuses_key for _, answer in answers):
        return ReadKeyReport((f"Stripe does not know STRIPE_READ_KEY: it was rolled or deleted. {_HOW}",))
    # No answer is no permission, and proves nothing either: the next start looks again.
    if any(answer.unknown for _, answer in answers):
        return ReadKeyReport(is_known=False)
    able = [probe.doing for probe, answer in answers if not answer.missing]
    if able:
        raise KeyCanWrite(f"STRIPE_READ_KEY can {', '.join(able)}: whoever steals it could too. {_HOW}")
    return _rows([(row, answer_to(row, client)) for row in ROWS])


def _quiet_client(reading: StripeReading) -> stripe.StripeClient:
    """The relay's own client tells the log of each refusal; here a refusal is what is hoped for."""
    session = requests.Session()
    session.trust_env = False
    url = reading.stand_in_url
    return stripe.StripeClient(
        reading.key,
        base_addresses={"api": url} if url else {},
        max_network_retries=1,
        http_client=stripe.RequestsClient(timeout=_TIMEOUT_S, session=session, proxy=reading.proxy),
    )


def _rows(answers: Sequence[tuple[Probe, Answer]]) -> ReadKeyReport:
    problems = tuple(
        f"STRIPE_READ_KEY lacks {row.permission}: it cannot {row.doing}. {_HOW}"
        for row, answer in answers
        if answer.missing
    )
    return ReadKeyReport(problems, is_known=not any(answer.unknown for _, answer in answers))
