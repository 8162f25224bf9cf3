"""EDGE. A machine that hears what a function publishes: the broker must know somebody who wants it."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from simulator.chain.broker import Broker

_WITHIN_S = 10.0


@contextmanager
def listening(broker: Broker, machine_id: str) -> Iterator[None]:
    """Be subscribed to the machine's coin pulses.

    Raises:
        TimeoutError: the broker did not let it.
    """
    subscribed = threading.Event()
    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
    client.username_pw_set(machine_id, broker.passwords[machine_id])
    client.tls_set_context(ssl.create_default_context(cafile=str(broker.ca_file)))
    client.on_subscribe = lambda *_: subscribed.set()
    client.connect("localhost", broker.port_for(machine_id))
    client.subscribe(f"arcade/machine/{machine_id}/coinpulse", qos=1)
    client.loop_start()
    try:
        if not subscribed.wait(_WITHIN_S):
            raise TimeoutError(f"{machine_id} could not subscribe")
        yield
    finally:
        client.disconnect()
        client.loop_stop()
