"""What a player reads on the bank's statement, and what Stripe is asked to sell."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from conftest import PASSWORDS
from relay_parts import OFFERS, OPERATOR_KEY, Cabinet, RelayUnderTest, relay_under_test

from cloud_relay.rules.statement import SaleWords, sale_words, statement_suffix
from simulator.chain.broker import Broker
from simulator.stripe.model.objects.table import CheckoutSession, PaymentLink
from simulator.stripe.model.payer import Payer

OPERATOR = {"Authorization": f"Bearer {OPERATOR_KEY}"}


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """One broker for all of these tests."""
    with Broker(tmp_path_factory.mktemp("statement"), PASSWORDS) as running:
        yield running


@pytest.fixture
def relay(broker: Broker) -> Iterator[RelayUnderTest]:
    """A relay whose webhooks are lost."""
    with relay_under_test(broker) as running:
        running.stripe.webhooks.url = None
        yield running


@pytest.mark.parametrize(
    ("name", "machine_id", "suffix"),
    [
        ("Galaga", "galaga-01", "Galaga"),
        ("Pokémon  Ñandú", "m", "Pokemon Na"),
        ("Street Fighter II", "sf", "Street Fig"),
        ("Space   <Ace>*", "m", "Space Ace"),
        ('"O\'Brian\\s"', "m", "OBrians"),
        ("🎮 Pac-Man 🎮", "m", "Pac-Man"),
        ("الباكمان", "pacman-02", "pacman-02"),
        ("銀河", "01", "GAME 01"),
        ("1942", "1942", "GAME 1942"),
        ("1234567890 a", "m-1", "m-1"),
        ("\uff27\uff21\uff2c\uff21\uff27\uff21\uff1c\uff11\uff1e", "m", "GALAGA1"),
        ("\x07\u200b", "x" * 64, "x" * 10),
    ],
)
def test_a_name_becomes_what_a_bank_can_print(name: str, machine_id: str, suffix: str) -> None:
    """Latin, with a letter, and short enough for the longest prefix; else it is the machine's id."""
    assert statement_suffix(name, machine_id) == suffix


def sold(relay: RelayUnderTest, offer: str = "1-100-usd") -> CheckoutSession:
    """What pressing one of the door's buttons makes."""
    with Cabinet("galaga-01", relay.broker) as cabinet:
        cabinet.say()
        answer = relay.client.post("/p/galaga-01", data={"offer": offer})
    assert answer.status_code == 303
    return list(relay.stripe.book.table(CheckoutSession).values())[-1]


def test_a_sale_by_the_door_leaves_nothing_to_the_payer_or_to_defaults(relay: RelayUnderTest) -> None:
    """Currency, tax, quantity, and the words by which a player recognises the charge."""
    session = sold(relay)
    laid_down = (session.currency_is_fixed, session.automatic_tax, session.adaptive_pricing)
    assert laid_down == (True, False, False)
    assert [line.adjustable for line in session.lines] == [False]
    payment_id = relay.stripe.pay(session.id, Payer("eur"))
    charge = relay.stripe.book.charges[relay.stripe.book.intents[payment_id].latest_charge or ""]
    assert (charge.amount, charge.currency) == (100, "usd")
    assert charge.description == "1 credit - Galaga"
    assert charge.calculated_statement_descriptor == "ARCADE* Galaga"


def test_a_link_names_its_currency_its_machine_and_no_tax(relay: RelayUnderTest) -> None:
    """A price in two currencies is charged in the one that was ordered."""
    price_id = relay.stripe.create_price(100, "usd", currency_options={"eur": 90})
    asked = {"machine_id": "galaga-01", "price_id": price_id, "quantity": 3}
    url = relay.client.post("/create-payment-link", json=asked, headers=OPERATOR).json["url"]
    (link,) = relay.stripe.book.table(PaymentLink).values()
    assert (link.currency, link.automatic_tax, [line.adjustable for line in link.lines]) == (
        "usd",
        False,
        [False],
    )
    intent = relay.stripe.book.intents[relay.stripe.pay(url, Payer("eur"))]
    assert (intent.amount, intent.currency, intent.status) == (300, "usd", "requires_capture")
    assert (intent.description, intent.statement_descriptor_suffix) == ("3 credits - Galaga", "Galaga")


def test_a_sale_does_not_hang_on_the_words_on_a_statement(relay: RelayUnderTest) -> None:
    """An account whose prefix leaves no room for any name sells all the same, by door and by link."""
    relay.stripe.change_account(statement_prefix="ARCADE AT THE PIER")
    payment_id = relay.stripe.pay(sold(relay).id)
    intent = relay.stripe.book.intents[payment_id]
    assert (intent.status, intent.statement_descriptor_suffix) == ("requires_capture", None)
    price_id = relay.stripe.create_price(100, "usd")
    asked = {"machine_id": "galaga-01", "price_id": price_id}
    answers = [relay.client.post("/create-payment-link", json=asked, headers=OPERATOR) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert len({answer.json["url"] for answer in answers}) == 1


@pytest.mark.parametrize("name", ["🕹", "الباكمان", "<b>'\"*", "G" * 60])
def test_any_name_in_the_offers_can_be_sold(broker: Broker, name: str) -> None:
    """Names may hold anything; Stripe takes what comes of each."""
    offers = {**OFFERS, "machines": {"galaga-01": {"name": name}}}
    with relay_under_test(broker, OFFERS=json.dumps(offers)) as relay:
        relay.stripe.webhooks.url = None
        intent = relay.stripe.book.intents[relay.stripe.pay(sold(relay).id)]
    assert intent.description == f"1 credit - {name}"
    assert intent.statement_descriptor_suffix == statement_suffix(name, "galaga-01")


@pytest.mark.parametrize(
    ("currency", "amount"),
    [("isk", 10_000), ("ugx", 400_000), ("kwd", 250), ("jpy", 100), ("krw", 1000), ("huf", 20_000)],
)
def test_a_price_of_any_kind_of_currency_is_sold_as_it_is_offered(
    broker: Broker, currency: str, amount: int
) -> None:
    """Whole units, thousandths, or none at all."""
    offers = {"currency": currency, "offers": [{"credits": 1, "amount": amount}]}
    with relay_under_test(broker, OFFERS=json.dumps(offers)) as relay:
        relay.stripe.webhooks.url = None
        intent = relay.stripe.book.intents[relay.stripe.pay(sold(relay, f"1-{amount}-{currency}").id)]
    assert (intent.amount, intent.currency, intent.status) == (amount, currency, "requires_capture")


def test_a_sales_words_are_made_once() -> None:
    """The payment page, the receipt and the statement agree."""
    assert sale_words("3 credits", "Galaga", "g-1") == SaleWords("3 credits - Galaga", "Galaga")
