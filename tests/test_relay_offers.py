"""What the relay sells, and what was bought: the OFFERS setting and a payment's metadata, by their texts."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from cloud_relay.rules.open_list import open_row
from cloud_relay.rules.open_payment import RESERVATION_S, OpenPayment
from cloud_relay.rules.orders import (
    BadOrder,
    Order,
    Ownership,
    UnsellableCredits,
    immediate_order_from,
    order_from,
)
from cloud_relay.rules.selling.currencies import price_problem
from cloud_relay.rules.selling.offers import Offer, PriceList
from cloud_relay.rules.selling.offers_setting import read_offers
from cloud_relay.rules.tidy_rules import Rules
from simulator.stripe.model.errors import Refusal
from simulator.stripe.model.money import MINIMUM_CHARGE, US_CENTS, check_chargeable, decimals

ONE = {"credits": 1, "amount": 100}
GOOD = {"currency": "usd", "offers": [ONE]}
AN_OBJECT = "write a JSON object"
LETTERS = "write three small letters such as usd"
A_LIST = "write a list of 1 to 6 offers"
CREDITS = "write whole credits, 1 to 100"
AMOUNT = "write whole minor units of usd, 50 to 99999999"
AN_ID = "a machine id is 1 to 64 of A-Z a-z 0-9 _ -"
A_NAME = "write 1 to 60 characters"
ORDER = Order("galaga-01", 3, 250, "usd")


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"currency": None}, f"currency is None: {LETTERS}"),
        ({"currency": "USD"}, f"currency is 'USD': {LETTERS}"),
        ({"currency": "usdt"}, f"currency is 'usdt': {LETTERS}"),
        ({"offers": None}, f"offers: {A_LIST}"),
        ({"offers": []}, f"offers: {A_LIST}"),
        ({"offers": [ONE] * 7}, f"offers: {A_LIST}"),
        ({"offers": {"0": ONE}}, f"offers: {A_LIST}"),
        ({"offers": [ONE, 1]}, f"offers[1] is int: {AN_OBJECT}"),
        ({"offers": [ONE | {"credits": None}]}, f"offers[0].credits is None: {CREDITS}"),
        ({"offers": [ONE | {"credits": 0}]}, f"offers[0].credits is 0: {CREDITS}"),
        ({"offers": [ONE | {"credits": 101}]}, f"offers[0].credits is 101: {CREDITS}"),
        ({"offers": [ONE | {"credits": True}]}, f"offers[0].credits is True: {CREDITS}"),
        ({"offers": [ONE | {"credits": "1"}]}, f"offers[0].credits is '1': {CREDITS}"),
        ({"offers": [ONE | {"amount": 49}]}, f"offers[0].amount is 49: {AMOUNT}"),
        ({"offers": [ONE | {"amount": 10**8}]}, f"offers[0].amount is 100000000: {AMOUNT}"),
        ({"offers": [ONE | {"amount": 1.5}]}, f"offers[0].amount is 1.5: {AMOUNT}"),
        ({"offers": [ONE | {"amount": "x" * 99}]}, f"offers[0].amount is '{'x' * 79}: {AMOUNT}"),
        ({"machines": []}, f"machines is list: {AN_OBJECT}"),
        ({"machines": {"m": []}}, f"machines.m is list: {AN_OBJECT}"),
        ({"machines": {"a/b": {}}}, f"machines.a/b: {AN_ID}"),
        ({"machines": {"x" * 99: {}}}, f"machines.{'x' * 80}: {AN_ID}"),
        ({"machines": {"m": {"name": ""}}}, f"machines.m.name: {A_NAME}"),
        ({"machines": {"m": {"name": " "}}}, f"machines.m.name: {A_NAME}"),
        ({"machines": {"m": {"name": "x" * 61}}}, f"machines.m.name: {A_NAME}"),
        ({"machines": {"m": {"name": 7}}}, f"machines.m.name: {A_NAME}"),
        ({"machines": {"m": {"currency": "eur"}}}, f"machines.m.offers: {A_LIST}"),
        (
            {"machines": {"m": {"currency": "EUR", "offers": [ONE]}}},
            f"machines.m.currency is 'EUR': {LETTERS}",
        ),
        ({"machines": {"m": {"offers": [{"credits": 1}]}}}, f"machines.m.offers[0].amount is None: {AMOUNT}"),
    ],
)
def test_wrong_offers_are_refused_with_their_place_and_remedy(change: dict[str, Any], error: str) -> None:
    """A price is never guessed, and each is wrong in one thing only."""
    assert read_offers(json.dumps(GOOD)).default == (Offer(1, 100, "usd"),)
    with pytest.raises(ValueError, match=f"^{re.escape(error)}$"):
        read_offers(json.dumps(GOOD | change))


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("cheap", "is not JSON: Expecting value: line 1 column 1 (char 0)"),
        ("[]", f"OFFERS is list: {AN_OBJECT}"),
    ],
)
def test_offers_that_are_no_object_are_refused(text: str, error: str) -> None:
    """The whole setting is one JSON object."""
    with pytest.raises(ValueError, match=f"^{re.escape(error)}$"):
        read_offers(text)


def test_the_limits_belong_to_what_may_be_sold() -> None:
    """Six offers, 100 credits, the least charge and eight digits, and a name of 60 letters."""
    edges = [{"credits": 100, "amount": 99_999_999}, {"credits": 1, "amount": 50}, *[ONE] * 4]
    said = {"currency": "usd", "offers": edges, "machines": {"m" * 64: {"name": "n" * 60}}}
    offers = read_offers(json.dumps(said))
    assert offers.default == (Offer(100, 99_999_999, "usd"), Offer(1, 50, "usd"), *[Offer(1, 100, "usd")] * 4)
    assert offers.of("m" * 64) == PriceList("n" * 60, offers.default)


def test_the_least_price_is_that_of_the_offers_own_currency() -> None:
    """0.30 GBP can be charged, 0.30 USD cannot."""
    said = {"currency": "gbp", "offers": [{"credits": 1, "amount": 30}]}
    assert read_offers(json.dumps(said)).default == (Offer(1, 30, "gbp"),)
    error = "offers[0].amount is 29: write whole minor units of gbp, 30 to 99999999"
    with pytest.raises(ValueError, match=f"^{re.escape(error)}$"):
        read_offers(json.dumps({"currency": "gbp", "offers": [{"credits": 1, "amount": 29}]}))


@pytest.mark.parametrize(
    ("currency", "amount", "right"),
    [
        ("isk", 10_050, "Stripe charges isk in steps of 100: write 10000 or 10100"),
        ("ugx", 400_001, "Stripe charges ugx in steps of 100: write 400000 or 400100"),
        ("kwd", 1_255, "Stripe charges kwd in steps of 10: write 1250 or 1260"),
        ("isk", 100, "write whole minor units of isk in steps of 100, 5500 to 99999900"),
        ("kwd", 99_999_995, "Stripe charges kwd in steps of 10: write 99999990"),
        ("krw", 100, "write whole minor units of krw, 630 to 99999999"),
        ("huf", 10_000, "write whole minor units of huf, 17500 to 999999999"),
        ("jpy", 49, "write whole minor units of jpy, 50 to 999999999"),
        ("idr", 10**9, "write whole minor units of idr, 740000 to 999999999"),
        ("eur", 49, "write whole minor units of eur, 50 to 99999999"),
    ],
)
def test_a_price_that_stripe_would_refuse_says_what_would_be_right(
    currency: str, amount: int, right: str
) -> None:
    """Its step, its least charge or its worth, and its digits."""
    said = {"currency": currency, "offers": [{"credits": 1, "amount": amount}]}
    with pytest.raises(ValueError, match=f"^{re.escape(f'offers[0].amount is {amount}: {right}')}$"):
        read_offers(json.dumps(said))


def test_a_currency_that_stripe_does_not_know_is_refused() -> None:
    """Three letters alone are none."""
    error = (
        "currency is 'xxx': Stripe charges in no such currency. "
        "Write one of docs.stripe.com/currencies, such as usd"
    )
    with pytest.raises(ValueError, match=f"^{re.escape(error)}$"):
        read_offers(json.dumps(GOOD | {"currency": "xxx"}))


@pytest.mark.parametrize(
    ("currency", "amount"),
    [("usd", 50), ("isk", 10_000), ("ugx", 400_000), ("kwd", 250), ("krw", 1000), ("idr", 999_999_999)],
)
def test_what_stripe_charges_can_be_sold(currency: str, amount: int) -> None:
    """In every kind of currency."""
    said = {"currency": currency, "offers": [{"credits": 1, "amount": amount}]}
    assert read_offers(json.dumps(said)).default == (Offer(1, amount, currency),)


def worth_in_us_cents(amount: int, currency: str) -> float:
    """What it is worth by the stand-in's rates; a dollar where Stripe's own least charge is what counts."""
    return US_CENTS[currency] * amount / 10 ** decimals(currency) if currency in US_CENTS else 100


@pytest.mark.parametrize("currency", sorted({*MINIMUM_CHARGE, *US_CENTS}))
def test_stripe_charges_what_is_sold_and_refuses_what_is_not(currency: str) -> None:
    """Rates move: what is worth almost half a dollar is left out here, for it may be either."""
    digits = (1, 49, 50, 99, 105, 125, 1000, 1255, 17_500, 100_050, 999_990, 99_999_999, 10**8, 10**9 - 1)
    for amount in (number * step for number in digits for step in (1, 10, 100)):
        if 40 <= worth_in_us_cents(amount, currency) <= 60 or amount >= 10**9:
            continue
        try:
            check_chargeable(amount, currency, "amount")
        except Refusal:
            assert price_problem(amount, currency) is not None, amount
        else:
            assert price_problem(amount, currency) is None, amount


def test_all_that_is_wrong_with_offers_is_said_at_once() -> None:
    """Nobody wants to start the relay five times."""
    said = {
        "currency": "usd",
        "offers": [{"credits": 0, "amount": 49}, 7, ONE],
        "machines": {
            "a/b": {},
            "m": {"name": "", "currency": "isk", "offers": [{"credits": 1, "amount": 9950}]},
            "n": {"currency": "xxx", "offers": [ONE]},
        },
    }
    with pytest.raises(ValueError, match="offers") as wrong:
        read_offers(json.dumps(said))
    assert str(wrong.value).splitlines() == [
        f"offers[0].credits is 0: {CREDITS}",
        f"offers[0].amount is 49: {AMOUNT}",
        f"offers[1] is int: {AN_OBJECT}",
        f"machines.a/b: {AN_ID}",
        f"machines.m.name: {A_NAME}",
        "machines.m.offers[0].amount is 9950: Stripe charges isk in steps of 100: write 9900 or 10000",
        "machines.n.currency is 'xxx': Stripe charges in no such currency. "
        "Write one of docs.stripe.com/currencies, such as usd",
    ]


def test_a_machines_own_offers_are_in_its_own_currency_or_in_that_of_all() -> None:
    """Without a name it goes by its id."""
    machines = {
        "flipper": {"currency": "jpy", "offers": [{"credits": 2, "amount": 300}]},
        "pong": {"name": "Pong", "offers": [{"credits": 5, "amount": 400}]},
    }
    offers = read_offers(json.dumps(GOOD | {"machines": machines}))
    assert offers.of("flipper") == PriceList("flipper", (Offer(2, 300, "jpy"),))
    assert offers.of("pong") == PriceList("Pong", (Offer(5, 400, "usd"),))
    assert offers.of("other") == PriceList("other", (Offer(1, 100, "usd"),))


def test_an_offer_is_told_by_its_button_its_words_and_its_price() -> None:
    """The price is part of what the button sends, so that an old page cannot sell at another."""
    one, three = Offer(1, 100, "usd"), Offer(3, 250, "chf")
    assert [(each.key, each.words, each.price) for each in (one, three)] == [
        ("1-100-usd", "1 credit", "$1.00"),
        ("3-250-chf", "3 credits", "CHF\xa02.50"),
    ]
    assert three.order_for("galaga-01") == Order("galaga-01", 3, 250, "chf")


# What was bought


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"machine_id": "a/b"}, "machine_id is 'a/b': 1 to 64 of A-Z a-z 0-9 _ -"),
        ({"machine_id": "x" * 99}, f"machine_id is '{'x' * 80}': 1 to 64 of A-Z a-z 0-9 _ -"),
        ({"machine_id": None}, "machine_id is '': 1 to 64 of A-Z a-z 0-9 _ -"),
        ({"quantity": "9" * 10}, "quantity is '9999999999': a whole number was expected"),
        ({"quantity": "x" * 99}, f"quantity is '{'x' * 80}': a whole number was expected"),
        ({"quantity": None}, "quantity is '': a whole number was expected"),
        ({"credits_per_unit": "1/3"}, "credits_per_unit is '1/3': write a number such as 1 or 0.5"),
        ({"amount": None}, "amount is '': a whole number was expected"),
        ({"amount": "249"}, "paid 250 usd, but 249 usd was ordered"),
        ({"currency": None}, "paid 250 usd, but 250 None was ordered"),
    ],
)
def test_metadata_that_cannot_be_believed_says_what_is_wrong(change: dict[str, Any], error: str) -> None:
    """The operator reads it beside the payment's id."""
    metadata = {key: value for key, value in (ORDER.metadata() | change).items() if value is not None}
    with pytest.raises(BadOrder) as refused:
        order_from(metadata, 250, "usd")
    assert str(refused.value) == error


def test_an_order_is_kept_as_text_by_the_names_that_links_have_too() -> None:
    """Stripe keeps strings only."""
    assert ORDER.metadata() == {
        "machine_id": "galaga-01",
        "quantity": "3",
        "credits_per_unit": "1",
        "amount": "250",
        "currency": "usd",
    }


def test_metadata_without_credits_per_unit_has_one_for_each() -> None:
    """Links of the ancestor's do not say it."""
    metadata = {"machine_id": "galaga-01", "quantity": "3", "amount": "250", "currency": "usd"}
    assert order_from(metadata, 250, "usd") == ORDER


@pytest.mark.parametrize(("quantity", "sold"), [("0", False), ("1", True), ("100", True), ("101", False)])
def test_one_to_a_hundred_credits_are_sold(quantity: str, sold: bool) -> None:
    """What a machine takes at once."""
    metadata = ORDER.metadata() | {"quantity": quantity}
    if sold:
        assert order_from(metadata, 250, "usd").credits == int(quantity)
        return
    with pytest.raises(UnsellableCredits) as refused:
        order_from(metadata, 250, "usd")
    assert str(refused.value) == f"{quantity} credits cannot be sold: 1 to 100 can"


@pytest.mark.parametrize(
    ("metadata", "credits"),
    [
        ({}, 2),
        ({"quantity": "3"}, 3),
        ({"quantity": "3", "credits_per_unit": "2"}, 6),
        ({"quantity": "5", "amount": "299", "currency": "usd"}, 5),
    ],
)
def test_a_payment_charged_at_once_may_say_little(metadata: dict[str, str], credits: int) -> None:
    """Of 2.99 two credits at a dollar each, unless its link says how many."""
    order = immediate_order_from({"machine_id": "galaga-01"} | metadata, 299, "usd", 100)
    assert order == Order("galaga-01", credits, 299, "usd")


def test_a_payment_charged_at_once_is_held_to_what_it_says() -> None:
    """Another amount than was ordered is believed as little as with a reservation."""
    metadata = {"machine_id": "galaga-01", "quantity": "3", "amount": "250", "currency": "usd"}
    with pytest.raises(BadOrder, match="paid 299 usd, but 250 usd was ordered"):
        immediate_order_from(metadata, 299, "usd", 100)


@pytest.mark.parametrize(
    ("metadata", "with_untagged", "tagged_only"),
    [
        ({"machine_id": "galaga-01", "relay": "ours"}, True, True),
        ({"machine_id": "galaga-01", "relay": "theirs"}, False, False),
        ({"machine_id": "galaga-01"}, True, False),
        ({"relay": "ours"}, False, False),
        ({"order": "7"}, False, False),
    ],
)
def test_whose_a_payment_is(metadata: dict[str, str], with_untagged: bool, tagged_only: bool) -> None:
    """The account may sell other things too, and be another relay's as well."""
    whose = (Ownership("ours").owns(metadata), Ownership("ours", takes_untagged=False).owns(metadata))
    assert whose == (with_untagged, tagged_only)


def test_an_open_payment_is_a_row_for_people_and_for_programs() -> None:
    """With its age, what is left of its window, and when it is released."""
    charged_s = 1_700_000_000
    paid = OpenPayment("pi_1", ORDER.metadata(), 250, "usd", charged_s, charged_s, charged_s + RESERVATION_S)
    row = open_row(paid, Rules(window_s=180, release_after_s=3600), charged_s + 65)
    assert row.cells == ("pi_1", "galaga-01", "$2.50", "1 min 5 s", "115 s", "in its credit window")
    assert row.as_json == {
        "paymentId": "pi_1",
        "machineId": "galaga-01",
        "amount": 250,
        "currency": "usd",
        "ageS": 65,
        "secondsLeft": 115,
        "why": "in its credit window",
        "releaseDue": "2023-11-14T23:13:20Z",
    }


def test_a_payment_that_names_no_machine_is_of_none() -> None:
    """It is listed to its operator all the same."""
    assert OpenPayment("pi_1", {}, 250, "usd", 0, 0, RESERVATION_S).machine_id == ""
