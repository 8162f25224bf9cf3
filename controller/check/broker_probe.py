"""EDGE. A short visit to the broker: what it allows is in its reason codes.

The visitor has a client id of its own, but a broker may go by the login alone. Then it stands in the
cabinet's session, which is to be found as it was left: with what waits in it, and with its subscriptions.
"""

from __future__ import annotations

import queue
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from paho.mqtt.client import ConnectFlags
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from controller.cloud.mqtt_client import DirectClient
from controller.config.keys import BrokerConfig

ANSWER_WITHIN_S = 3.0
_CONNECT = 0  # paho gives no packet this number
_SEND_NO_RETAINED = 2  # MQTT 5, 3.8.3.1: not at the time of the subscribe


class ProbeFailedError(OSError):
    """The broker hung up, or did not answer; the message says at what."""


class HungUpError(ProbeFailedError):
    """The broker ended the connection instead of answering."""


@dataclass(frozen=True)
class Login:
    """As whom a visitor comes; None where it gives neither name nor password."""

    client_id: str
    name: str | None
    password: str | None


@dataclass(frozen=True)
class Welcome:
    """How the broker answered to CONNECT: whether a session was there, and what it says that it keeps."""

    reason: ReasonCode
    session_present: bool
    keeps_retained: bool


class BrokerProbe:
    """One session that ends with the context, unless it was there before. It leaves nothing retained.

    `will` is a topic and a retained message, as a cabinet leaves one; it goes out if we are killed. A
    `clean_start` ends a session that was there before.

    Raises:
        ProbeFailedError: nothing came back within some seconds.
    """

    def __init__(
        self,
        config: BrokerConfig,
        login: Login,
        *,
        will: tuple[str, bytes] | None = None,
        clean_start: bool = False,
    ) -> None:
        self._config = config
        self._clean_start = clean_start
        self._answers: queue.SimpleQueue[tuple[int, list[ReasonCode]] | None] = queue.SimpleQueue()
        self.topics: set[str] = set()
        self._kept_session, self._keeps_retained = False, True
        # What waits in a session that was there before is the cabinet's to acknowledge.
        self._client = DirectClient(
            login.client_id, config.ca_file, reconnect_on_failure=False, manual_ack=True
        )
        self._client.username_pw_set(login.name, login.password)
        if will is not None:
            self._client.will_set(*will, qos=1, retain=True)
        self._client.on_connect = self._on_connect
        self._client.on_publish = lambda _c, _u, mid, reason, _p: self._answers.put((mid, [reason]))
        self._client.on_subscribe = lambda _c, _u, mid, reasons, _p: self._answers.put((mid, reasons))
        self._client.on_unsubscribe = lambda _c, _u, mid, reasons, _p: self._answers.put((mid, reasons))
        self._client.on_message = lambda _c, _u, message: self.topics.add(message.topic)
        self._client.on_disconnect = lambda *_: self._answers.put(None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.leave()

    def leave(self) -> None:
        """Say goodbye, which keeps the will back."""
        properties = Properties(PacketTypes.DISCONNECT)  # type: ignore[no-untyped-call]
        if not self._kept_session:
            properties.SessionExpiryInterval = 0
        self._client.disconnect(properties=properties)
        self._client.loop_stop()

    def connect(self) -> Welcome:
        """Log in."""
        try:
            self._client.connect(
                self._config.host,
                self._config.port,
                keepalive=10,
                clean_start=self._clean_start,
                properties=None if self._clean_start else self._client.session_properties(),
            )
        except OSError as error:
            raise ProbeFailedError(f"connecting failed: {error}") from error
        self._client.loop_start()
        reason = self._answer(_CONNECT, "CONNACK")[0]
        return Welcome(reason, self._kept_session, self._keeps_retained)

    def subscribe(self, topic: str) -> bool:
        """Whether a subscription is granted; it is of the cabinet's own kind, which it may replace."""
        options = SubscribeOptions(qos=1, retainHandling=_SEND_NO_RETAINED)
        _, mid = self._client.subscribe(topic, options=options)
        return not self._answer(mid or -1, f"SUBACK for {topic}")[0].is_failure

    def unsubscribe(self, topic: str) -> None:
        """Leave no subscription that the cabinet does not have."""
        _, mid = self._client.unsubscribe(topic)
        self._answer(mid or -1, f"UNSUBACK for {topic}")

    def publish(self, topic: str, payload: bytes) -> bool:
        """Whether a message, not retained, is taken."""
        sent = self._client.publish(topic, payload, qos=1)
        # "No matching subscribers" (16) is no failure: it was allowed, and nobody was there to hear it.
        return not self._answer(sent.mid, f"PUBACK for {topic}")[0].is_failure

    def _on_connect(
        self, _c: Any, _u: Any, flags: ConnectFlags, reason: ReasonCode, properties: Properties | None
    ) -> None:
        self._kept_session = flags.session_present
        # MQTT 5, 3.2.2.3.5: a broker that does not say so keeps them.
        self._keeps_retained = bool(getattr(properties, "RetainAvailable", 1))
        self._answers.put((_CONNECT, [reason]))

    def _answer(self, mid: int, what: str) -> list[ReasonCode]:
        deadline_s = time.monotonic() + ANSWER_WITHIN_S
        while (left_s := deadline_s - time.monotonic()) > 0:
            try:
                answer = self._answers.get(timeout=left_s)
            except queue.Empty:
                break
            if answer is None:
                raise HungUpError(f"the broker hung up instead of a {what}")
            if answer[0] == mid:
                return answer[1]
        raise ProbeFailedError(f"no {what} within {ANSWER_WITHIN_S:g} s")
