"""Two relays on one Stripe account: each hears of every payment, and only its own concern it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from conftest import PASSWORDS, wait_until
from relay_parts import Cabinet, RelayUnderTest, mqtt_client, publish_reason, relay_beside, relay_under_test

from cloud_relay.errors import NotAtStripe
from cloud_relay.rules.orders import Order
from cloud_relay.settling.refund import refund
from cloud_relay.settling.tidy import tidy
from simulator.chain.broker import RELAY_USERNAME, Broker


@pytest.fixture
def halls(broker: Broker) -> Iterator[tuple[RelayUnderTest, RelayUnderTest]]:
    """Two relays with the same machine id each."""
    with relay_under_test(broker) as one, relay_beside(one, broker) as other:
        yield one, other


def test_a_payment_is_published_by_the_relay_that_sold_it(
    halls: tuple[RelayUnderTest, RelayUnderTest], broker: Broker
) -> None:
    """The other takes the webhook, and leaves it alone."""
    one, _ = halls
    with Cabinet("galaga-01", broker) as cabinet:
        one.pay_in_secret(sold_by(one))
        wait_until(lambda: len(one.stripe.webhooks.log) == 4, "two events at two endpoints")
        assert [each.status_code for each in one.stripe.webhooks.log] == [200] * 4
        say_the_end(broker)
        wait_until(lambda: cabinet.heard and cabinet.heard[-1].payload == b"the end", "the end")
        assert len(cabinet.heard) == 2


def say_the_end(broker: Broker) -> None:
    """Publish one more message, behind all that was published before."""
    client = mqtt_client(broker, RELAY_USERNAME, PASSWORDS[RELAY_USERNAME])
    publish_reason(client, "arcade/machine/galaga-01/coinpulse", b"the end")
    client.disconnect()
    client.loop_stop()


def test_what_another_relay_sold_is_none_of_ours_anywhere(
    halls: tuple[RelayUnderTest, RelayUnderTest],
) -> None:
    """Not in the open list, not by its id, not by a receipt, a refund or tidy; its webhook is a 200."""
    one, other = halls
    payment_id = one.pay_in_secret(sold_by(one))
    paths = [f"/machines/galaga-01/payments{query}" for query in ("", f"?paid={payment_id}")]
    assert [[each["paymentId"] for each in asked(one, path)] for path in paths] == [[payment_id]] * 2
    assert [asked(other, path) for path in paths] == [[], []]
    body = {"paymentId": payment_id, "outcome": "undelivered", "creditsDelivered": 0, "creditsPaid": 3}
    answer = other.client.post("/machines/galaga-01/receipts", json=body, headers=other.token())
    assert (answer.status_code, answer.json) == (404, {"result": "unknown"})
    other.clock.ahead_s = 100 * 3600
    assert tidy(other.relay) == []
    with pytest.raises(NotAtStripe, match="is no payment for a machine"):
        refund(other.relay, payment_id)
    assert one.payment(payment_id).status == "requires_capture"


def test_what_carries_no_tag_is_ours_unless_the_settings_say_otherwise(broker: Broker) -> None:
    """Links of an older relay carry none; with two halls on one account, all but one leave them alone."""
    untagged = Order("galaga-01", 3, 250, "usd").metadata()
    with relay_under_test(broker) as one, relay_beside(one, broker, UNTAGGED_PAYMENTS="leave") as other:
        payment_id = one.pay_in_secret(untagged)
        assert [each["paymentId"] for each in asked(one, "/machines/galaga-01/payments")] == [payment_id]
        assert asked(other, "/machines/galaga-01/payments") == []


def test_a_reservation_that_was_changed_on_its_way_is_released_at_once(broker: Broker) -> None:
    """Added tax, another currency: it can never be published, and the player's money is not held for it."""
    with relay_under_test(broker) as relay:
        payment_id = relay.pay_in_secret(sold_by(relay), amount=271)
        wait_until(lambda: relay.payment(payment_id).status == "canceled", "the release")


def test_a_receipt_for_another_number_of_credits_than_were_ordered_is_refused(broker: Broker) -> None:
    """One of one, of a payment for three, would charge it whole."""
    with relay_under_test(broker) as relay:
        payment_id = relay.pay_in_secret(sold_by(relay))
        body = {"paymentId": payment_id, "outcome": "delivered", "creditsDelivered": 1, "creditsPaid": 1}
        answer = relay.client.post("/machines/galaga-01/receipts", json=body, headers=relay.token())
        assert (answer.status_code, answer.json) == (
            400,
            {"error": "creditsPaid is 1, and 3 credits were ordered"},
        )
        assert relay.payment(payment_id).status == "requires_capture"


def sold_by(relay: RelayUnderTest) -> dict[str, str]:
    """The metadata of three credits that this relay sold."""
    return relay.settings.stripe.ownership.mark(Order("galaga-01", 3, 250, "usd").metadata())


def asked(relay: RelayUnderTest, path: str) -> list[dict[str, object]]:
    """What the relay answers to a machine."""
    relay.clock.ahead_s += 6  # lists are shared for five seconds
    found: list[dict[str, object]] = relay.client.get(path, headers=relay.token()).json
    return found
