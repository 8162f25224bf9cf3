"""EDGE. MQTT: what cabinets say, each with a way to confirm it, and what they are told."""

from __future__ import annotations

import logging
import secrets
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from cloud_relay.broker.direct_client import DirectClient
from fleet.ingest.topics import JOURNALS, STATUSES, machine_and_kind, shared
from fleet.settings import MqttSettings

# So many are on their way at once: what the book has not confirmed waits at the broker and not in our memory.
ON_THEIR_WAY = 500
KEEPALIVE_S = 15
_MOST_BYTES = 16384
_RETRY_S = (1, 30)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Heard:
    """What a machine said, and when it came (Unix seconds); `confirm` has the broker forget it.

    `kind` is "journal" or "status".
    """

    machine_id: str
    kind: str
    payload: bytes
    came_at: float
    confirm: Callable[[], None]


@dataclass(frozen=True)
class Link:
    """The broker is there, or no longer, and why."""

    is_up: bool
    why: str = ""


class FleetBroker:
    """One connection, renewed for ever; `put` gets what it hears, from a thread of its own.

    It asks for a fresh session each time: a cabinet says again what was not confirmed to it, and a message
    that had waited at the broker would tell a wrong time.
    """

    def __init__(
        self, settings: MqttSettings, put: Callable[[Heard | Link], None], clock: Callable[[], float]
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._put = put
        self._connection = 0
        client = DirectClient(f"fleet-{secrets.token_hex(8)}", settings.ca_file, keeps_trying=True)
        client.manual_ack_set(True)
        client.username_pw_set(settings.username, settings.password)
        client.reconnect_delay_set(*_RETRY_S)
        client.on_connect, client.on_connect_fail = self._on_connect, self._on_connect_fail
        client.on_disconnect, client.on_subscribe = self._on_disconnect, self._on_subscribe
        client.on_message = self._on_message
        self._client = client

    def start(self) -> None:
        """Begin to connect, and go on trying until stopped."""
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.ReceiveMaximum, properties.MaximumPacketSize = ON_THEIR_WAY, _MOST_BYTES
        self._client.connect_async(
            self._settings.host,
            self._settings.port,
            keepalive=KEEPALIVE_S,
            clean_start=True,
            properties=properties,
        )
        self._client.loop_start()

    def stop(self) -> None:
        """Leave, and hear no more."""
        self._client.disconnect()
        self._client.loop_stop()

    def say(self, topic: str, payload: bytes) -> None:
        """Leave a message at the broker for whoever asks, at QoS 1."""
        self._client.publish(topic, payload, qos=1, retain=True)

    def _on_connect(
        self, client: mqtt.Client, _: Any, __: mqtt.ConnectFlags, reason: ReasonCode, ___: Any
    ) -> None:
        if reason.is_failure:
            self._put(Link(is_up=False, why=f"refused us: {reason}"))
            return
        self._connection += 1
        client.subscribe(
            [
                (shared(JOURNALS, self._settings.share), SubscribeOptions(qos=1)),
                (STATUSES, SubscribeOptions(qos=1)),
            ]
        )

    def _on_subscribe(self, _: mqtt.Client, __: Any, ___: int, reasons: list[ReasonCode], ____: Any) -> None:
        refused = [str(reason) for reason in reasons if reason.is_failure]
        why = f"refused our subscription: {', '.join(refused)}" if refused else ""
        self._put(Link(is_up=not refused, why=why))

    def _on_connect_fail(self, _: mqtt.Client, __: Any) -> None:
        why = sys.exc_info()[1]
        self._put(
            Link(is_up=False, why=f"{self._settings.host}:{self._settings.port} cannot be reached: {why}")
        )

    def _on_disconnect(
        self, _: mqtt.Client, __: Any, ___: mqtt.DisconnectFlags, reason: ReasonCode, ____: Any
    ) -> None:
        self._put(Link(is_up=False, why=str(reason)))

    def _on_message(self, client: mqtt.Client, _: Any, message: mqtt.MQTTMessage) -> None:
        connection = self._connection

        def confirm() -> None:
            # Of a connection that has ended, the number may be another message's by now.
            if message.qos and connection == self._connection:
                client.ack(message.mid, message.qos)

        whose = machine_and_kind(message.topic)
        if whose is None:
            confirm()
        else:
            self._put(Heard(*whose, bytes(message.payload), self._clock(), confirm))
