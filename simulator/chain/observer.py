"""EDGE. Listens to every topic of the broker, for the demo's page and for tests."""

from __future__ import annotations

import logging
import ssl
import threading
import time
from dataclasses import dataclass
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from simulator.chain.broker import Broker

log = logging.getLogger(__name__)

# The dot keeps the name apart from every machine id.
USERNAME = "demo.observer"
RULES = f"user {USERNAME}\ntopic read arcade/#\n"
CONNECT_WITHIN_S = 60.0


@dataclass(frozen=True)
class Message:
    """One message as it passed, and when (Unix seconds)."""

    at_s: float
    topic: str
    payload: str
    retained: bool


class Observer:
    """Keeps every message that passes the broker while the context is open."""

    def __init__(self, broker: Broker) -> None:
        self._messages: list[Message] = []
        self._listening = threading.Event()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
        self._client.username_pw_set(USERNAME, broker.passwords[USERNAME])
        self._client.tls_set_context(ssl.create_default_context(cafile=str(broker.ca_file)))
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = lambda *_: self._listening.set()
        self._client.on_disconnect = lambda *_: self._listening.clear()
        self._client.on_message = self._on_message
        self._port = broker.port_for(USERNAME)

    def __enter__(self) -> Observer:
        self._client.connect_async("127.0.0.1", self._port)
        self._client.reconnect_delay_set(1, 2)
        self._client.loop_start()
        self._listening.wait(CONNECT_WITHIN_S)
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    @property
    def listens(self) -> bool:
        """Whether what is published now would be kept."""
        return self._listening.is_set()

    @property
    def messages(self) -> list[Message]:
        """Every message so far, oldest first."""
        return list(self._messages)

    def on(self, ending: str) -> list[Message]:
        """The messages on topics that end so: "coinpulse", "gameover" or "status"."""
        return [message for message in self.messages if message.topic.endswith(f"/{ending}")]

    def _on_connect(self, client: mqtt.Client, *_: Any) -> None:
        client.subscribe("arcade/#", qos=1)

    def _on_message(self, _: mqtt.Client, __: Any, message: mqtt.MQTTMessage) -> None:
        text = message.payload.decode(errors="replace")
        self._messages.append(Message(time.time(), message.topic, text, message.retain))
