"""The least that a relay could do: a Flask route that publishes what it is sent, with QoS 1, and no more.

A process of its own, served like the relay: `python -m bench.world.bare_route PORT`; MQTT_* as the relay's.
"""

from __future__ import annotations

import os
import ssl
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import paho.mqtt.client as mqtt
import requests
import waitress
from flask import Flask, request
from paho.mqtt.enums import CallbackAPIVersion

from bench.world.sales import wait
from simulator.chain.chain import Chain
from simulator.chain.part import Part
from simulator.chain.ports import free_port

TOPIC = "arcade/machine/bare/coinpulse"
WITHIN_S = 5.0
# As long as Stripe's word of a payment.
_BODY = b"x" * 4000


@contextmanager
def bare_route(chain: Chain) -> Iterator[Callable[[], None]]:
    """Serve it beside the relay of a chain, at the same broker; gives what sends it something to publish."""
    port = free_port()
    part = Part(
        "bare route",
        [sys.executable, "-m", "bench.world.bare_route", str(port)],
        chain.folder / "bare.log",
        chain.relay_environment,
    )
    part.start()
    with requests.Session() as session:

        def send() -> None:
            session.post(f"http://127.0.0.1:{port}/", _BODY, timeout=WITHIN_S).raise_for_status()

        def answers() -> bool:
            with suppress(requests.ConnectionError):
                send()
                return True
            return False

        try:
            wait(answers, "the bare route")
            yield send
        finally:
            part.stop()


def main() -> None:
    """Serve until killed."""
    client = _connected()
    app = Flask(__name__)

    @app.post("/")
    def publish() -> str:
        client.publish(TOPIC, request.get_data(), qos=1).wait_for_publish(WITHIN_S)
        return "published"

    waitress.serve(app, host="127.0.0.1", port=int(sys.argv[1]), threads=48)


def _connected() -> mqtt.Client:
    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
    client.username_pw_set(os.environ["MQTT_USERNAME"], os.environ["MQTT_PASSWORD"])
    client.tls_set_context(ssl.create_default_context(cafile=os.environ["MQTT_CA_FILE"]))
    client.connect(os.environ["MQTT_BROKER"], int(os.environ["MQTT_PORT"]))
    client.loop_start()
    return client


if __name__ == "__main__":
    main()
