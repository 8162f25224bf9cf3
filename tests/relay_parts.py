"""A whole relay for tests: a real broker, a stand-in Stripe over HTTP, and the app on a loopback port."""

from __future__ import annotations

import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import paho.mqtt.client as mqtt
import stripe
from conftest import PASSWORDS, wait_until
from flask import Flask
from flask.testing import FlaskClient
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from cloud_relay.app import app_for
from cloud_relay.broker.publisher import ALL_WITHIN_S, Place, Publisher
from cloud_relay.relay import Relay, relay_from
from cloud_relay.rules.machine_report import MachineReports
from cloud_relay.rules.messages import MachineStatus
from cloud_relay.rules.settlement import Payment
from cloud_relay.settings import Settings, read_settings
from cloud_relay.settling.unpublished import RetryThread
from cloud_relay.stripe.payments import StripePayments
from simulator.chain.broker import RELAY_USERNAME, Broker
from simulator.stripe.pace import QUICK, Pace
from simulator.stripe.server import StandInStripe, stand_in_stripe
from simulator.stripe.serving import serving

API_KEY = "sk_test_relay"
WEBHOOK_SECRET = "whsec_relay"
RELAY_SECRET = "relay-secret-of-at-least-32-characters"
PROMPT_S = 0.2
OPERATOR_KEY = "operator-key-of-at-least-32-characters"
OFFERS = {
    "currency": "usd",
    "offers": [{"credits": 1, "amount": 100}, {"credits": 3, "amount": 250}],
    "machines": {"galaga-01": {"name": "Galaga"}},
}


def environment(**changes: str | None) -> dict[str, str]:
    """A complete environment, with `changes`; None leaves a variable out."""
    complete: dict[str, str | None] = {
        "STRIPE_API_KEY": API_KEY,
        "STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
        "PRICE_ID": "price_1Default",
        "MQTT_BROKER": "localhost",
        "MQTT_USERNAME": RELAY_USERNAME,
        "MQTT_PASSWORD": PASSWORDS[RELAY_USERNAME],
        "RELAY_SECRET": RELAY_SECRET,
        "RELAY_URL": "http://localhost:8080",
        "OPERATOR_KEY": OPERATOR_KEY,
        "OFFERS": json.dumps(OFFERS),
    }
    return {name: value for name, value in (complete | changes).items() if value is not None}


@dataclass
class Clock:
    """The real time, moved by as much as a test says; or one that stands still."""

    ahead_s: float = 0.0
    stands_at_s: float | None = None

    def __call__(self) -> float:
        return (time.time() if self.stands_at_s is None else self.stands_at_s) + self.ahead_s


class PromptPublisher(Publisher):
    """A publisher that soon takes silence for an answer: a broker beside it sends what it keeps at once."""

    def retained_status(
        self, machine_id: str, *, within_s: float = PROMPT_S, place: Place = nullcontext
    ) -> MachineStatus | None:
        """What a machine said last, as the relay asks for it."""
        return super().retained_status(machine_id, within_s=within_s, place=place)

    def machine_reports(self, quiet_s: float = PROMPT_S, within_s: float = ALL_WITHIN_S) -> MachineReports:
        """What every machine said last, as the relay asks for it."""
        return super().machine_reports(quiet_s, within_s)


@dataclass
class RelayUnderTest:
    """The relay, and what stands on either side of it."""

    relay: Relay
    variables: dict[str, str]
    settings: Settings
    app: Flask
    url: str
    broker: Broker
    stripe: StandInStripe
    clock: Clock

    @property
    def client(self) -> FlaskClient:
        """Calls the app without a socket."""
        return self.app.test_client()

    def token(self, machine_id: str = "galaga-01") -> dict[str, str]:
        """The header that shows a machine's token."""
        return {"Authorization": f"Bearer {self.settings.tokens.issue(machine_id)}"}

    def payment(self, payment_id: str) -> Payment:
        """The payment as Stripe has it."""
        return StripePayments(self.settings.stripe, self.relay.fitness).payment(payment_id)[0]

    def pay_in_secret(self, metadata: dict[str, str], *, amount: int = 250, capture: str = "manual") -> str:
        """Pay a session that the relay did not make; its PaymentIntent's id.

        As with a payment link, only a reservation's metadata reaches the PaymentIntent too.
        """
        price = {"currency": "usd", "unit_amount": amount, "product_data": {"name": "Credits"}}
        params: Any = {
            "mode": "payment",
            "line_items": [{"price_data": price, "quantity": 1}],
            "metadata": metadata,
            "success_url": self.settings.thanks_url,
        }
        if capture == "manual":
            params["payment_intent_data"] = {"capture_method": "manual", "metadata": metadata}
        client = stripe.StripeClient(API_KEY, base_addresses={"api": self.stripe.api_url})
        return self.stripe.pay(client.v1.checkout.sessions.create(params=params).id)

    def post_event(self, event: dict[str, Any], secret: str = WEBHOOK_SECRET) -> Any:
        """Deliver an event as Stripe would, signed by Stripe's own library."""
        body = json.dumps(event)
        now_s = int(self.clock())
        signature = stripe.WebhookSignature.generate_signature_header(body, secret, now_s)
        return self.client.post("/addCredit", data=body, headers={"Stripe-Signature": signature})


@contextmanager
def relay_under_test(
    broker: Broker, *, pace: Pace = QUICK, **changes: str | None
) -> Iterator[RelayUnderTest]:
    """Run the relay against a running broker and a stand-in Stripe of its own, which calls its webhook.

    Both go by the same clock; the relay is given `variables` as its environment. Stripe's `pace` is quicker
    than life, unless a test is about its times.
    """
    clock = Clock()
    with (
        stand_in_stripe(
            api_key=API_KEY, webhook_url=None, webhook_secret=WEBHOOK_SECRET, pace=pace, clock=clock
        ) as stand_in,
        _relay(broker, stand_in, clock, changes) as running,
    ):
        stand_in.webhooks.url = f"{running.url}/addCredit"
        yield running


@contextmanager
def relay_beside(hall: RelayUnderTest, broker: Broker, **changes: str | None) -> Iterator[RelayUnderTest]:
    """Run a second relay on the Stripe account of another, with a secret and a webhook endpoint of its own.

    Like every endpoint of the account it gets every event from now on.
    """
    secret = "whsec_beside"
    another = {"STRIPE_WEBHOOK_SECRET": secret, "RELAY_SECRET": "another-relay-secret-of-32-characters"}
    changes = {**another, **changes}
    with _relay(broker, hall.stripe, hall.clock, changes) as running:
        hall.stripe.webhooks.endpoints.add(f"{running.url}/addCredit", secret)
        yield running


@contextmanager
def _relay(
    broker: Broker, stand_in: StandInStripe, clock: Clock, changes: Mapping[str, str | None]
) -> Iterator[RelayUnderTest]:
    variables = environment(
        **{
            "MQTT_PORT": str(broker.services_port),
            "MQTT_CA_FILE": str(broker.ca_file),
            "STAND_IN_STRIPE_URL": stand_in.api_url,
            **changes,
        }
    )
    settings = read_settings(variables)
    relay = relay_from(settings, publisher=PromptPublisher(settings.mqtt), clock=clock)
    retries = RetryThread(relay)
    app = app_for(relay, retries)
    with served(app) as url:
        try:
            yield RelayUnderTest(relay, variables, settings, app, url, broker, stand_in, clock)
        finally:
            retries.close()
            relay.publisher.close()


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """Serve an app on a free loopback port; gives its base address."""
    with socket.create_server(("127.0.0.1", 0)) as bound, serving(app, bound):
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"


@dataclass
class Cabinet:
    """A machine's MQTT side: hears its coin pulses, and says its status."""

    machine_id: str
    broker: Broker
    heard: list[mqtt.MQTTMessage] = field(default_factory=list)

    def payloads(self) -> list[dict[str, Any]]:
        """The coin pulses heard so far."""
        return [json.loads(message.payload) for message in self.heard]

    def payload(self) -> dict[str, Any]:
        """The only coin pulse, once it has come."""
        wait_until(lambda: self.heard, "a coin pulse")
        (only,) = self.payloads()
        return only

    def say(self, **status: object) -> None:
        """Leave a retained status, complete but for what `status` changes."""
        said = {
            "machineId": self.machine_id,
            "online": True,
            "accepting": True,
            "state": "attract",
            "credits": 0,
        } | status
        self.say_raw(json.dumps(said).encode())

    def say_raw(self, payload: bytes) -> None:
        """Leave these bytes as the retained status; none at all takes it away."""
        topic = f"arcade/machine/{self.machine_id}/status"
        self.client.publish(topic, payload, qos=1, retain=True).wait_for_publish(5)

    def __enter__(self) -> Cabinet:
        self.client = mqtt_client(self.broker, self.machine_id, PASSWORDS[self.machine_id])
        subscribed = threading.Event()
        self.client.on_subscribe = lambda *_: subscribed.set()
        self.client.on_message = lambda _c, _u, message: self.heard.append(message)
        self.client.subscribe(f"arcade/machine/{self.machine_id}/coinpulse", qos=1)
        assert subscribed.wait(60)
        return self

    def __exit__(self, *_: object) -> None:
        self.client.disconnect()
        self.client.loop_stop()


def mqtt_client(broker: Broker, username: str | None, password: str | None) -> mqtt.Client:
    """A connected MQTT 5 client; raises PermissionError where the broker refuses it."""
    client = mqtt.Client(
        CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5, reconnect_on_failure=False
    )
    client.username_pw_set(username, password)
    client.tls_set_context(ssl.create_default_context(cafile=str(broker.ca_file)))
    answers: list[ReasonCode] = []
    client.on_connect = lambda _c, _u, _f, reason, _p: answers.append(reason)
    client.connect("localhost", broker.port_for(username), keepalive=10)
    client.loop_start()
    wait_until(lambda: answers, "CONNACK")
    if answers[0].is_failure:
        client.disconnect()
        client.loop_stop()
        raise PermissionError(str(answers[0]))
    return client


def publish_reason(client: mqtt.Client, topic: str, payload: bytes, *, retain: bool = False) -> int:
    """Publish with QoS 1; gives the PUBACK's reason code."""
    reasons: dict[int, int] = {}
    client.on_publish = lambda _c, _u, mid, reason, _p: reasons.update({mid: reason.value})
    properties = Properties(PacketTypes.PUBLISH)
    mid = client.publish(topic, payload, qos=1, retain=retain, properties=properties).mid
    wait_until(lambda: mid in reasons, f"PUBACK for {topic}")
    return reasons[mid]


def until(look: Callable[[], Any], wanted: object, what: str) -> None:
    """Wait until `look` gives `wanted`, and say what it gave if it never does."""
    wait_until(lambda: look() == wanted, f"{what} (wanted {wanted!r}, last {look()!r})")
