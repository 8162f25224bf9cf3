"""POST /create-payment-link: the same request gives the same live link."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import stripe
from conftest import PASSWORDS
from relay_parts import API_KEY, OPERATOR_KEY, Cabinet, RelayUnderTest, relay_under_test
from werkzeug.test import TestResponse

from simulator.chain.broker import Broker
from simulator.stripe.model.objects.table import PaymentLink

OPERATOR = {"Authorization": f"Bearer {OPERATOR_KEY}"}


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """One broker for all of these tests."""
    with Broker(tmp_path_factory.mktemp("links"), PASSWORDS) as running:
        yield running


@pytest.fixture
def relay(broker: Broker) -> Iterator[RelayUnderTest]:
    """A relay with an empty book at Stripe."""
    with relay_under_test(broker) as running:
        yield running


def ask(relay: RelayUnderTest, headers: dict[str, str] | None = None, **said: Any) -> TestResponse:
    """Ask for a link, as the operator unless told otherwise."""
    body = {"machine_id": "galaga-01"} | said
    return relay.client.post("/create-payment-link", json=body, headers=headers or OPERATOR)


def links(relay: RelayUnderTest) -> list[PaymentLink]:
    """Every link at Stripe."""
    return list(relay.stripe.book.table(PaymentLink).values())


def test_a_link_reserves_and_its_payment_becomes_a_coin_pulse(relay: RelayUnderTest, broker: Broker) -> None:
    """Three units at two credits each."""
    price_id = relay.stripe.create_price(150, "usd", {"credits_per_unit": "2"})
    answer = ask(relay, price_id=price_id, quantity=3)
    (link,) = links(relay)
    assert (answer.status_code, answer.json) == (
        200,
        {
            "url": link.url,
            "id": link.id,
            "machine_id": "galaga-01",
            "credits": 6,
            "amount": 450,
            "currency": "usd",
        },
    )
    with Cabinet("galaga-01", broker) as cabinet:
        payment_id = relay.stripe.pay(link.url)
        pulse = cabinet.payload()
    assert (pulse["paymentId"], pulse["credits"], pulse["amount"]) == (payment_id, 6, 450)
    assert relay.payment(payment_id).status == "requires_capture"


def test_the_same_request_gives_the_same_link_also_at_once(relay: RelayUnderTest) -> None:
    """A printed code and a second one lead to the same place."""
    price_id = relay.stripe.create_price(100, "usd")
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: ask(relay, price_id=price_id), range(4)))
    answers.append(ask(relay, price_id=price_id))
    assert len({answer.json["url"] for answer in answers}) == 1
    assert len(links(relay)) == 1


def test_another_machine_quantity_or_price_is_another_link(relay: RelayUnderTest) -> None:
    """Nothing is sold under another's name."""
    price_id = relay.stripe.create_price(100, "usd")
    dearer_id = relay.stripe.create_price(200, "usd")
    answers = [
        ask(relay, price_id=price_id),
        ask(relay, price_id=price_id, machine_id="pacman-02"),
        ask(relay, price_id=price_id, quantity=2),
        ask(relay, price_id=dearer_id),
    ]
    assert len({answer.json["url"] for answer in answers}) == 4


def test_two_prices_that_are_equal_in_all_else_have_links_of_their_own(relay: RelayUnderTest) -> None:
    """What the operator does at Stripe with one price's link must not touch the other's."""
    price_ids = [relay.stripe.create_price(100, "usd") for _ in range(2)]
    answers = [ask(relay, price_id=price_id).json for price_id in price_ids]
    assert answers[0]["url"] != answers[1]["url"]
    assert [link.metadata["price_id"] for link in links(relay)] == price_ids
    assert [ask(relay, price_id=price_id).json for price_id in price_ids] == answers


def test_a_retired_link_is_not_given_again(relay: RelayUnderTest) -> None:
    """Not even from Stripe's memory of the request that made it."""
    price_id = relay.stripe.create_price(100, "usd")
    retired = ask(relay, price_id=price_id).json
    client = stripe.StripeClient(API_KEY, base_addresses={"api": relay.stripe.api_url})
    client.v1.payment_links.update(retired["id"], params={"active": False})
    fresh = ask(relay, price_id=price_id).json
    assert fresh["url"] != retired["url"]
    assert ask(relay, price_id=price_id).json == fresh


def test_a_link_is_found_behind_a_hundred_others(relay: RelayUnderTest) -> None:
    """Stripe lists a hundred at a time, newest first."""
    price_id = relay.stripe.create_price(100, "usd")
    first = ask(relay, price_id=price_id).json
    client = stripe.StripeClient(API_KEY, base_addresses={"api": relay.stripe.api_url})
    for _ in range(101):
        client.v1.payment_links.create(params={"line_items": [{"price": price_id, "quantity": 1}]})
    assert ask(relay, price_id=price_id).json == first


def test_the_default_price_is_the_one_in_the_settings(relay: RelayUnderTest) -> None:
    """Which this Stripe does not have."""
    answer = ask(relay)
    error = "price_id is price_1Default: Stripe knows no such price"
    assert (answer.status_code, answer.json) == (422, {"error": error})


def test_a_machine_may_make_links_for_itself_only(relay: RelayUnderTest) -> None:
    """The operator may for all."""
    price_id = relay.stripe.create_price(100, "usd")
    own = ask(relay, headers=relay.token("galaga-01"), price_id=price_id)
    other = ask(relay, headers=relay.token("pacman-02"), price_id=price_id)
    assert (own.status_code, other.status_code) == (200, 401)


def test_without_an_operator_key_in_the_settings_none_opens(broker: Broker) -> None:
    """An empty key is no key."""
    with relay_under_test(broker, OPERATOR_KEY=None) as relay:
        for header in ({"Authorization": "Bearer "}, {"Authorization": "Bearer None"}, OPERATOR):
            assert ask(relay, headers=header).status_code == 401


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ({"machine_id": None}, "machine_id is None"),
        ({"machine_id": "a/b"}, "machine_id is 'a/b'"),
        ({"machine_id": ["galaga-01"]}, "machine_id is ['galaga-01']"),
        ({"price_id": "prod_1"}, "price_id is 'prod_1'"),
        ({"price_id": "price_1/../x"}, "price_id is 'price_1/../x'"),
        ({"price_id": 7}, "price_id is 7"),
        ({"quantity": True}, "quantity is True"),
        ({"quantity": "3"}, "quantity is '3'"),
        ({"quantity": 1.5}, "quantity is 1.5"),
        ({"quantity": 0}, "quantity is 0"),
        ({"quantity": 101}, "quantity is 101"),
    ],
)
def test_a_malformed_request_is_a_400_that_names_the_value(
    relay: RelayUnderTest, said: dict[str, Any], says: str
) -> None:
    """And makes no link, of a price that would sell."""
    answer = ask(relay, **({"price_id": relay.stripe.create_price(100, "usd")} | said))
    assert answer.status_code == 400
    assert says in answer.json["error"]
    assert links(relay) == []


@pytest.mark.parametrize(
    ("unit_amount", "per_unit", "quantity", "says"),
    [
        (100, "0.5", 1, "0 credits cannot be sold"),
        (100, "2", 51, "102 credits cannot be sold"),
        (100, "many", 1, "credits_per_unit is 'many'"),
        (20, "1", 2, "is 40 usd: write whole minor units of usd, 50 to 99999999"),
    ],
)
def test_a_price_that_buys_nothing_sellable_is_a_422(
    relay: RelayUnderTest, unit_amount: int, per_unit: str, quantity: int, says: str
) -> None:
    """Better here than at the machine; and there is no link to pay by."""
    price_id = relay.stripe.create_price(unit_amount, "usd", {"credits_per_unit": per_unit})
    answer = ask(relay, price_id=price_id, quantity=quantity)
    assert answer.status_code == 422
    assert says in answer.json["error"]
    assert links(relay) == []


def test_stripe_away_is_a_503(relay: RelayUnderTest) -> None:
    """The operator tries again."""
    price_id = relay.stripe.create_price(100, "usd")
    relay.stripe.fail_next(status=429, path_prefix="/v1/prices")
    assert [ask(relay, price_id=price_id).status_code for _ in range(2)] == [503, 200]
