"""EDGE. Tries harmlessly what a Stripe key may do: with ids that name nothing.

Stripe looks at the permission first: it answers 403 to a key that lacks one, and "no such object" to one that
has it. Writes are not rationed as reads are (https://docs.stripe.com/rate-limits).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import stripe

from cloud_relay.rules.fitness import KEY_REFUSED, KeyFound, Trouble, key_trouble, permissions_in
from cloud_relay.stripe.client import refusal_words, stripe_client

if TYPE_CHECKING:
    from cloud_relay.settings import StripeSettings
    from cloud_relay.stripe.fitness import Fitness

NO_PAYMENT, NO_PRICE = "pi_0000000000cloudrelaycheck", "price_0000000000cloudrelaycheck"
READ_PRICE = "read PRICE_ID"
_TIMEOUT_S, _RETRIES = (3, 6), 1


@dataclass(frozen=True)
class Probe:
    """A call that the relay makes, and the row of a restricted key that allows it."""

    permission: str
    doing: str
    ask: Callable[[stripe.V1Services], object]


@dataclass(frozen=True)
class Answer:
    """What Stripe says to a probe: what is `missing`, that it refuses the key, or (`unknown`) neither.

    Let through, it may have `found` what the probe asked for. `is_away`: nothing came back at all.
    """

    found: bool = False
    missing: str | None = None
    refuses_key: bool = False
    unknown: str | None = None
    is_away: bool = False


SALE = (
    Probe("PaymentIntents: Write", "capture", lambda v1: v1.payment_intents.capture(NO_PAYMENT)),
    Probe("PaymentIntents: Write", "cancel", lambda v1: v1.payment_intents.cancel(NO_PAYMENT)),
    Probe(
        "Charges and Refunds: Write",
        "refund",
        lambda v1: v1.refunds.create({"payment_intent": NO_PAYMENT}),
    ),
    Probe(
        "Checkout Sessions: Write",
        "make a Checkout Session",
        lambda v1: v1.checkout.sessions.create(
            {
                "mode": "payment",
                "line_items": [{"price": NO_PRICE, "quantity": 1}],
                "success_url": "https://example.com/",
            }
        ),
    ),
)
"""What every sale takes. Write implies read."""


def for_money(settings: StripeSettings) -> tuple[Probe, ...]:
    """Every call that money takes, by rows; some of them are reads."""
    capture, cancel, refund, make = SALE
    session = f"cs_{'live' if settings.livemode else 'test'}_0000000000cloudrelaycheck"
    return (
        capture,
        cancel,
        Probe(capture.permission, "mark a payment", _mark),
        refund,
        Probe(refund.permission, "read payments with their charges", _list_payments),
        make,
        Probe(make.permission, "read a session with its payment", lambda v1: _read_session(v1, session)),
    )


def for_links(settings: StripeSettings) -> tuple[Probe, ...]:
    """What only the ancestor's payment links take."""
    return (
        Probe("Prices: Read", READ_PRICE, lambda v1: v1.prices.retrieve(settings.default_price_id)),
        Probe("Payment Links: Write", "make a payment link", _make_link),
        Probe("Events: Read", "find sales of an older link whose webhook was lost", _list_events),
    )


def _mark(v1: stripe.V1Services) -> object:
    return v1.payment_intents.update(NO_PAYMENT, {"metadata": {"check": "1"}})


def _list_payments(v1: stripe.V1Services) -> object:
    return v1.payment_intents.list({"limit": 1, "expand": ["data.latest_charge"]})


def _read_session(v1: stripe.V1Services, session_id: str) -> object:
    return v1.checkout.sessions.retrieve(session_id, {"expand": ["payment_intent.latest_charge"]})


def _list_events(v1: stripe.V1Services) -> object:
    return v1.events.list({"limit": 1, "delivery_success": False})


def _make_link(v1: stripe.V1Services) -> object:
    return v1.payment_links.create({"line_items": [{"price": NO_PRICE, "quantity": 1}]})


def probing_client(settings: StripeSettings, fitness: Fitness) -> stripe.StripeClient:
    """A client for probes."""
    return stripe_client(settings, fitness, timeout_s=_TIMEOUT_S, retries=_RETRIES, for_probes=True)


def key_found(settings: StripeSettings, fitness: Fitness) -> KeyFound:
    """Whether the key may do what every sale takes."""
    client = probing_client(settings, fitness)
    answers: list[Answer] = []
    for probe in SALE:
        answers.append(answer_to(probe, client))
        if answers[-1].unknown:  # Stripe is away: three more time-outs would tell no more
            return KeyFound(is_known=False)
    return KeyFound(is_known=True, trouble=_trouble(answers))


def answer_to(probe: Probe, client: stripe.StripeClient) -> Answer:
    """Make one call, and see whether the key may."""
    try:
        probe.ask(client.v1)
    except stripe.AuthenticationError:
        return Answer(refuses_key=True)
    except stripe.PermissionError as why:
        named = permissions_in(why.user_message or "")
        return Answer(missing=probe.permission if probe.permission in named or not named else named[0])
    except stripe.InvalidRequestError:
        return Answer()  # no such object: it was let through
    except stripe.StripeError as why:
        return Answer(unknown=refusal_words(why), is_away=isinstance(why, stripe.APIConnectionError))
    return Answer(found=True)


def _trouble(answers: Sequence[Answer]) -> Trouble | None:
    if any(answer.refuses_key for answer in answers):
        return KEY_REFUSED
    return key_trouble([answer.missing for answer in answers if answer.missing])
