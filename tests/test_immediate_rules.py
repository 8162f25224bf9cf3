"""Which sessions of older links are this relay's, and what is written beside their payments."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cloud_relay.rules.immediate import (
    COMPLETED,
    MONEY_CAME,
    ImmediateSale,
    sale_in,
    seconds_in,
    window_begins_s,
)
from cloud_relay.rules.open_payment import RESERVATION_S, OpenPayment
from cloud_relay.rules.orders import Order, Ownership
from cloud_relay.rules.tidy_rules import GiveBack, Republish, Rules

OURS = Order("galaga-01", 3, 250, "usd").metadata()
OWNERSHIP = Ownership("tag")
SALE = ImmediateSale("pi_1", OURS, 250, "usd", made_s=900, paid=True)
PAYMENT = OpenPayment("pi_1", OURS, 250, "usd", 1000, 990, 1000 + RESERVATION_S, immediate=True)
RULES = Rules(window_s=180, release_after_s=72 * 3600)


def event(kind: str = COMPLETED, **changes: Any) -> dict[str, Any]:
    """The event of a paid session, 100 s after it was made."""
    session = {
        "created": 900,
        "payment_status": "paid",
        "payment_method_types": ["card", "us_bank_account"],
        "payment_intent": "pi_1",
        "amount_total": 250,
        "currency": "usd",
        "metadata": OURS,
    } | changes
    return {"type": kind, "created": 1000, "data": {"object": session}}


@pytest.mark.parametrize(
    ("said", "sale"),
    [
        (event(), SALE),
        (event(payment_method_types=["card"]), SALE),
        (event(payment_status="unpaid"), replace(SALE, paid=False, ordered_s=1000)),
        (
            event(payment_status="unpaid", payment_method_types=None),
            replace(SALE, paid=False, ordered_s=1000),
        ),
        (event(MONEY_CAME), replace(SALE, came_s=1000)),
        (event(payment_status="unpaid", payment_method_types=["card"]), None),
        (event(payment_intent=None), None),
        (event(metadata=None), None),
        (event(metadata={"order": "7"}), None),
        (event(metadata=OURS | {"relay": "another"}), None),
    ],
)
def test_a_session_is_an_immediate_sale_of_ours_or_not(
    said: dict[str, Any], sale: ImmediateSale | None
) -> None:
    """A card alone, complete and unpaid, is a reservation; nothing is asked of Stripe for it."""
    assert sale_in(said, OWNERSHIP) == sale


def test_the_marks_are_the_order_and_its_times_and_nothing_else() -> None:
    """Stripe keeps fifty keys, and a link may bring its own."""
    marks = OURS | {"immediate": "1", "session_made": "900"}
    more = {"relay": "tag", "price_id": "price_1"}
    assert SALE.marks == marks
    assert replace(SALE, metadata=OURS | more, came_s=5000).marks == marks | {
        "relay": "tag",
        "money_came": "5000",
    }
    assert replace(SALE, ordered_s=950).marks == marks | {"ordered": "950"}


@pytest.mark.parametrize(
    ("marks", "begins_s"),
    [
        ({"session_made": "900"}, 5000),
        ({"session_made": "900", "ordered": "950"}, 950),
        ({"session_made": "900", "ordered": "950", "money_came": "5001"}, 950),
        ({"session_made": "900", "money_came": "5001"}, 900),
        ({"session_made": "900", "ordered": "6000"}, 5000),
        ({"session_made": "900", "ordered": "never"}, 5000),
    ],
)
def test_the_window_of_a_deferred_method_begins_with_its_order(marks: dict[str, str], begins_s: int) -> None:
    """A voucher is paid in a shop, days after its player has left."""
    assert window_begins_s(marks, 5000) == begins_s


@pytest.mark.parametrize(
    ("changes", "is_ours"),
    [
        ({}, True),
        ({"quantity": "101"}, True),
        ({"amount": "1"}, False),
        ({"machine_id": "washer no. 4"}, False),
        ({"amount": "1", "relay": "tag"}, True),
    ],
)
def test_an_order_that_cannot_be_believed_is_ours_only_with_our_tag(
    changes: dict[str, str], is_ours: bool
) -> None:
    """The account may sell other things; what we sold ourselves and cannot be credited goes back."""
    assert replace(SALE, metadata=OURS | changes).is_ours(OWNERSHIP, 100) is is_ours


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("900", 900),
        ("", None),
        ("-1", None),
        ("1e3", None),
        ("²", None),
        ("99999999999", 99999999999),
        ("9" * 12, None),
    ],
)
def test_a_time_that_somebody_changed_is_none(text: str, seconds: int | None) -> None:
    """Metadata can be edited in the dashboard."""
    assert seconds_in({"made": text}, "made") == seconds
    assert seconds_in({}, "made") is None


@pytest.mark.parametrize(
    ("came_s", "age_s", "step"),
    [
        (1060, 60, Republish(90)),
        (1180, 500, None),
        (1181, 500, GiveBack()),
        (None, 500, None),
        (1181, 181, GiveBack()),
    ],
)
def test_money_that_came_after_the_window_goes_back_at_once(
    came_s: int | None, age_s: int, step: object
) -> None:
    """No cabinet can have heard of it; any other waits for its receipt."""
    payment = replace(PAYMENT, came_s=came_s)
    found = RULES.step(payment, payment.created_s + age_s)
    assert found == step if step else found != GiveBack()
    assert (RULES.release_due_s(payment) == 1180) is (came_s == 1181)
