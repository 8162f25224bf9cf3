"""EDGE. MQTT: one session that the broker keeps for us; PUBACK only for what we wrote down."""

from __future__ import annotations

import logging
import random
import socket
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from controller.cloud.mqtt_client import DirectClient
from controller.config.keys import BrokerConfig
from controller.formats.client_id import mqtt_client_id
from controller.formats.wire import CoinPulseMessage
from controller.model.events import BrokerConnected, BrokerLost, Delivery

log = logging.getLogger(__name__)

KEEPALIVE_S = 15
ENDS_WITHIN_S = 2.0
SESSION_TAKEN_OVER = 142  # MQTT 5: another client connected with our id
# Mosquitto 2.0 hangs up on the one who is thrown out, without a word. It comes back and throws out the other,
# and so the connections of both end within moments, at a broker that is always there.
SHORT_LIFE_S, SHORT_LIVES = 5.0, 5
# Spread, so that a thousand cabinets do not come back to a restarted broker in the same second: the first
# wait, of which paho doubles each further one, and the longest.
RETRY_FIRST_S, RETRY_MAX_S = (1.0, 2.0), (20, 40)

OnCoinPulse = Callable[[CoinPulseMessage, Delivery], None]
OnLink = Callable[[BrokerConnected | BrokerLost], None]


@dataclass(frozen=True)
class Published:
    """The broker's word (PUBACK) on what was published with this message id: it has it, or `refused` it."""

    message_id: int
    refused: str | None = None


@dataclass(frozen=True)
class SideTopic:
    """A topic that we hear if the broker lets us, and do without if it does not; nothing is acknowledged."""

    topic: str
    on_payload: Callable[[bytes], None]


class Broker:
    """The cabinet's one connection. paho's thread only tells of what it sees; it decides nothing."""

    def __init__(
        self,
        config: BrokerConfig,
        machine_id: str,
        *,
        coinpulse_topic: str,
        will: tuple[str, bytes],
        on_coinpulse: OnCoinPulse,
        on_link: OnLink,
        on_published: Callable[[Published], None],
        side_topic: SideTopic | None = None,
    ) -> None:
        self._config = config
        self._coinpulse_topic = coinpulse_topic
        self._on_coinpulse = on_coinpulse
        self._on_link = on_link
        self._on_published = on_published
        self._side_topic = side_topic
        self._once: int | None = None
        self._connection = 0
        self._session_present = False
        self._refused = False
        self._accepted_s = 0.0
        self._short_lives = 0
        self._wanted = False
        self._client = self._new_client(machine_id, *will)

    def start(self) -> None:
        """Begin to connect, and go on trying until stopped."""
        self._wanted = True
        self._short_lives = 0
        self._client.on_disconnect = _guarded(self._on_disconnect)
        self._client.connect_async(
            self._config.host,
            self._config.port,
            keepalive=KEEPALIVE_S,
            clean_start=False,
            properties=self._client.session_properties(),
        )
        self._client.loop_start()

    @property
    def alive(self) -> bool:
        """Whether paho's thread runs, if it should: once it died, `is_connected()` stays true for ever."""
        thread = self._client._thread
        return not self._wanted or (thread is not None and thread.is_alive())

    def publish(self, topic: str, payload: bytes, *, retain: bool, expiry_s: int | None = None) -> int:
        """Publish at QoS 1; while offline, paho keeps it for the next connection.

        Gives the message id that `Published` will name once the broker has it.
        """
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        if expiry_s is not None:
            properties.MessageExpiryInterval = expiry_s
        return self._client.publish(topic, payload, qos=1, retain=retain, properties=properties).mid

    def publish_once(self, topic: str, payload: bytes) -> int:
        """Publish at QoS 1, on this connection or never: whoever publishes so tries again by itself.

        A broker that hangs up on such a message has it no second time. Gives the message id.
        """
        self._once = self.publish(topic, payload, retain=False)
        return self._once

    def acknowledge(self, delivery: Delivery) -> None:
        """Send PUBACK, unless the connection has changed: then the message comes again, under a new id."""
        if delivery.qos and delivery.connection == self._connection:
            self._client.ack(delivery.message_id, delivery.qos)

    def stop(self, farewell: tuple[str, bytes]) -> None:
        """Say a retained farewell, for a clean goodbye keeps the last will back; then disconnect."""
        self._wanted = False
        if self._client.is_connected():
            topic, payload = farewell
            sent = self._client.publish(topic, payload, qos=1, retain=True)
            try:
                sent.wait_for_publish(timeout=2)
            except (RuntimeError, ValueError) as error:
                log.warning("farewell not sent: %s", error)
        self._client.on_disconnect = None  # what was asked for is no loss
        self._client.disconnect()
        # paho waits for its thread, and that one perhaps for a name server, for minutes.
        ending = threading.Thread(target=self._client.loop_stop, name="broker ends", daemon=True)
        ending.start()
        ending.join(ENDS_WITHIN_S)

    def _new_client(self, machine_id: str, will_topic: str, will: bytes) -> DirectClient:
        client_id = mqtt_client_id(machine_id, self._config.password)
        client = DirectClient(client_id, self._config.ca_file, manual_ack=True)
        client.username_pw_set(machine_id, self._config.password)
        client.will_set(will_topic, will, qos=1, retain=True)
        first_s, most_s = random.uniform(*RETRY_FIRST_S), random.randint(*RETRY_MAX_S)  # noqa: S311
        client.reconnect_delay_set(first_s, most_s)  # type: ignore[arg-type]  # paho takes fractions too
        client.on_socket_open = _guarded(_send_at_once)
        client.on_connect = _guarded(self._on_connect)
        client.on_connect_fail = _guarded(self._on_connect_fail)
        client.on_subscribe = _guarded(self._on_subscribe)
        client.on_publish = _guarded(self._on_publish)
        client.on_message = _guarded(self._on_message)
        return client

    def _on_connect(
        self, client: mqtt.Client, _: Any, flags: mqtt.ConnectFlags, reason: ReasonCode, __: Any
    ) -> None:
        self._refused = reason.is_failure
        if self._refused:
            self._on_link(BrokerLost(f"refused us: {reason}"))
            return
        self._connection += 1
        self._accepted_s = time.monotonic()
        self._session_present = flags.session_present
        # Also with a kept session: a broker that lost its store may not know that it did.
        wanted = [(self._coinpulse_topic, 1)]
        if self._side_topic is not None:
            # QoS 0: said again where it is missed, and it must not fill the mailbox that coin pulses wait in.
            wanted.append((self._side_topic.topic, 0))
        client.subscribe(wanted)

    def _on_subscribe(self, _: mqtt.Client, __: Any, ___: int, reasons: list[ReasonCode], ____: Any) -> None:
        reason = reasons[0]  # of the coin pulses: a broker may refuse what stands behind them
        if reason.is_failure:
            self._on_link(BrokerLost(f"refused our subscription: {reason}"))
        else:
            self._on_link(BrokerConnected(self._session_present))

    def _on_connect_fail(self, _: mqtt.Client, __: Any) -> None:
        self._short_lives = 0
        # paho does not pass the error on, but calls us while it handles it: a wrong certificate, say.
        error = sys.exc_info()[1]
        self._on_link(BrokerLost(f"{self._config.host}:{self._config.port} cannot be reached: {error}"))

    def _on_disconnect(
        self, _: mqtt.Client, __: Any, flags: mqtt.DisconnectFlags, reason: ReasonCode, ___: Any
    ) -> None:
        if self._once is not None:
            self._client.forget(self._once)
            self._once = None
        # Behind a refusal paho reports a protocol error, which would hide the reason.
        if not self._refused:
            taken_over = self._is_take_over(reason, said_by_broker=flags.is_disconnect_packet_from_server)
            self._on_link(BrokerLost(str(reason), taken_over=taken_over))

    def _is_take_over(self, reason: ReasonCode, *, said_by_broker: bool) -> bool:
        if said_by_broker:
            return reason.value == SESSION_TAKEN_OVER
        lived_s = time.monotonic() - self._accepted_s
        self._short_lives = self._short_lives + 1 if lived_s < SHORT_LIFE_S else 0
        return self._short_lives >= SHORT_LIVES

    def _on_publish(self, _: mqtt.Client, __: Any, message_id: int, reason: ReasonCode, ___: Any) -> None:
        if message_id == self._once:
            self._once = None  # its number will be another message's
        self._on_published(Published(message_id, str(reason) if reason.is_failure else None))

    def _on_message(self, client: mqtt.Client, _: Any, message: mqtt.MQTTMessage) -> None:
        side = self._side_topic
        if side is not None and message.topic == side.topic:
            client.ack(message.mid, message.qos)
            side.on_payload(bytes(message.payload))
            return
        properties = message.properties
        user = dict(getattr(properties, "UserProperty", ()))
        coinpulse = CoinPulseMessage(
            payload=bytes(message.payload),
            retained=message.retain,
            expiry_s=getattr(properties, "MessageExpiryInterval", None),
            signature=user.get("sig"),
            second_signature=user.get("sig2"),
        )
        self._on_coinpulse(coinpulse, Delivery(self._connection, message.mid, message.qos))


def _guarded(callback: Callable[..., None]) -> Callable[..., None]:
    """The callback, logging what it raises: an exception would end paho's thread without a word."""

    def guarded(*arguments: Any) -> None:
        try:
            callback(*arguments)
        except Exception:
            log.exception("MQTT callback failed")

    return guarded


def _send_at_once(_: mqtt.Client, __: Any, sock: Any) -> None:
    # Otherwise a small packet waits, some 40 ms, until the one before it is acknowledged.
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
