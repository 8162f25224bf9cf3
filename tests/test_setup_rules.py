"""What setting Stripe up decides, and says: rules alone, without any Stripe."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cloud_relay.pages.setup.setup_page import NOTHING, setup_text
from cloud_relay.rules.selling.offers_setting import read_offers
from cloud_relay.rules.setting_up.endpoint_setup import (
    Disable,
    EndpointPlan,
    Make,
    Mend,
    Wanted,
    endpoint_plan,
    is_near,
)
from cloud_relay.rules.setting_up.neighbours import Endpoint, secret_print
from cloud_relay.rules.setting_up.price_setup import wanted_price

pytestmark = pytest.mark.cloud
ADDRESS = "https://pay.example.com/addCredit"
WANTED = Wanted(ADDRESS, ("a", "b"), "2026-10-28.endive")
GOOD = Endpoint(ADDRESS, frozenset("ab"), "2026-10-28.endive", id="we_1", created_s=10, secret_print="p1")
OLD = replace(GOOD, id="we_0", version="2024-06-20", created_s=5, secret_print=None)
NEWER = replace(GOOD, id="we_2", created_s=20, secret_print="p2")
LOST = (
    "we_1 was made before, and its secret, which Stripe told then, is not at hand: write it into "
    "STRIPE_WEBHOOK_SECRET, or run this with --new-secret if it is lost"
)
STAYS = "stays enabled until the relay takes the new secret: start it anew with that, and run this again"
TWINS = (
    "we_1 and we_3 send to one address, and nobody can tell whose secret is at hand: delete all but that one "
    "in Stripe's Dashboard, Developers, Webhooks"
)
ONE, TWO = frozenset({"p1"}), frozenset({"p1", "p2"})
NONE: frozenset[str] = frozenset()


@pytest.mark.parametrize(
    ("endpoints", "held", "taken", "plan"),
    [
        ([], NONE, NONE, EndpointPlan((Make(WANTED),))),
        ([], ONE, NONE, EndpointPlan((Make(WANTED),))),
        ([GOOD], ONE, NONE, EndpointPlan(())),
        ([replace(GOOD, version="2026-09-30.endive")], ONE, NONE, EndpointPlan(())),
        ([replace(GOOD, events=frozenset("*"))], ONE, NONE, EndpointPlan(())),
        ([GOOD], NONE, NONE, EndpointPlan((), (LOST,))),
        ([GOOD], frozenset({"p9"}), NONE, EndpointPlan((), (LOST,))),
        ([replace(GOOD, secret_print=None)], NONE, NONE, EndpointPlan((Make(WANTED),), (f"we_1 {STAYS}",))),
        ([replace(GOOD, secret_print=None)], ONE, NONE, EndpointPlan(())),
        ([OLD], ONE, NONE, EndpointPlan((Make(WANTED),), (f"we_0 {STAYS}",))),
        ([replace(OLD, is_enabled=False)], ONE, NONE, EndpointPlan((Make(WANTED),))),
        ([replace(GOOD, version=None)], ONE, NONE, EndpointPlan((Make(WANTED),), (f"we_1 {STAYS}",))),
        ([OLD, GOOD], ONE, NONE, EndpointPlan((), (f"we_0 {STAYS}",))),
        ([OLD, GOOD], ONE, ONE, EndpointPlan((Disable(OLD),))),
        ([replace(OLD, is_enabled=False), GOOD], ONE, ONE, EndpointPlan(())),
        ([GOOD, NEWER], TWO, NONE, EndpointPlan((), (f"we_1 {STAYS}",))),
        ([GOOD, NEWER], TWO, ONE, EndpointPlan((), (f"we_1 {STAYS}",))),
        ([GOOD, NEWER], TWO, TWO, EndpointPlan((Disable(GOOD),))),
        (
            [replace(GOOD, secret_print=None), replace(GOOD, id="we_3", secret_print=None)],
            ONE,
            ONE,
            EndpointPlan((), (TWINS,)),
        ),
        (
            [replace(GOOD, is_enabled=False), OLD],
            ONE,
            ONE,
            EndpointPlan((Mend(replace(GOOD, is_enabled=False), enable=True),), (f"we_0 {STAYS}",)),
        ),
        (
            [replace(GOOD, events=frozenset("az"))],
            ONE,
            NONE,
            EndpointPlan((Mend(replace(GOOD, events=frozenset("az")), events=("a", "z", "b")),)),
        ),
        (
            [replace(GOOD, url="https://other.example.com/addCredit")],
            ONE,
            NONE,
            EndpointPlan((Make(WANTED),)),
        ),
    ],
)
def test_what_is_done_about_endpoints(
    endpoints: list[Endpoint], held: frozenset[str], taken: frozenset[str], plan: EndpointPlan
) -> None:
    """`p1` stands for the secret of we_1, `p2` for that of we_2; whose secret we_0's is nobody noted."""
    assert endpoint_plan(endpoints, WANTED, held, taken) == plan


def test_a_new_secret_is_a_new_endpoint() -> None:
    """However right the old one is: it brings the sales until its successor's secret is taken."""
    assert endpoint_plan([GOOD], WANTED, ONE, ONE, new_secret=True) == EndpointPlan(
        (Make(WANTED),), (f"we_1 {STAYS}",)
    )


@pytest.mark.parametrize(
    ("url", "near"),
    [
        ("https://pay.example.com/addCredit", True),
        ("https://PAY.example.com//AddCredit/", True),
        ("http://pay.example.com/addcredit", True),
        ("https://pay.example.com", True),
        ("https://pay.example.com/", True),
        ("https://pay.example.com/hall2/addCredit", False),
        ("https://pay.example.com:8443/addCredit", False),
        ("https://www.pay.example.com/addCredit", False),
        ("", False),
    ],
)
def test_an_address_is_near_or_anothers(url: str, near: bool) -> None:
    """What a person mistypes, and not what a second relay on the same host has."""
    assert is_near(url, ADDRESS) is near


@pytest.mark.parametrize(
    ("step", "text"),
    [
        (
            Make(WANTED),
            f"make a webhook endpoint for {ADDRESS}: 2 events, payload style Snapshot, API version "
            "2026-10-28.endive",
        ),
        (
            Mend(GOOD, url="https://x.example/addCredit", events=("a", "b", "c"), enable=True),
            f"change the webhook endpoint we_1: its address from {ADDRESS} to https://x.example/addCredit; "
            "add c; enable it",
        ),
        (Disable(OLD), "disable the webhook endpoint we_0, which another one has replaced"),
    ],
)
def test_each_step_is_said(step: Make | Mend | Disable, text: str) -> None:
    """Before it is done."""
    assert step.text == text


def test_a_print_tells_secrets_apart() -> None:
    """And is always the same for one."""
    assert secret_print("whsec_a") == secret_print("whsec_a") != secret_print("whsec_b")
    assert len(secret_print("whsec_a")) == 16


@pytest.mark.parametrize(
    ("offers", "credit_amount", "wanted"),
    [
        (
            '{"currency": "usd", "offers": [{"credits": 3, "amount": 250}, {"credits": 1, "amount": 120}]}',
            None,
            120,
        ),
        ('{"currency": "usd", "offers": [{"credits": 3, "amount": 250}]}', None, 100),
        ('{"currency": "usd", "offers": [{"credits": 1, "amount": 120}]}', 75, 75),
    ],
)
def test_what_one_credit_costs(offers: str, credit_amount: int | None, wanted: int) -> None:
    """CREDIT_AMOUNT first, then the offer of a single one, and else 100."""
    price = wanted_price(read_offers(offers), credit_amount)
    assert (price.amount, price.currency, price.lookup_key) == (wanted, "usd", f"arcade_credit_usd_{wanted}")


def test_the_page_of_a_setup() -> None:
    """Lines end before column 40, with what changes first."""
    text = setup_text(
        ["make one thing that has a long name"], ["know this"], "with a live key", dry_run=False, width=40
    )
    assert text == ("Will change, with a live key:\n  - make one thing that has a long name\n  ! know this\n")
    assert setup_text([], [], "with a live key", dry_run=True, width=40) == f"{NOTHING}\n"
    assert setup_text([], ["know"], "here", dry_run=True, width=40) == "Nothing is changed:\n  ! know\n"
    assert setup_text(["a b"], [], "here", dry_run=True, width=6) == "Would change, here:\n  - a\n    b\n"
