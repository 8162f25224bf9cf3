"""What happens once is never retained: who subscribes later would take it for new."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from conftest import PASSWORDS, wait_until
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.subscribeoptions import SubscribeOptions
from relay_parts import Cabinet, RelayUnderTest, relay_under_test, until
from test_whole_chain import checkout, wait_until_it_sells

from simulator.chain.broker import Broker
from simulator.chain.cabinet import MACHINE_ID
from simulator.chain.chain import running_chain
from simulator.chain.observer import RULES, USERNAME

Heard = list[tuple[str, bool]]


@contextmanager
def listening(broker: Broker) -> Iterator[Heard]:
    """Hear topics, each with the retain flag that its publisher set.

    A broker clears it for those who are there already, unless they ask for it.
    """
    heard: Heard = []
    subscribed = threading.Event()
    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
    client.username_pw_set(USERNAME, broker.passwords[USERNAME])
    client.tls_set_context(ssl.create_default_context(cafile=str(broker.ca_file)))
    client.on_subscribe = lambda *_: subscribed.set()
    client.on_message = lambda _c, _u, message: heard.append((message.topic, message.retain))
    client.connect("localhost", broker.port_for(USERNAME))
    client.subscribe("arcade/#", options=SubscribeOptions(qos=1, retainAsPublished=True))
    client.loop_start()
    assert subscribed.wait(60)
    try:
        yield heard
    finally:
        client.disconnect()
        client.loop_stop()


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A broker with a listener who may hear everything."""
    passwords = PASSWORDS | {USERNAME: "listener-password"}
    with Broker(tmp_path_factory.mktemp("retained"), passwords, extra_rules=RULES) as running:
        yield running


@pytest.fixture(scope="module")
def relay(broker: Broker) -> Iterator[RelayUnderTest]:
    """A relay at that broker."""
    with relay_under_test(broker) as running:
        yield running


def test_the_cabinet_s_game_over_is_not_retained(tmp_path: Path) -> None:
    """A retained one would end the next player's game for everybody who connects."""
    topic = f"arcade/machine/{MACHINE_ID}/gameover"
    with running_chain(tmp_path / "chain") as chain, listening(chain.broker) as heard:
        wait_until_it_sells(chain)
        chain.stripe.pay(checkout(chain))
        wait_until(chain.board.press_start, "a credit to start with")
        chain.controller.wait_for_line("delivered")
        assert chain.board.end_game()
        until(lambda: [said for said in heard if said[0] == topic], [(topic, False)], "the game over")


def test_the_relay_s_game_over_is_not_retained(relay: RelayUnderTest) -> None:
    """Of a cabinet that cannot speak MQTT."""
    with listening(relay.broker) as heard:
        answer = relay.client.post("/gameover", json={"machine_id": "galaga-01"}, headers=relay.token())

        assert answer.status_code == 200
        until(lambda: heard, [("arcade/machine/galaga-01/gameover", False)], "the game over")


def test_a_coin_pulse_is_not_retained(relay: RelayUnderTest) -> None:
    """A retained one would be a credit at every reconnect."""
    topic = "arcade/machine/galaga-01/coinpulse"
    with Cabinet("galaga-01", relay.broker) as cabinet, listening(relay.broker) as heard:
        relay.relay.publisher.publish(topic, b"{}")

        assert cabinet.payload() == {}
        until(lambda: heard, [(topic, False)], "the coin pulse")
