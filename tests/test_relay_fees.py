"""What is left of a price after Stripe's fee, and the command that says it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cloud_relay.rules.selling.fees import advice, fee_of, fee_words, lost_percent
from cloud_relay.rules.selling.offers import Offer

ROOT = Path(__file__).parent.parent
ONE, THREE = Offer(1, 100, "usd"), Offer(3, 250, "usd")


@pytest.mark.parametrize(
    ("amount", "currency", "fee", "words"),
    [
        (100, "usd", 33, "2.9 % + $0.30"),
        (250, "usd", 37, "2.9 % + $0.30"),
        (100, "eur", 27, "1.5 % + \u20ac0.25"),
        (100, "gbp", 22, "1.5 % + \u00a30.20"),
        (100, "aud", 32, "1.7 % + A$0.30"),
        (300, "jpy", 11, "3.6 %"),
        (30_000, "huf", 8950, "1.5 % + HUF\xa085.00"),
        (1000, "krw", None, None),
    ],
)
def test_a_fee_is_a_share_and_a_fixed_sum(
    amount: int, currency: str, fee: int | None, words: str | None
) -> None:
    """As Stripe publishes it for each currency; where it does not, none is made up."""
    assert (fee_of(amount, currency), fee_words(currency)) == (fee, words)


@pytest.mark.parametrize(
    ("offers", "lines"),
    [
        (
            (ONE,),
            [
                "1 credit for $1.00 loses about 33 % (a third) to Stripe's fee: "
                "offer a bundle, such as 3 credits for $2.50 (15 %)."
            ],
        ),
        (
            (ONE, THREE),
            ["1 credit for $1.00 loses about 33 % (a third) to Stripe's fee, 3 credits for $2.50 only 15 %."],
        ),
        ((THREE,), []),
        ((Offer(1, 300, "jpy"),), []),
        ((Offer(1, 1000, "krw"),), []),
        (
            (Offer(1, 30, "gbp"),),
            [
                "1 credit for \u00a30.30 loses about 67 % to Stripe's fee: "
                "offer a bundle, such as 5 credits for \u00a31.20 (18 %)."
            ],
        ),
        (
            (Offer(100, 60, "usd"),),
            ["100 credits for $0.60 loses about 53 % (half) to Stripe's fee: sell more credits at once."],
        ),
    ],
)
def test_a_price_that_loses_much_is_named_with_what_would_keep_more(
    offers: tuple[Offer, ...], lines: list[str]
) -> None:
    """A bundle that is there, or one that could be."""
    assert advice(offers) == lines


@pytest.mark.parametrize(("amount", "percent"), [(100, 33), (187, 19), (50, 62), (99_999_999, 3)])
def test_what_is_lost_is_rounded_to_a_percent(amount: int, percent: int) -> None:
    """Of the price."""
    assert lost_percent(Offer(1, amount, "usd")) == percent


Command = Callable[[Any], subprocess.CompletedProcess[str]]


@pytest.fixture
def command() -> Command:
    """Runs `python -m cloud_relay offers` with nothing but the price list."""
    return lambda offers: subprocess.run(
        [sys.executable, "-m", "cloud_relay", "offers"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "OFFERS": json.dumps(offers), "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_command_lists_each_offer_with_its_fee_and_the_operators_share(command: Command) -> None:
    """It needs no secret, so that prices can be tried out anywhere."""
    bundle = [{"credits": 1, "amount": 100}, {"credits": 3, "amount": 250}]
    machines = {
        "flipper": {"currency": "krw", "offers": [{"credits": 1, "amount": 1000}]},
        "galaga-01": {"name": "Galaga"},
        "pong": {"offers": [{"credits": 1, "amount": 100}]},
    }
    done = command({"currency": "usd", "offers": bundle, "machines": machines})
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "machine       offer      price   fee    your share  lost",
        "flipper       1 credit   ₩1,000  ?      ?           ?",
        "pong          1 credit   $1.00   $0.33  $0.67       33 %",
        "(all others)  1 credit   $1.00   $0.33  $0.67       33 %",
        "(all others)  3 credits  $2.50   $0.37  $2.13       15 %",
        "Stripe's fee in KRW: not known here, see stripe.com/pricing.",
        "Stripe's fee in USD: 2.9 % + $0.30.",
        "About, for a card of the account's own country: others cost more, and your contract may differ.",
        "1 credit for $1.00 loses about 33 % (a third) to Stripe's fee: "
        "offer a bundle, such as 3 credits for $2.50 (15 %).",
        "1 credit for $1.00 loses about 33 % (a third) to Stripe's fee, 3 credits for $2.50 only 15 %.",
    ]


def test_the_command_names_all_that_stripe_would_refuse(command: Command) -> None:
    """As the relay does at its start."""
    wrong = [{"credits": 1, "amount": 10_050}, {"credits": 0, "amount": 10_000}]
    done = command({"currency": "isk", "offers": wrong})
    assert (done.returncode, done.stdout) == (78, "")
    assert done.stderr.splitlines() == [
        "The relay's environment is not usable:",
        "  OFFERS: offers[0].amount is 10050: Stripe charges isk in steps of 100: write 10000 or 10100",
        "  OFFERS: offers[1].credits is 0: write whole credits, 1 to 100",
    ]
