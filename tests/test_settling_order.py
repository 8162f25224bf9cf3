"""Settling, where Stripe fails between two calls: the money and its mark move in an order that heals."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from conftest import PASSWORDS
from flask.testing import FlaskClient
from relay_parts import RelayUnderTest, relay_under_test

from cloud_relay.app import app_for
from cloud_relay.errors import StripeUnavailable, TooLittleToCharge
from cloud_relay.rules.orders import Order
from cloud_relay.stripe.payments import StripePayments
from simulator.chain.broker import Broker

OURS = Order("galaga-01", 3, 250, "usd").metadata()
IMMEDIATE = {"machine_id": "galaga-01"}


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """One broker for all of these tests; nothing is published."""
    with Broker(tmp_path_factory.mktemp("order"), PASSWORDS) as running:
        yield running


@pytest.fixture
def relay(broker: Broker) -> Iterator[RelayUnderTest]:
    """A relay whose clock stands at the first second of a minute, and at whose Stripe nothing was paid."""
    with relay_under_test(broker) as running:
        running.stripe.webhooks.url = None
        running.clock.ahead_s = 61 - running.clock() % 60
        yield running


def send(relay: RelayUnderTest, payment_id: str, delivered: int, by: FlaskClient | None = None) -> Any:
    """Send the receipt of three paid credits; what is answered."""
    outcome = {0: "undelivered", 3: "delivered"}.get(delivered, "partial")
    said = {"paymentId": payment_id, "outcome": outcome, "creditsDelivered": delivered, "creditsPaid": 3}
    client = by or relay.client
    answer = client.post("/machines/galaga-01/receipts", json=said, headers=relay.token())
    return answer.status_code, answer.json


def test_a_refund_that_failed_is_made_by_the_repeated_receipt(relay: RelayUnderTest) -> None:
    """Marked before it was made, the repetition would find it settled, and the player's money be kept."""
    payment_id = relay.pay_in_secret(IMMEDIATE, capture="automatic")
    relay.stripe.fail_next(status=500, path_prefix="/v1/refunds", method="POST")
    assert send(relay, payment_id, 0) == (503, {"result": "retry"})
    payment = relay.payment(payment_id)
    assert (payment.refunded, payment.settled) == (0, None)
    relay.clock.ahead_s += 60
    assert send(relay, payment_id, 0) == (200, {"result": "settled", "charged": 0})
    payment = relay.payment(payment_id)
    assert (payment.refunded, payment.settled) == (250, "undelivered 0")


def test_a_failure_that_stripe_replays_stands_in_the_way_for_a_minute_at_most(relay: RelayUnderTest) -> None:
    """Under one key Stripe gives one answer for a day; within the minute two copies must not both refund."""
    payment_id = relay.pay_in_secret(IMMEDIATE, capture="automatic")
    relay.stripe.fail_next(status=500, path_prefix="/v1/refunds", method="POST")
    answers = []
    for seconds in (0, 50, 10):
        relay.clock.ahead_s += seconds
        answers.append(send(relay, payment_id, 2)[0])
    assert answers == [503, 503, 200]
    assert relay.payment(payment_id).refunded == 84


class FailsAtTheSecondStep(StripePayments):
    """Stripe, to which every part of a payment is too little; it is away at the second step that follows."""

    steps = 0

    def capture(self, payment_id: str, amount: int, receipt: str) -> None:
        raise TooLittleToCharge(f"Stripe does not charge as little as {amount}")

    def mark_settled(self, payment_id: str, said: str) -> None:
        self._step()
        super().mark_settled(payment_id, said)

    def release(self, payment_id: str) -> None:
        self._step()
        super().release(payment_id)

    def _step(self) -> None:
        self.steps += 1
        if self.steps == 2:
            raise StripeUnavailable("Stripe is away")


def test_a_release_in_place_of_a_charge_that_was_cut_short_is_no_conflict(relay: RelayUnderTest) -> None:
    """Released before it was marked, the repetition would find money that went the other way."""
    payment_id = relay.pay_in_secret(OURS)
    stripe = FailsAtTheSecondStep(relay.settings.stripe)
    by = app_for(replace(relay.relay, stripe=lambda: stripe)).test_client()
    assert [send(relay, payment_id, 2, by) for _ in range(3)] == [
        (503, {"result": "retry"}),
        (200, {"result": "settled", "charged": 0}),
        (200, {"result": "already", "charged": 0}),
    ]
    intent = relay.stripe.book.intents[payment_id]
    assert (intent.status, intent.metadata) == ("canceled", OURS | {"settled": "partial 2"})
