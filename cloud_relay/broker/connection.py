"""EDGE. One connection to the MQTT broker, from CONNECT until it breaks; it is never mended."""

from __future__ import annotations

import logging
import queue
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import partial, wraps
from typing import Any, NoReturn, ParamSpec

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from cloud_relay.broker.direct_client import DirectClient
from cloud_relay.broker.kept import Inbox, Kept, gather
from cloud_relay.broker.subscriptions import Subscriptions
from cloud_relay.errors import BrokerUnavailable, NobodySubscribed, PublishRefused
from cloud_relay.rules.messages import KEEPALIVE_S, MAX_PACKET_BYTES
from cloud_relay.settings import MqttSettings

CONNECT_WITHIN_S = 3.0
ANSWER_WITHIN_S = 2.0
NO_MATCHING_SUBSCRIBERS = 16
_CONNACK = 0  # MQTT's packet ids begin at 1

log = logging.getLogger(__name__)
P = ParamSpec("P")
# Entered by whoever waits long; it may refuse with an error of its own.
Place = Callable[[], AbstractContextManager[object]]


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
        self._client = self._new_client(mqtt)
        self._subscriptions = Subscriptions(self._client)
        self._connect(mqtt)

    @property
    def is_broken(self) -> bool:
        """Whether the connection is known to be of no more use."""
        return self._broken is not None or not self._client.is_connected()

    def publish(
        self,
        topic: str,
        payload: bytes,
        expiry_s: int | None,
        user_properties: Mapping[str, str],
        *,
        retain: bool = False,
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
        sent = self._client.publish(topic, payload, qos=1, retain=retain, properties=properties)
        reason = self._answer_to(sent.mid, f"PUBACK for {topic}")
        if reason.value == NO_MATCHING_SUBSCRIBERS:
            raise NobodySubscribed(f"nobody is subscribed to {topic}")
        if reason.is_failure:
            raise PublishRefused(f"the broker refused a message to {topic}: {reason}")

    def retained(self, topic: str, soon_s: float, within_s: float, place: Place) -> bytes | None:
        """The retained message of a topic, or None where there is none; an empty one took it away.

        One that does not come within `soon_s` is waited for with a `place`, for `within_s` more: on the
        same subscription, for a new one would have a slow broker begin anew.

        Raises:
            BrokerUnavailable: the broker did not answer the subscription.
            PublishRefused: the access rules forbid it.
        """
        with self._reading(topic) as inbox:
            with suppress(queue.Empty):
                return bytes(inbox.get(timeout=soon_s).payload) or None
            with place(), suppress(queue.Empty):
                return bytes(inbox.get(timeout=within_s).payload) or None
        # The end of a connection is not a machine's silence.
        return self._never_answered() if self.is_broken else None

    def all_retained(self, topic_filter: str, quiet_s: float, within_s: float) -> Kept:
        """The retained messages of all topics that match, by topic, gathered for at most `within_s`.

        Raises:
            BrokerUnavailable: the broker did not answer the subscription.
            PublishRefused: the access rules forbid it.
        """
        deadline_s = time.monotonic() + within_s
        # Some brokers answer a subscription only after all that they keep for it.
        with self._reading(topic_filter, within_s) as inbox:
            return gather(inbox, quiet_s, deadline_s, partial(self._ask_again, topic_filter))

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
    def _reading(self, topic: str, answer_within_s: float = ANSWER_WITHIN_S) -> Iterator[Inbox]:
        with self._breaking(), self._subscriptions.reading(topic, answer_within_s) as inbox:
            yield inbox

    def _ask_again(self, subscribed: str, deadline_s: float, *, send_kept: bool) -> bool:
        """Subscribe to a topic that is subscribed to already; False if that took until the deadline."""
        try:
            within_s = deadline_s - time.monotonic()
            self._subscriptions.subscribe_again(subscribed, within_s, send_retained=send_kept)
        except BrokerUnavailable:
            if time.monotonic() < deadline_s:
                raise
            return False
        return True

    @contextmanager
    def _breaking(self) -> Iterator[None]:
        """A connection that once did not answer is of no more use."""
        try:
            yield
        except BrokerUnavailable as why:
            self._break(str(why))
            raise

    def _never_answered(self) -> NoReturn:
        raise BrokerUnavailable(self._broken or "not connected")

    def _answer_to(self, mid: int, what: str, within_s: float = ANSWER_WITHIN_S) -> ReasonCode:
        answer = self._answer(mid)
        try:
            return answer.result(within_s)
        except FutureTimeout:
            self._break(f"no {what} within {within_s:.2g} s")
            raise BrokerUnavailable(f"no {what} within {within_s:.2g} s") from None
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
        self._subscriptions.end(why)

    def _on_connect(self, _c: Client, _u: object, _f: object, reason: ReasonCode, _p: object) -> None:
        self._deliver(_CONNACK, reason)

    def _on_disconnect(self, _c: Client, _u: object, _f: object, reason: ReasonCode, _p: object) -> None:
        self._break(f"the connection to the broker ended: {reason}")

    def _on_publish(self, _c: Client, _u: object, mid: int, reason: ReasonCode, _p: object) -> None:
        self._deliver(mid, reason)

    def _on_subscribe(self, _c: Client, _u: object, mid: int, reasons: list[ReasonCode], _p: object) -> None:
        self._subscriptions.answer(mid, reasons)

    def _on_message(self, _c: Client, _u: object, message: MQTTMessage) -> None:
        self._subscriptions.deliver(message)


def _send_at_once(_c: Client, _u: object, sock: Any) -> None:
    # Without it a coin pulse can wait 40 ms for the acknowledgement of the packet before it.
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
