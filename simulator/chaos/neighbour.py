"""EDGE. A second hall on the same Stripe account: its own broker, relay and cabinet, all with our names."""

from __future__ import annotations

import json
import logging
import queue
import ssl
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import requests
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from simulator.chain.broker import Broker
from simulator.chain.cabinet import MACHINE_ID, Secrets, relay_environment
from simulator.chain.chain import Chain, server_of_relay, wait_for_relay
from simulator.chain.part import Part
from simulator.chain.ports import free_port

TOPIC = f"arcade/machine/{MACHINE_ID}"
ANSWER_WITHIN_S, AGAIN_AFTER_S = 30.0, 2.0
_STATUS = {
    "machineId": MACHINE_ID, "online": True, "accepting": True, "state": "attract", "credits": 0,
    "version": "next door", "bootId": "next door", "timestamp": "2026-01-01T00:00:00Z", "faults": [],
}  # fmt: skip

log = logging.getLogger(__name__)


class Neighbour:
    """What the hall next door sold and heard. Its cabinet takes every coin at once, and says so.

    `heard` counts the coins of each payment, a repeated message once.
    """

    def __init__(self, url: str, token: str, environment: Mapping[str, str]) -> None:
        self.door = f"{url}/p/{MACHINE_ID}"
        self.environment = environment
        self._receipts = f"{url}/machines/{MACHINE_ID}/receipts"
        self._token = token
        self._to_report: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._report_all, name="next door", daemon=True)
        self._ending = threading.Event()
        self.heard: Counter[str] = Counter()
        self.owed: set[str] = set()

    def connect(self, broker: Broker) -> mqtt.Client:
        """Have its cabinet on the broker, selling."""
        self._thread.start()
        client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5, client_id=MACHINE_ID)
        client.username_pw_set(MACHINE_ID, broker.passwords[MACHINE_ID])
        client.tls_set_context(ssl.create_default_context(cafile=str(broker.ca_file)))
        client.on_connect = self._on_connect
        client.on_message = self._on_message
        lives = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        lives.SessionExpiryInterval = 3600
        client.connect("127.0.0.1", broker.port, clean_start=False, properties=lives)
        client.loop_start()
        return client

    def close(self) -> None:
        """Report no more."""
        self._ending.set()
        self._to_report.put(None)
        self._thread.join()

    def _on_connect(self, client: mqtt.Client, *_: Any) -> None:
        client.subscribe(f"{TOPIC}/coinpulse", qos=1)
        client.publish(f"{TOPIC}/status", json.dumps(_STATUS), qos=1, retain=True)

    def _on_message(self, _: mqtt.Client, __: Any, message: mqtt.MQTTMessage) -> None:
        pulse = json.loads(message.payload)
        payment_id = pulse["paymentId"]
        if payment_id not in self.heard:
            self.heard[payment_id] = pulse["credits"]
            self.owed.add(payment_id)
            self._to_report.put(pulse)

    def _report_all(self) -> None:
        while (pulse := self._to_report.get()) is not None:
            while not self._reported(pulse) and not self._ending.wait(AGAIN_AFTER_S):
                pass

    def _reported(self, pulse: dict[str, Any]) -> bool:
        payment_id, credits = pulse["paymentId"], pulse["credits"]
        receipt = {
            "paymentId": payment_id, "outcome": "delivered",
            "creditsDelivered": credits, "creditsPaid": credits,
        }  # fmt: skip
        bearer = {"Authorization": f"Bearer {self._token}"}
        try:
            answer = requests.post(self._receipts, json=receipt, headers=bearer, timeout=ANSWER_WITHIN_S)
        except requests.RequestException as why:
            log.info("next door: no answer to the receipt of %s: %s", payment_id, why)
            return False
        log.info(
            "next door: the receipt of %s was answered %d %s", payment_id, answer.status_code, answer.text
        )
        if answer.status_code >= 500:
            return False
        self.owed.discard(payment_id)
        return True


@contextmanager
def hall_next_door(folder: Path, chain: Chain, settings: Mapping[str, str]) -> Iterator[Neighbour]:
    """A second hall for as long as the context is open, on the chain's Stripe account.

    Raises:
        PartFailedError: its relay did not come up.
    """
    folder.mkdir(mode=0o700)
    secrets = replace(Secrets(), stripe_key=chain.secrets.stripe_key)
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with ExitStack() as parts:
        broker = parts.enter_context(Broker(folder / "broker", secrets.passwords))
        environment = relay_environment(
            secrets,
            broker,
            relay_url=url,
            stripe_url=chain.stripe.api_url,
            price_id=chain.relay_environment["PRICE_ID"],
            page_url=chain.stripe.checkout_url,
        ) | {**settings, "UNTAGGED_PAYMENTS": "leave"}
        relay = Part("relay next door", server_of_relay("127.0.0.1", port), folder / "relay.log", environment)
        relay.start()
        parts.callback(relay.stop)
        wait_for_relay(relay, port)
        chain.stripe.webhooks.endpoints.add(f"{url}/addCredit", secrets.webhook_secret)
        neighbour = Neighbour(url, secrets.machine_token, environment)
        client = neighbour.connect(broker)
        parts.callback(client.loop_stop)
        parts.callback(client.disconnect)
        parts.callback(neighbour.close)
        yield neighbour
