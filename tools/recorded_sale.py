"""One sale and one game over through the real chain, with every message between its parts kept."""

from __future__ import annotations

import json
import sqlite3
import ssl
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import paho.mqtt.client as mqtt
import requests
from http_recorder import Exchange, HttpRecorder
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.subscribeoptions import SubscribeOptions

from simulator.chain.broker import Broker
from simulator.chain.cabinet import Secrets
from simulator.chain.chain import Chain, Wiring, running_chain
from simulator.chain.observer import USERNAME

EACH_STEP_WITHIN_S = 20.0


@dataclass(frozen=True)
class MqttMessage:
    """A message at the broker, with what MQTT 5 says beside its payload."""

    topic: str
    qos: int
    retain: bool
    expiry_s: int | None
    user_properties: tuple[tuple[str, str], ...]
    payload: str


@dataclass(frozen=True)
class Sale:
    """All that was said in one sale of three credits and the game over after it."""

    paid_s: int
    secrets: Secrets
    ports: dict[int, str]
    """The ports of this run, by the part that answers there: "relay", "stripe" or "checkout"."""
    door: Exchange
    bought: Exchange
    checkout: Exchange
    webhook: Exchange
    receipt: Exchange
    looked_up: Exchange
    captured: Exchange
    messages: tuple[MqttMessage, ...]
    journal: tuple[str, ...]
    payment: dict[str, Any]
    pulses: tuple[dict[str, Any], ...]

    @property
    def before_paying(self) -> MqttMessage:
        """The last status before the payment came."""
        paid = next(place for place, each in enumerate(self.messages) if each.topic.endswith("/coinpulse"))
        return next(each for each in reversed(self.messages[:paid]) if each.topic.endswith("/status"))

    def on(self, ending: str) -> list[MqttMessage]:
        """The messages on the topics that end so."""
        return [message for message in self.messages if message.topic.endswith(ending)]


@dataclass
class Listener:
    """Hears everything at the broker, and keeps what it heard in order."""

    broker: Broker
    heard: list[MqttMessage] = field(default_factory=list)

    def __enter__(self) -> Self:
        listening = threading.Event()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
        self._client.username_pw_set(USERNAME, self.broker.passwords[USERNAME])
        self._client.tls_set_context(ssl.create_default_context(cafile=str(self.broker.ca_file)))
        self._client.on_message = lambda _c, _u, message: self.heard.append(_read(message))
        self._client.on_subscribe = lambda *_: listening.set()
        self._client.connect("127.0.0.1", self.broker.port_for(USERNAME))
        self._client.loop_start()
        self._client.subscribe("arcade/#", options=SubscribeOptions(qos=1, retainAsPublished=True))
        listening.wait(EACH_STEP_WITHIN_S)
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def last(self, ending: str, *words: str) -> bool:
        """Whether the last message on the topics that end so has all of these words."""
        payloads = [each.payload for each in self.heard if each.topic.endswith(ending)]
        return bool(payloads) and all(word in payloads[-1] for word in words)


def _read(message: mqtt.MQTTMessage) -> MqttMessage:
    properties = message.properties
    expiry_s = getattr(properties, "MessageExpiryInterval", None)
    user_properties = tuple(getattr(properties, "UserProperty", ()))
    text = message.payload.decode()
    return MqttMessage(message.topic, message.qos, message.retain, expiry_s, user_properties, text)


@dataclass(frozen=True)
class Recorders:
    """One for each pair of parts that speak HTTP."""

    phone: HttpRecorder
    stripe_to_relay: HttpRecorder
    relay_to_stripe: HttpRecorder
    cabinet_to_relay: HttpRecorder

    def via(self, link: str, port: int) -> int:
        """Where the controller finds the relay: the way for a chain's `Wiring`."""
        if link != "controller-relay":
            return port
        self.cabinet_to_relay.target_port = port
        return self.cabinet_to_relay.port

    def between(self, chain: Chain) -> None:
        """Lead everything else through, too."""
        self.phone.target_port = self.stripe_to_relay.target_port = _port(chain.relay_url)
        self.relay_to_stripe.target_port = _port(chain.stripe.api_url)
        chain.stripe.webhooks.url = f"{self.stripe_to_relay.url}/addCredit"

    def ports(self, chain: Chain) -> dict[int, str]:
        """Whom each port of the run stands for."""
        relay = (
            self.phone.port,
            self.stripe_to_relay.port,
            self.cabinet_to_relay.port,
            _port(chain.relay_url),
        )
        stripe = (self.relay_to_stripe.port, _port(chain.stripe.api_url))
        checkout = {_port(chain.stripe.checkout_url): "checkout"}
        return checkout | dict.fromkeys(relay, "relay") | dict.fromkeys(stripe, "stripe")


@contextmanager
def _recorders() -> Iterator[Recorders]:
    with HttpRecorder() as one, HttpRecorder() as two, HttpRecorder() as three, HttpRecorder() as four:
        yield Recorders(one, two, three, four)


def recorded_sale() -> Sale:
    """Run the chain, buy three credits, play one game to its end."""
    with tempfile.TemporaryDirectory(prefix="arcade-how-") as folder, _recorders() as recorders:
        settings = {"STAND_IN_STRIPE_URL": recorders.relay_to_stripe.url, "TIDY_EVERY_S": "0"}
        wiring = Wiring(via=recorders.via, relay_settings=settings)
        with running_chain(Path(folder) / "chain", None, wiring) as chain, Listener(chain.broker) as listener:
            recorders.between(chain)
            _sell_and_play(chain, recorders, listener)
            return _kept(chain, recorders, listener)


def _sell_and_play(chain: Chain, recorders: Recorders, listener: Listener) -> None:
    door = f"{recorders.phone.url}{urlsplit(chain.door).path}"
    chain.controller.wait_for_line("offer received")
    _wait(lambda: listener.last("/status", '"accepting":true', '"faults":[]'), "a cabinet that sells")
    requests.get(door, timeout=10)
    sold = requests.post(door, {"offer": "3-250-usd"}, allow_redirects=False, timeout=10)
    payment_id = chain.stripe.pay(sold.headers["Location"])
    chain.controller.wait_for_line(f"{payment_id}: receipt answered")
    _wait(lambda: listener.last("/status", '"playing"'), "the status to say that somebody plays")
    _wait(lambda: chain.board.view().credits == 3, "three credits on the board")
    chain.board.press_start()
    chain.board.end_game()
    chain.controller.wait_for_line("game over after")
    _wait(lambda: listener.last("/gameover", payment_id), "game over")
    _wait(lambda: listener.last("/status", '"attract"', '"credits":2'), "the attract screen")


def _kept(chain: Chain, recorders: Recorders, listener: Listener) -> Sale:
    payment, pulses = _ledger(chain.folder / "state" / "ledger.sqlite")
    stripe, payment_id = recorders.relay_to_stripe, payment["id"]
    webhook = recorders.stripe_to_relay.that_said("payment_intent.amount_capturable_updated")
    return Sale(
        json.loads(webhook.body)["created"],
        chain.secrets,
        recorders.ports(chain),
        door=recorders.phone.that_said("GET /p/"),
        bought=recorders.phone.that_said("POST /p/"),
        checkout=stripe.that_said("POST /v1/checkout/sessions", "manual"),
        webhook=webhook,
        receipt=recorders.cabinet_to_relay.that_said("/receipts", payment_id),
        looked_up=stripe.that_said(f"GET /v1/payment_intents/{payment_id}"),
        captured=stripe.that_said(f"/{payment_id}/capture"),
        messages=tuple(listener.heard),
        journal=tuple(line.text for line in chain.controller.log_lines if payment_id in line.text),
        payment=payment,
        pulses=pulses,
    )


def _ledger(path: Path) -> tuple[dict[str, Any], tuple[dict[str, Any], ...]]:
    ledger = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    ledger.row_factory = sqlite3.Row
    try:
        (payment,) = ledger.execute("SELECT * FROM payments").fetchall()
        pulses = ledger.execute("SELECT * FROM pulses ORDER BY number").fetchall()
        return dict(payment), tuple(map(dict, pulses))
    finally:
        ledger.close()


def _port(url: str) -> int:
    port = urlsplit(url).port
    assert port is not None  # noqa: S101
    return port


def _wait(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + EACH_STEP_WITHIN_S
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {EACH_STEP_WITHIN_S:g} s for {what}")
        time.sleep(0.01)
