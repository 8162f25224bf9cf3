"""A relay under siege: its broker, the stand-in Stripe, and the two who wait, a player and a webhook."""

from __future__ import annotations

import json
import secrets
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import paho.mqtt.client as mqtt
import requests
import stripe
from paho.mqtt.enums import CallbackAPIVersion

from bench.world.siege_attack import MACHINE, OFFER
from simulator.chain.broker import RELAY_USERNAME, Broker
from simulator.chain.part import Part
from simulator.chain.phone import phone
from simulator.chain.ports import free_port, listens
from simulator.stripe.pace import Pace
from simulator.stripe.server import StandInStripe, stand_in_stripe

KEY, SECRET, TAKES_S = "sk_test_siege", "whsec_siege", 0.3  # what a call of Stripe takes
PATIENCE_S = 10.0
NEIGHBOUR = "siege-02"  # beside the machine that is attacked
_OFFERS = {"currency": "usd", "offers": [{"credits": 1, "amount": 100}]}


@dataclass(frozen=True)
class Site:
    """Where the relay answers, what its Stripe has seen, and whose certificate it shows."""

    url: str
    stripe: StandInStripe
    ca_file: Path | None = None


@dataclass
class Waits:
    """Seconds that each try took; of those who gave up, how many."""

    took_s: list[float] = field(default_factory=list)
    gave_up: int = 0


@contextmanager
def hall(folder: Path) -> Iterator[Broker]:
    """A broker, and two machines that sell and hear their coin pulses."""
    machines = {MACHINE: secrets.token_hex(8), NEIGHBOUR: secrets.token_hex(8)}
    with ExitStack() as stack:
        broker = stack.enter_context(Broker(folder, {RELAY_USERNAME: secrets.token_hex(8), **machines}))
        for machine_id in machines:
            stack.enter_context(_machine(broker, machine_id))
        yield broker


@contextmanager
def _machine(broker: Broker, machine_id: str) -> Iterator[None]:
    machine = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
    machine.username_pw_set(machine_id, broker.passwords[machine_id])
    machine.tls_set_context(ssl.create_default_context(cafile=str(broker.ca_file)))
    machine.connect("localhost", broker.port)
    machine.loop_start()
    machine.subscribe(f"arcade/machine/{machine_id}/coinpulse", qos=1)
    status = {"machineId": machine_id, "online": True, "accepting": True, "state": "attract", "credits": 0}
    topic = f"arcade/machine/{machine_id}/status"
    machine.publish(topic, json.dumps(status), qos=1, retain=True).wait_for_publish(10)
    yield
    machine.disconnect()
    machine.loop_stop()


@contextmanager
def relay(
    folder: Path, broker: Broker, app: str, settings: Mapping[str, str] | None = None
) -> Iterator[Site]:
    """The relay as its README starts it, with `app` as what is called."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with ExitStack() as stack:
        stand_in = stack.enter_context(
            stand_in_stripe(api_key=KEY, webhook_url=None, webhook_secret=SECRET, pace=Pace(call_s=TAKES_S))
        )
        environment = {
            "STRIPE_API_KEY": KEY,
            "STRIPE_WEBHOOK_SECRET": SECRET,
            "STAND_IN_STRIPE_URL": stand_in.api_url,
            "PRICE_ID": "price_siege",
            "MQTT_BROKER": "localhost",
            "MQTT_PORT": str(broker.services_port),
            "MQTT_USERNAME": RELAY_USERNAME,
            "MQTT_PASSWORD": broker.passwords[RELAY_USERNAME],
            "MQTT_CA_FILE": str(broker.ca_file),
            "RELAY_SECRET": secrets.token_hex(32),
            "RELAY_URL": url,
            "OFFERS": json.dumps(_OFFERS),
            "TIDY_EVERY_S": "0",
            **(settings or {}),
        }
        command = [
            *(sys.executable, "-m", "waitress", f"--listen=127.0.0.1:{port}", "--threads=48"),
            *("--no-clear-untrusted-proxy-headers", "--call", app),
        ]
        part = Part("relay", command, folder / "relay.log", environment)
        part.start()
        stack.callback(part.stop)
        deadline_s = time.monotonic() + 20
        while not listens(port):
            if part.exit_status is not None or time.monotonic() > deadline_s:
                raise part.failure("did not listen")
            time.sleep(0.02)
        yield Site(url, stand_in)


def _session(site: Site) -> requests.Session:
    session = phone(1)
    session.verify = str(site.ca_file) if site.ca_file else True
    return session


def buy(site: Site, machine_id: str = MACHINE) -> bool:
    """A player with a phone of his own looks at the door and buys; whether he came to the payment page."""
    door = f"{site.url}/p/{machine_id}"
    with _session(site) as own:
        if not own.get(door, timeout=PATIENCE_S).ok:
            return False
        sold = own.post(door, {"offer": OFFER}, allow_redirects=False, timeout=PATIENCE_S)
        return sold.status_code == 303


def webhook(site: Site) -> bool:
    """Stripe says that a payment is there; whether it was published."""
    now = int(time.time())
    metadata = {"machine_id": MACHINE, "quantity": "1", "amount": "100", "currency": "usd"}
    intent = {
        "object": "payment_intent",
        "id": f"pi_{secrets.token_hex(12)}",
        "created": now,
        "status": "requires_capture",
        "amount_capturable": 100,
        "currency": "usd",
        "metadata": metadata,
    }
    event = {
        "object": "event",
        "type": "payment_intent.amount_capturable_updated",
        "livemode": False,
        "created": now,
        "data": {"object": intent},
    }
    body = json.dumps(event)
    headers = {"Stripe-Signature": stripe.WebhookSignature.generate_signature_header(body, SECRET)}
    with _session(site) as call:
        return call.post(f"{site.url}/addCredit", body, headers=headers, timeout=PATIENCE_S).ok


def waiting(act: Callable[[Site], bool], site: Site, ends: threading.Event, pause_s: float) -> Waits:
    """Have it done again and again until the end; each try goes on until it works, or for PATIENCE_S."""
    waits = Waits()
    while not ends.is_set():
        began_s = time.monotonic()
        while not (done := _done(act, site)) and time.monotonic() < began_s + PATIENCE_S:
            time.sleep(0.25)
        if done:
            waits.took_s.append(time.monotonic() - began_s)
        else:
            waits.gave_up += 1
        ends.wait(pause_s)
    return waits


def _done(act: Callable[[Site], bool], site: Site) -> bool:
    try:
        return act(site)
    except requests.RequestException:
        return False
