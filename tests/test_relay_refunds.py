"""POST /refunds: the operator's page gives money back, once, as the command does."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from conftest import PASSWORDS
from relay_parts import OPERATOR_KEY, RelayUnderTest, environment, relay_beside, relay_under_test

from cloud_relay.__main__ import main
from cloud_relay.routes.refunds import RATE
from cloud_relay.rules.orders import Order
from cloud_relay.rules.tokens import relay_tag
from simulator.chain.broker import Broker

OPERATOR = {"Authorization": f"Bearer {OPERATOR_KEY}"}


@pytest.fixture(scope="module")
def shared_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """One broker for all: nothing here uses it."""
    with Broker(tmp_path_factory.mktemp("refunds"), PASSWORDS) as running:
        yield running


@pytest.fixture
def relay(shared_broker: Broker) -> Iterator[RelayUnderTest]:
    """A relay with a Stripe of its own, whose webhooks are lost."""
    with relay_under_test(shared_broker) as running:
        running.stripe.webhooks.url = None
        yield running


def paid(relay: RelayUnderTest) -> str:
    """A reservation of 2.50 USD for three credits of one of our machines."""
    order = Order("galaga-01", 3, 250, "usd").metadata()
    return relay.pay_in_secret(relay.settings.stripe.ownership.mark(order))


def ask(relay: RelayUnderTest, body: Any, headers: dict[str, str] | None = None) -> tuple[int, str]:
    """The answer's status, and what it says."""
    answer = relay.client.post("/refunds", json=body, headers=OPERATOR if headers is None else headers)
    return answer.status_code, answer.json.get("message") or answer.json["error"]


def test_a_reservation_is_released_and_a_charge_refunded_once(relay: RelayUnderTest) -> None:
    """The second time nothing is left."""
    held, charged = paid(relay), paid(relay)
    relay.stripe.capture(charged)
    assert [ask(relay, {"payment_id": each}) for each in (held, charged)] == [
        (200, f"Released {held}: $2.50 were reserved, nothing is charged."),
        (200, f"Refunded $2.50 of {charged}; $2.50 had been charged."),
    ]
    assert [ask(relay, {"payment_id": each}) for each in (held, charged)] == [
        (200, f"Nothing is left of {held}: it was released, nothing was charged."),
        (200, f"Nothing is left of {charged}: all of the $2.50 charged was given back before."),
    ]
    assert relay.stripe.money() == {"reserved": 0, "charged": 250, "released": 250, "refunded": 250}


def test_two_at_once_refund_once(relay: RelayUnderTest) -> None:
    """A double click: Stripe gives the exact rest, which is nothing for the second."""
    charged = paid(relay)
    relay.stripe.capture(charged)
    said: list[tuple[int, str]] = []
    clicks = [
        threading.Thread(target=lambda: said.append(ask(relay, {"payment_id": charged}))) for _ in range(4)
    ]
    for click in clicks:
        click.start()
    for click in clicks:
        click.join()
    assert [status for status, _ in said] == [200] * 4
    assert sorted(words.split()[0] for _, words in said) == ["Nothing", "Nothing", "Nothing", "Refunded"]
    assert relay.stripe.money()["refunded"] == 250


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({}, "payment_id is None: write a PaymentIntent id such as pi_3Abc"),
        (
            {"payment_id": "pi_1/cancel"},
            "payment_id is 'pi_1/cancel': write a PaymentIntent id such as pi_3Abc",
        ),
        ({"payment_id": ["pi_1"]}, "payment_id is ['pi_1']: write a PaymentIntent id such as pi_3Abc"),
    ],
)
def test_what_is_no_payment_is_refused(relay: RelayUnderTest, body: Any, why: str) -> None:
    """With what would be one."""
    assert ask(relay, body) == (400, why)


def test_only_the_operators_key_gives_money_back(relay: RelayUnderTest) -> None:
    """Neither nobody nor a machine's own token; without a key there is nothing here."""
    held = paid(relay)
    refused = (401, "Authorization: Bearer <the OPERATOR_KEY> is missing or wrong")
    assert [ask(relay, {"payment_id": held}, each) for each in ({}, relay.token())] == [refused] * 2
    with relay_beside(relay, relay.broker, OPERATOR_KEY=None) as keyless:
        assert ask(keyless, {"payment_id": held}) == (404, "OPERATOR_KEY is not set: there is nothing here")
    assert relay.payment(held).status == "requires_capture"


def test_what_is_not_ours_is_left_alone(relay: RelayUnderTest) -> None:
    """Another hall's payment on the same account, and one that there is not."""
    order = Order("galaga-01", 3, 250, "usd").metadata()
    theirs = relay.pay_in_secret({**order, "relay": "another"})
    assert ask(relay, {"payment_id": theirs}) == (
        404,
        f"{theirs} is no payment for a machine: refund it in Stripe's dashboard",
    )
    assert ask(relay, {"payment_id": "pi_no"})[0] == 404
    assert relay.payment(theirs).status == "requires_capture"


def test_what_stripe_refuses_or_cannot_do_is_told_apart(relay: RelayUnderTest) -> None:
    """For good: 409. For now: 503, and asking again gives nothing back twice."""
    disputed, charged = paid(relay), paid(relay)
    for each in (disputed, charged):
        relay.stripe.capture(each)
    relay.stripe.dispute(disputed)
    status, words = ask(relay, {"payment_id": disputed})
    assert (status, words.split(":")[0]) == (409, f"Stripe refuses to refund {disputed}")
    relay.stripe.fail_next(3, path_prefix="/v1/refunds", method="POST", after_work=True)
    assert ask(relay, {"payment_id": charged})[0] == 503
    assert ask(relay, {"payment_id": charged}) == (
        200,
        f"Nothing is left of {charged}: all of the $2.50 charged was given back before.",
    )
    assert relay.stripe.money()["refunded"] == 250


def test_a_program_gone_wrong_is_held_up(relay: RelayUnderTest) -> None:
    """After a burst it has to wait, and is told how long."""
    relay.clock.stands_at_s = relay.clock()
    for _ in range(RATE.burst):
        assert ask(relay, {"payment_id": "pi_no"})[0] == 404
    answer = relay.client.post("/refunds", json={"payment_id": "pi_no"}, headers=OPERATOR)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "3")


def test_the_fleet_is_told_whose_payments_are_whose(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Today's tag, and those of secrets that there were."""
    for name, value in environment(FORMER_RELAY_TAGS="0123456789abcdef").items():
        monkeypatch.setenv(name, value)
    assert main(["tags"]) == 0
    today = relay_tag(environment()["RELAY_SECRET"])
    assert capsys.readouterr().out == f"{today},0123456789abcdef\n"
