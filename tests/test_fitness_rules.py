"""What an answer of Stripe's proves of the relay's clock, and what a refusal says that a key lacks."""

from __future__ import annotations

from math import inf

import pytest

from cloud_relay.rules.fitness import (
    Cause,
    Offset,
    Trouble,
    clock_trouble,
    key_trouble,
    off_now_s,
    offset_by_answer,
    offset_by_signature,
    permissions_in,
)


@pytest.mark.parametrize(
    ("sent_s", "answered_s", "off_s"),
    [
        (1000.5, 1000.9, 0.0),
        (1009.0, 1009.9, 0.0),
        (1010.9, 1010.95, 5.0),  # Stripe's second had begun, and may have been nearly over
        (1012.0, 1012.4, 11.7),
        (1060.0, 1090.0, 74.5),  # slow, and all the same surely ahead
        (1000.0, 1060.0, 5.0),  # slow: it may have waited there, or on its way back
        (1010.5, 1011.5, 5.0),
        (989.0, 989.9, -11.05),
        (940.0, 941.0, -60.0),
        (985.0, 1001.0, 5.0),
        (1060.0, 900.0, 5.0),  # set back by a minute while Stripe answered
    ],
)
def test_an_answers_date_proves_what_it_can_and_no_more(
    sent_s: float, answered_s: float, off_s: float
) -> None:
    """It was set between question and answer; where that is not enough the opinion of before (5 s) stays."""
    assert off_now_s(5.0, offset_by_answer(sent_s, answered_s, 1000.0)) == pytest.approx(off_s)


@pytest.mark.parametrize(("received_s", "off_s"), [(1400.0, 0.0), (991.0, 0.0), (989.0, -11.0)])
def test_a_signature_proves_only_that_a_clock_is_behind(received_s: float, off_s: float) -> None:
    """One that is old has been late, or was sent again by whoever kept it."""
    assert off_now_s(0.0, offset_by_signature(received_s, 1000.0)) == off_s


def test_a_signature_does_not_prove_a_clock_right() -> None:
    """It says nothing of a clock that is ahead."""
    assert off_now_s(25.0, offset_by_signature(1025.0, 1000.0)) == 25.0


@pytest.mark.parametrize(("off_s", "told_s"), [(29.0, 25.0), (31.0, 31.0), (-25.0, -25.0)])
def test_a_clock_that_drifts_is_told_again_now_and_then(off_s: float, told_s: float) -> None:
    """Not with every answer."""
    assert off_now_s(25.0, Offset(off_s, off_s)) == told_s


def test_troubles_say_what_to_do() -> None:
    """By how much, and each missing permission once."""
    assert (clock_trouble(0.0), key_trouble([])) == (None, None)
    assert [each.words for each in (clock_trouble(25.4), clock_trouble(-3600.0)) if each] == [
        "the relay's clock is 25 s ahead of Stripe's: set it, best by NTP (sudo timedatectl set-ntp true)",
        "the relay's clock is 3600 s behind Stripe's: set it, best by NTP (sudo timedatectl set-ntp true)",
    ]
    missing = ["PaymentIntents: Write", "PaymentIntents: Write", "Charges and Refunds: Write"]
    assert key_trouble(missing) == Trouble(
        Cause.KEY,
        "the Stripe key lacks PaymentIntents: Write and Charges and Refunds: Write",
        "give it in Stripe's Dashboard, Developers, API keys, Edit key",
    )


def test_an_unmeasured_clock_is_neither_right_nor_wrong() -> None:
    """Nothing is proven by no bound."""
    assert (Offset(-inf, inf).is_right, Offset(-inf, inf).surely_off_s) == (False, None)
    assert (Offset(20.0, inf).surely_off_s, Offset(-inf, -20.0).surely_off_s) == (20.0, -20.0)


@pytest.mark.parametrize(
    ("refusal", "named"),
    [
        ("Having the 'rak_payment_intent_write' permission would allow", ["PaymentIntents: Write"]),
        ("Enabling \"Prices Read\" ('plan_read') permissions on this key", ["Prices: Read"]),
        (
            "Having the 'rak_charge_read', 'rak_dispute_read' permissions would allow",
            ["Charges and Refunds: Read", "Disputes: Read"],
        ),
        ("Having the 'rak_new_thing_write' permission would allow", ["new_thing: Write"]),
        ("Having more permissions would allow this request to continue.", []),
    ],
)
def test_a_permission_is_named_as_the_dashboard_names_it(refusal: str, named: list[str]) -> None:
    """In the words of Stripe's older and newer refusals."""
    assert permissions_in(refusal) == named
