"""EDGE. A short visit to the broker, for who wants to know what it allows and keeps."""

from __future__ import annotations

import queue
import socket
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, Self

from paho.mqtt.client import ConnectFlags, MQTTMessage
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from cloud_relay.broker.direct_client import DirectClient
from cloud_relay.errors import BrokerUnavailable
from cloud_relay.rules.messages import MAX_PACKET_BYTES
from cloud_relay.settings import MqttSettings

ANSWER_WITHIN_S = 3.0
_CONNECT = 0  # paho gives no packet this number


class HungUp(BrokerUnavailable):
    """The broker ended the connection instead of answering."""


@dataclass(frozen=True)
class Visitor:
    """As whom somebody comes, at which port; None where neither name nor password is given."""

    client_id: str
    name: str | None
    password: str | None
    port: int


@dataclass(frozen=True)
class Welcome:
    """How the broker answered to CONNECT, and what it says that it keeps; None where it says nothing."""

    reason: ReasonCode
    session_present: bool
    keeps_retained: bool
    most_packet_bytes: int | None
    session_expiry_s: int | None


@dataclass(frozen=True)
class Heard:
    """A message that came; `expires_in_s` None where it never does."""

    topic: str
    payload: bytes
    retained: bool
    expires_in_s: int | None


class Visit:
    """One connection that ends with the context; its session is kept for `session_s`.

    `will` is a topic and a retained message, which goes out when the visit is `broken_off`.

    Raises:
        HungUp: the broker ended the connection.
        BrokerUnavailable: nothing came back within some seconds.
    """

    def __init__(
        self,
        mqtt: MqttSettings,
        visitor: Visitor,
        *,
        session_s: int = 0,
        clean_start: bool = True,
        will: tuple[str, bytes] | None = None,
    ) -> None:
        self._mqtt = replace(mqtt, port=visitor.port)
        self._session_s, self._clean_start = session_s, clean_start
        self._answers: queue.SimpleQueue[tuple[int, list[ReasonCode]] | None] = queue.SimpleQueue()
        self._heard: list[Heard] = []
        self._flags, self._properties = False, Properties(PacketTypes.CONNACK)  # type: ignore[no-untyped-call]
        self.has_ended = False
        self._client = DirectClient(visitor.client_id, mqtt.ca_file)
        self._client.username_pw_set(visitor.name, visitor.password)
        if will is not None:
            self._client.will_set(*will, qos=1, retain=True)
        self._client.on_connect = self._on_connect
        self._client.on_publish = lambda _c, _u, mid, reason, _p: self._answers.put((mid, [reason]))
        self._client.on_subscribe = lambda _c, _u, mid, reasons, _p: self._answers.put((mid, reasons))
        self._client.on_message = lambda _c, _u, message: self._heard.append(_read(message))
        self._client.on_disconnect = self._on_disconnect

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def connect(self) -> Welcome:
        """Log in."""
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.MaximumPacketSize = MAX_PACKET_BYTES
        properties.SessionExpiryInterval = self._session_s
        try:
            self._client.connect(
                self._mqtt.host,
                self._mqtt.port,
                keepalive=10,
                clean_start=self._clean_start,
                properties=properties,
            )
        except OSError as why:
            raise BrokerUnavailable(f"connecting failed: {why}") from None
        self._client.loop_start()
        reason = self._answer(_CONNECT, "CONNACK")[0]
        return Welcome(
            reason,
            session_present=self._flags,
            # MQTT 5, 3.2.2.3.5: a broker that does not say so keeps them.
            keeps_retained=bool(getattr(self._properties, "RetainAvailable", 1)),
            most_packet_bytes=getattr(self._properties, "MaximumPacketSize", None),
            session_expiry_s=getattr(self._properties, "SessionExpiryInterval", None),
        )

    def subscribe(self, topic: str) -> bool:
        """Whether a subscription is granted."""
        _, mid = self._client.subscribe(topic, options=SubscribeOptions(qos=1))
        return not self._answer(mid or -1, f"SUBACK for {topic}")[0].is_failure

    def publish(
        self, topic: str, payload: bytes, *, retain: bool = False, expiry_s: int | None = None
    ) -> ReasonCode:
        """The PUBACK's reason."""
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        if expiry_s is not None:
            properties.MessageExpiryInterval = expiry_s
        sent = self._client.publish(topic, payload, qos=1, retain=retain, properties=properties)
        return self._answer(sent.mid, f"PUBACK for {topic}")[0]

    def hears(self, topic: str, payload: bytes, within_s: float) -> Heard | None:
        """A message, once it has come."""
        deadline_s = time.monotonic() + within_s
        while True:
            for each in list(self._heard):
                if (each.topic, each.payload) == (topic, payload):
                    return each
            if time.monotonic() > deadline_s or self.has_ended:
                return None
            time.sleep(0.02)

    def break_off(self) -> None:
        """End the connection as a lost one ends, without a word: the broker sends the will."""
        sock: Any = self._client.socket()
        if sock is not None:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def _on_connect(
        self, _c: Any, _u: Any, flags: ConnectFlags, reason: ReasonCode, properties: Properties | None
    ) -> None:
        self._flags = flags.session_present
        self._properties = properties or self._properties
        self._answers.put((_CONNECT, [reason]))

    def _on_disconnect(self, *_: object) -> None:
        self.has_ended = True
        self._answers.put(None)

    def _answer(self, mid: int, what: str) -> list[ReasonCode]:
        deadline_s = time.monotonic() + ANSWER_WITHIN_S
        while (left_s := deadline_s - time.monotonic()) > 0:
            try:
                answer = self._answers.get(timeout=left_s)
            except queue.Empty:
                break
            if answer is None:
                raise HungUp(f"the broker hung up instead of a {what}")
            if answer[0] == mid:
                return answer[1]
        raise BrokerUnavailable(f"no {what} within {ANSWER_WITHIN_S:g} s")


def _read(message: MQTTMessage) -> Heard:
    expires_in_s = getattr(message.properties, "MessageExpiryInterval", None)
    return Heard(message.topic, bytes(message.payload), bool(message.retain), expires_in_s)
