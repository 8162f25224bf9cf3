"""`python -m cloud_relay check`: wrong set-ups that people make, each found with its remedy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import stripe
from conftest import PASSWORDS
from relay_parts import API_KEY, RelayUnderTest, relay_beside, relay_under_test

from cloud_relay.operator.check.command import parts
from cloud_relay.operator.check.outside import Outside
from cloud_relay.pages.check.findings import Finding, note, ok, warning, wrong
from cloud_relay.rules.orders import Order
from cloud_relay.stripe.account import StripeAccount
from cloud_relay.stripe.events import WANTED_EVENTS
from simulator.chain.broker import Broker
from simulator.stripe.model.permissions import Permissions

URL = "https://pay.example.com"
ADDRESS = f"{URL}/addCredit"
SETUP = "Run `python -m cloud_relay setup stripe`"
PLACE = "in Stripe's Dashboard, Developers, Webhooks"
EDIT_KEY = "Give it to the key in Stripe's Dashboard, Developers, API keys, Edit key."
VERSION = stripe.api_version
pytestmark = pytest.mark.cloud
CHARGES = "the key lacks Charges and Refunds: Write"
OURS = Order("galaga-01", 3, 250, "usd").metadata()

MADE_ANEW = f"{SETUP}, or make it anew {PLACE}, with the API version {VERSION}: it cannot be changed."
WEBHOOK = [
    ok(f"Stripe sends to {ADDRESS}"),
    ok(f"it has all {len(WANTED_EVENTS)} events that are wanted"),
    ok(f"its API version is {VERSION}, as the relay's"),
]


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """One broker for all of these tests."""
    with Broker(tmp_path_factory.mktemp("check"), PASSWORDS) as running:
        yield running


@pytest.fixture
def relay(broker: Broker) -> Iterator[RelayUnderTest]:
    """A relay whose account is set up as it should be."""
    with relay_under_test(broker, RELAY_URL=URL) as running:
        change(running)
        yield running


def change(relay: RelayUnderTest, **changes: Any) -> None:
    """The endpoint as it should be, but for these."""
    endpoints = relay.stripe.webhooks.endpoints
    right = {"url": ADDRESS, "enabled_events": frozenset(WANTED_EVENTS), "api_version": VERSION}
    endpoints.change(endpoints.first.id, **{**right, **changes})


def found(relay: RelayUnderTest, name: str) -> list[Finding]:
    """What the check finds in one of its parts, after the key: by its answers the clock is compared."""
    account = StripeAccount(relay.settings.stripe, relay.relay.fitness)
    asked = [
        part
        for part in parts(Outside(URL, None, is_demo=True), relay.variables)
        if part.name in ("key", name)
    ]
    return list([part.section(relay.relay, account, frozenset()) for part in asked][-1].findings)


@pytest.mark.parametrize(
    ("permissions", "row", "finding"),
    [
        (
            {"payment_intent": "read"},
            1,
            wrong("the key lacks PaymentIntents: Write: it cannot capture, cancel, mark a payment", EDIT_KEY),
        ),
        (
            {"charge": "read"},
            2,
            wrong(f"{CHARGES}: it cannot refund", EDIT_KEY),
        ),
        (
            {"charge": "none"},
            2,
            wrong(
                f"{CHARGES}: it cannot refund, read payments with their charges",
                EDIT_KEY,
            ),
        ),
        (
            {"checkout_session": "read"},
            3,
            wrong("the key lacks Checkout Sessions: Write: it cannot make a Checkout Session", EDIT_KEY),
        ),
        ({"plan": "none"}, 4, warning("the key lacks Prices: Read: it cannot read PRICE_ID", EDIT_KEY)),
        (
            {"payment_links": "read"},
            5,
            warning("the key lacks Payment Links: Write: it cannot make a payment link", EDIT_KEY),
        ),
        (
            {"event": "none"},
            6,
            warning(
                "the key lacks Events: Read: it cannot find sales of an older link whose webhook was lost",
                EDIT_KEY,
            ),
        ),
    ],
)
def test_a_missing_permission_is_named_by_its_row(
    relay: RelayUnderTest, permissions: Permissions, row: int, finding: Finding
) -> None:
    """With what cannot be done without; what only old links need is no more than a warning."""
    relay.stripe.api_keys.allow(API_KEY, permissions)
    assert found(relay, "key")[row] == finding


def test_a_key_that_was_rolled_is_told_as_that(relay: RelayUnderTest) -> None:
    """Not as one that lacks all permissions; and nothing more is known."""
    relay.stripe.api_keys.forget(API_KEY)
    refused = wrong("Stripe refuses the key", "Write a key that is valid into the relay's STRIPE_API_KEY.")
    assert found(relay, "key")[1:] == [refused]


def test_a_stripe_that_does_not_answer_is_told(relay: RelayUnderTest) -> None:
    """It is no missing permission."""
    relay.stripe.fail_next(2, path_prefix="/v1/refunds")
    (line,) = [each for each in found(relay, "key") if "refund" in each.text]
    assert line.text.startswith("not known whether the key can refund: APIError 500 (req_")
    assert line.remedy == "See to the way to Stripe, and check again."


def add_them(count: str) -> str:
    return f"{SETUP}, or add {count} to the endpoint {PLACE}."


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"status": "disabled"},
            [wrong(f"the endpoint {ADDRESS} is disabled", f"{SETUP}, or enable it {PLACE}.")],
        ),
        (
            {"url": f"{URL}/addcredit"},
            [
                wrong(
                    f"no webhook endpoint sends to {ADDRESS}, but one does to {URL}/addcredit",
                    f"{SETUP}, or correct its address {PLACE}, or RELAY_URL.",
                )
            ],
        ),
        (
            {"url": "https://old.example.com/addCredit"},
            [
                wrong(
                    f"no webhook endpoint sends to {ADDRESS}",
                    f"{SETUP}, or add it {PLACE}: payload style Snapshot, with the events "
                    f"{', '.join(WANTED_EVENTS)}.",
                )
            ],
        ),
        (
            {"payload": "thin"},
            [
                wrong(
                    f"the endpoint {ADDRESS} has the payload style Thin: Snapshot is wanted",
                    f"{SETUP}, or make another {PLACE}; delete this one: the style cannot be changed.",
                )
            ],
        ),
        (
            {"enabled_events": frozenset(WANTED_EVENTS[2:])},
            [
                WEBHOOK[0],
                wrong(
                    "it lacks payment_intent.amount_capturable_updated, checkout.session.completed: sales "
                    "are not heard of",
                    add_them("them"),
                ),
                WEBHOOK[2],
            ],
        ),
        (
            {"enabled_events": frozenset(WANTED_EVENTS) - {"refund.failed"}},
            [
                WEBHOOK[0],
                warning(
                    "it lacks refund.failed: what becomes of money later is not heard of", add_them("it")
                ),
                WEBHOOK[2],
            ],
        ),
        ({"enabled_events": frozenset({"*"})}, WEBHOOK),
        (
            {"api_version": "2024-06-20"},
            [
                *WEBHOOK[:2],
                wrong(
                    f"its API version is 2024-06-20, and the relay reads {VERSION}",
                    MADE_ANEW,
                ),
            ],
        ),
        (
            {"api_version": f"2026-01-01.{VERSION.partition('.')[2]}"},
            [
                *WEBHOOK[:2],
                ok(
                    f"its API version is 2026-01-01.{VERSION.partition('.')[2]}, of one release with the "
                    f"relay's {VERSION}"
                ),
            ],
        ),
        (
            {"api_version": None},
            [
                *WEBHOOK[:2],
                warning(
                    "its API version is the account's default, which somebody may change",
                    MADE_ANEW,
                ),
            ],
        ),
    ],
)
def test_a_wrong_endpoint_is_found(
    relay: RelayUnderTest, changes: dict[str, Any], expected: list[Finding]
) -> None:
    """What would lose a sale is wrong, and the rest a warning."""
    change(relay, **changes)
    assert found(relay, "webhook") == expected


def test_two_endpoints_at_one_address_are_told(relay: RelayUnderTest) -> None:
    """Harmless to money, and twice the work."""
    relay.stripe.webhooks.endpoints.add(ADDRESS, "whsec_2", frozenset(WANTED_EVENTS), api_version=VERSION)
    assert found(relay, "webhook")[1] == warning(
        "2 endpoints send to it: each event comes so many times", f"{SETUP}, or delete all but one {PLACE}."
    )


def test_a_key_that_may_not_see_endpoints_is_no_lost_sale(relay: RelayUnderTest) -> None:
    """The relay itself does without."""
    relay.stripe.api_keys.allow(API_KEY, {"webhook": "none"})
    (line,) = found(relay, "webhook")
    assert (line.grade, line.remedy) == (
        "warning",
        "Give the key Webhook Endpoints: Read for this check; the relay itself does without.",
    )


def test_a_wrong_clock_is_wrong(relay: RelayUnderTest) -> None:
    """By how much."""
    relay.stripe.clock.ahead_s = 3600
    (line,) = found(relay, "clock")
    assert line.text in {f"the relay's clock is {seconds} s behind Stripe's" for seconds in (3599, 3600)}
    assert line.remedy == "Set it, best by NTP (sudo timedatectl set-ntp true)."


def test_who_else_is_on_the_account_is_told(relay: RelayUnderTest, broker: Broker) -> None:
    """Endpoints and sales; the same machine id, and old links beside another relay, are warned of."""
    relay.stripe.webhooks.hold_back()
    with relay_beside(relay, broker) as other:
        tag = other.settings.stripe.ownership.tag
        relay.pay_in_secret(relay.settings.stripe.ownership.mark(OURS))
        for machine_id in ("galaga-01", "pacman-02"):
            sold = Order(machine_id, 3, 250, "usd").metadata()
            relay.pay_in_secret(other.settings.stripe.ownership.mark(sold))
        relay.pay_in_secret({"machine_id": "old-01"}, capture="automatic")
        relay.pay_in_secret({"order": "a T-shirt"})
        assert found(relay, "on this Stripe account") == [
            note(f"{other.url}/addCredit hears of every payment too"),
            *sorted(
                [
                    ok("this relay sold 1 payment for galaga-01"),
                    warning(
                        f"another relay ({tag}) sold 2 payments for galaga-01, pacman-02: galaga-01 is a "
                        "machine of this relay too",
                        "Give each machine of the account an id of its own: people and reports mix them up.",
                    ),
                    warning(
                        "links of an older relay, which leave no tag, sold 1 payment for old-01: counted as "
                        "this relay's (UNTAGGED_PAYMENTS=ours)",
                        "Leave old links to one relay: set UNTAGGED_PAYMENTS=leave at all others.",
                    ),
                ],
                key=lambda each: order_of(each, tag, relay.settings.stripe.ownership.tag),
            ),
        ]


def order_of(finding: Finding, other: str, ours: str) -> str:
    """The tag by which the sellers are listed."""
    return other if "another" in finding.text else ours if "this relay sold" in finding.text else "None"
