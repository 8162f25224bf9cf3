"""EDGE. One connection to the MQTT broker, from CONNECT until it breaks; it is never mended."""

from __future__ import annotations

import logging
import queue
import secrets
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import contextmanager, suppress
from functools import wraps
from typing import Any, ParamSpec

from paho.mqtt.client import Client, MQTTMessage, topic_matches_sub
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from cloud_relay.broker.direct_client import DirectClient
from cloud_relay.errors import BrokerUnavailable, NobodySubscribed, PublishRefused
from cloud_relay.rules.messages import KEEPALIVE_S, MAX_PACKET_BYTES
from cloud_relay.settings import MqttSettings

CONNECT_WITHIN_S = 3.0
ANSWER_WITHIN_S = 2.0
NO_MATCHING_SUBSCRIBERS = 16
_CONNACK = 0  # MQTT's packet ids begin at 1

log = logging.getLogger(__name__)
P = ParamSpec("P")


def _guarded(callback: Callable[P, None]) -> Callable[P, None]:
    """Log what a callback raises: an exception would end paho's network thread without a word."""

    @wraps(callback)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            callback(*args, **kwargs)
        except Exception:
            log.exception("An MQTT callback failed: %s", callback.__name__)

    return guarded


class BrokerConnection:
    """One connection with its network thread; any number of threads may use it at once.

    A broken connection stays broken, and what it had not yet sent is forgotten: a coin
    pulse that is sent later than its publisher believes could be credited after its window.

    Raises:
        BrokerUnavailable: the broker did not accept the connection in time; the message says why.
    """

    def __init__(self, mqtt: MqttSettings) -> None:
        self._answers: dict[int, Future[ReasonCode]] = {}
        self._broken: str | None = None
        self._lock = threading.Lock()
        self._readers: dict[str, list[queue.SimpleQueue[MQTTMessage]]] = {}
        self._readers_lock = threading.Lock()
        self._client = self._new_client(mqtt)
        self._connect(mqtt)

    @property
    def is_broken(self) -> bool:
        """Whether the connection is known to be of no more use."""
        return self._broken is not None or not self._client.is_connected()

    def publish(
        self, topic: str, payload: bytes, expiry_s: int | None, user_properties: Mapping[str, str]
    ) -> None:
        """Publish with QoS 1 and return after the broker's PUBACK.

        Raises:
            BrokerUnavailable: no PUBACK came in time.
            NobodySubscribed: nobody will ever get the message.
            PublishRefused: the access rules forbid it.
        """
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        if expiry_s is not None:
            properties.MessageExpiryInterval = expiry_s
        if user_properties:
            properties.UserProperty = list(user_properties.items())
        sent = self._client.publish(topic, payload, qos=1, properties=properties)
        reason = self._answer_to(sent.mid, f"PUBACK for {topic}")
        if reason.value == NO_MATCHING_SUBSCRIBERS:
            raise NobodySubscribed(f"nobody is subscribed to {topic}")
        if reason.is_failure:
            raise PublishRefused(f"the broker refused a message to {topic}: {reason}")

    def retained(self, topic: str, within_s: float) -> bytes | None:
        """The retained message of a topic, or None where there is none after `within_s`.

        Raises:
            BrokerUnavailable: the broker did not answer the subscription.
            PublishRefused: the access rules forbid it.
        """
        with self._subscribed(topic) as inbox:
            try:
                return bytes(inbox.get(timeout=within_s).payload)
            except queue.Empty:
                return None

    def all_retained(self, topic_filter: str, quiet_s: float) -> dict[str, bytes]:
        """The retained messages of all topics that match, by topic.

        MQTT does not say which one is the last: they are all there once none came for `quiet_s`.

        Raises:
            BrokerUnavailable: the broker did not answer the subscription.
            PublishRefused: the access rules forbid it.
        """
        found: dict[str, bytes] = {}
        with self._subscribed(topic_filter) as inbox, suppress(queue.Empty):
            while True:
                message = inbox.get(timeout=quiet_s)
                found[message.topic] = bytes(message.payload)
        return found

    def close(self) -> None:
        """Leave the broker without waiting: on a dead link the network thread ends in its own time."""
        self._client.disconnect()
        sock: Any = self._client.socket()
        if self._broken is not None and sock is not None:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def _new_client(self, mqtt: MqttSettings) -> Client:
        try:
            client = DirectClient(f"cloud-relay-{secrets.token_hex(8)}", mqtt.ca_file)
        except OSError as why:
            raise BrokerUnavailable(f"MQTT_CA_FILE {mqtt.ca_file} cannot be used: {why}") from why
        client.username_pw_set(mqtt.username, mqtt.password)
        client.connect_timeout = CONNECT_WITHIN_S
        client.on_socket_open = _guarded(_send_at_once)
        client.on_connect = _guarded(self._on_connect)
        client.on_disconnect = _guarded(self._on_disconnect)
        client.on_publish = _guarded(self._on_publish)
        client.on_subscribe = _guarded(self._on_subscribe)
        client.on_message = _guarded(self._on_message)
        return client

    def _connect(self, mqtt: MqttSettings) -> None:
        # MQTT 5, 3.1.2.11.4: the broker must not send us more, whatever a stolen cabinet left there.
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.MaximumPacketSize = MAX_PACKET_BYTES
        try:
            self._client.connect(
                mqtt.host, mqtt.port, keepalive=KEEPALIVE_S, clean_start=True, properties=properties
            )
        except OSError as why:
            raise BrokerUnavailable(f"cannot reach {mqtt.host}:{mqtt.port}: {why}") from why
        self._client.loop_start()
        try:
            reason = self._answer_to(_CONNACK, "CONNACK")
            if reason.is_failure:
                raise BrokerUnavailable(f"{mqtt.host}:{mqtt.port} refused {mqtt.username}: {reason}")
        except BrokerUnavailable:
            self.close()
            raise

    @contextmanager
    def _subscribed(self, topic: str) -> Iterator[queue.SimpleQueue[MQTTMessage]]:
        """Subscribe for one reader: the broker sends the retained messages for every subscription."""
        inbox: queue.SimpleQueue[MQTTMessage] = queue.SimpleQueue()
        with self._readers_lock:
            self._readers.setdefault(topic, []).append(inbox)
            _, mid = self._client.subscribe(topic, qos=0)
        try:
            # paho names no packet when it is not connected
            reason = self._answer_to(mid or self._never_answered(), f"SUBACK for {topic}")
            if reason.is_failure:
                raise PublishRefused(f"the broker refused a subscription to {topic}: {reason}")
            yield inbox
        finally:
            with self._readers_lock:
                self._readers[topic].remove(inbox)
                if not self._readers[topic]:
                    del self._readers[topic]
                    self._client.unsubscribe(topic)

    def _never_answered(self) -> int:
        raise BrokerUnavailable(self._broken or "not connected")

    def _answer_to(self, mid: int, what: str) -> ReasonCode:
        answer = self._answer(mid)
        try:
            return answer.result(ANSWER_WITHIN_S)
        except FutureTimeout:
            self._break(f"no {what} within {ANSWER_WITHIN_S:g} s")
            raise BrokerUnavailable(f"no {what} within {ANSWER_WITHIN_S:g} s") from None
        finally:
            with self._lock:
                self._answers.pop(mid, None)

    def _answer(self, mid: int) -> Future[ReasonCode]:
        """Where a packet's answer goes, made by whoever comes first: the asker or the answer."""
        with self._lock:
            if mid not in self._answers and self._broken is not None:
                raise BrokerUnavailable(self._broken)
            return self._answers.setdefault(mid, Future())

    def _deliver(self, mid: int, reason: ReasonCode) -> None:
        with self._lock:
            if self._broken is None:
                self._answers.setdefault(mid, Future()).set_result(reason)

    def _break(self, why: str) -> None:
        with self._lock:
            self._broken = self._broken or why
            for answer in self._answers.values():
                # An answer that came before the end stays, even if its asker has yet to look.
                if not answer.done():
                    answer.set_exception(BrokerUnavailable(why))

    def _on_connect(self, _c: Client, _u: object, _f: object, reason: ReasonCode, _p: object) -> None:
        self._deliver(_CONNACK, reason)

    def _on_disconnect(self, _c: Client, _u: object, _f: object, reason: ReasonCode, _p: object) -> None:
        self._break(f"the connection to the broker ended: {reason}")

    def _on_publish(self, _c: Client, _u: object, mid: int, reason: ReasonCode, _p: object) -> None:
        self._deliver(mid, reason)

    def _on_subscribe(self, _c: Client, _u: object, mid: int, reasons: list[ReasonCode], _p: object) -> None:
        self._deliver(mid, reasons[0])

    def _on_message(self, _c: Client, _u: object, message: MQTTMessage) -> None:
        with self._readers_lock:
            inboxes = [
                inbox
                for topic, readers in self._readers.items()
                if topic_matches_sub(topic, message.topic)
                for inbox in readers
            ]
        for inbox in inboxes:
            inbox.put(message)


def _send_at_once(_c: Client, _u: object, sock: Any) -> None:
    # Without it a coin pulse can wait 40 ms for the acknowledgement of the packet before it.
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
