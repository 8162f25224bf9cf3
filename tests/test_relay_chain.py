"""The relay between the player's phone, Stripe, the broker and the cabinet."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import requests
from relay_parts import Cabinet, RelayUnderTest, relay_under_test

from cloud_relay.rules.messages import signature
from simulator.chain.broker import Broker


@pytest.fixture
def relay(broker: Broker) -> Iterator[RelayUnderTest]:
    """A relay with everything around it."""
    with relay_under_test(broker) as running:
        yield running


def test_a_player_pays_at_the_door_and_is_charged_once_the_cabinet_says_delivered(
    relay: RelayUnderTest,
) -> None:
    """Door, Checkout, webhook, coin pulse, receipt, thanks page: one payment from end to end."""
    with Cabinet("galaga-01", relay.broker) as cabinet:
        cabinet.say()
        door = requests.get(f"{relay.url}/p/galaga-01", timeout=60)
        assert re.findall(r"<span>(.*?)</span> <b>(.*?)</b>", door.text) == [
            ("1 credit", "$1.00"),
            ("3 credits", "$2.50"),
        ]
        bought = requests.post(
            f"{relay.url}/p/galaga-01",
            data={"offer": "3-250-usd"},
            allow_redirects=False,
            timeout=60,
        )
        assert bought.status_code == 303
        payment_id = relay.stripe.pay(bought.headers["Location"])
        pulse = cabinet.payload()
        message = cabinet.heard[0]
    assert (pulse["credits"], pulse["paymentId"], pulse["amount"], pulse["currency"]) == (
        3,
        payment_id,
        250,
        "usd",
    )
    token = relay.settings.tokens.issue("galaga-01")
    assert message.properties.UserProperty == [("sig", signature(token, message.payload))]
    receipt = {
        "paymentId": payment_id,
        "outcome": "delivered",
        "creditsDelivered": 3,
        "creditsPaid": 3,
    }
    settled = requests.post(
        f"{relay.url}/machines/galaga-01/receipts",
        json=receipt,
        headers=relay.token(),
        timeout=60,
    )
    assert (settled.status_code, settled.json()) == (200, {"result": "settled", "charged": 250})
    assert relay.stripe.money() == {"reserved": 0, "charged": 250, "released": 0, "refunded": 0}
