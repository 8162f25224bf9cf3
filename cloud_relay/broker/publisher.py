"""EDGE. The MQTT side: publish until acknowledged, and read what a machine said last."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext, suppress
from typing import TypeVar

from cloud_relay.broker.connection import BrokerConnection, Place
from cloud_relay.errors import BrokerUnavailable, NobodySubscribed
from cloud_relay.rules.machine_report import MachineReports, machine_in, read_report
from cloud_relay.rules.messages import MachineStatus, read_status, status_topic
from cloud_relay.settings import MqttSettings

SOON_S, STATUS_WITHIN_S = 0.3, 1.5
# Brokers may give out only so many retained messages a second.
ALL_WITHIN_S = 30.0

log = logging.getLogger(__name__)
T = TypeVar("T")


class Publisher:
    """The process's one connection to the broker, made when needed and replaced when it breaks.

    Between two calls the process may have been frozen, as on Lambda, and a connection dead for hours
    may look alive. So whatever fails for want of a connection is tried once more on a fresh one.
    """

    def __init__(self, mqtt: MqttSettings) -> None:
        self._mqtt = mqtt
        self._lock = threading.Lock()
        self._connection: BrokerConnection | None = None
        self._failure: tuple[float, str] = (float("-inf"), "")
        self._away: str | None = None

    def publish(
        self,
        topic: str,
        payload: bytes,
        *,
        expiry_s: int | None = None,
        user_properties: Mapping[str, str] | None = None,
    ) -> None:
        """Publish with QoS 1; the broker has acknowledged the message when this returns.

        Raises:
            BrokerUnavailable: not even a fresh connection brought an acknowledgement.
            NobodySubscribed: nobody will ever get the message.
            PublishRefused: the access rules forbid it.
        """
        self._with_connection(
            lambda connection: connection.publish(topic, payload, expiry_s, user_properties or {})
        )

    def keep(self, topic: str, payload: bytes, *, expiry_s: int) -> None:
        """Leave a message at the broker for who asks for it within `expiry_s` seconds. Raises as `publish`.

        Whether anybody hears it now does not matter.
        """
        with suppress(NobodySubscribed):
            self._with_connection(lambda broker: broker.publish(topic, payload, expiry_s, {}, retain=True))

    def kept(self, topic: str) -> bytes | None:
        """What the broker keeps of a topic; None where it sent nothing soon.

        Raises:
            BrokerUnavailable: the broker could not be asked.
            PublishRefused: the access rules forbid it.
        """
        return self._with_connection(lambda broker: broker.retained(topic, SOON_S, 0, nullcontext))

    def retained_status(
        self, machine_id: str, *, within_s: float = STATUS_WITHIN_S, place: Place = nullcontext
    ) -> MachineStatus | None:
        """What a machine said last, or None where the broker holds no status of it.

        A broker sends it right after it accepted the subscription; who waits longer than a moment for it
        does so in a `place`, which may refuse.

        Raises:
            BrokerUnavailable: the broker could not be asked.
        """
        topic = status_topic(machine_id)
        payload = self._with_connection(lambda broker: broker.retained(topic, SOON_S, within_s, place))
        return None if payload is None else read_status(payload, machine_id)

    def machine_reports(
        self, quiet_s: float = STATUS_WITHIN_S, within_s: float = ALL_WITHIN_S
    ) -> MachineReports:
        """What every machine said last; it takes `quiet_s` longer than the broker does, but ends `within_s`.

        Raises:
            BrokerUnavailable: the broker could not be asked.
        """
        kept = self._with_connection(
            lambda connection: connection.all_retained(status_topic("+"), quiet_s, within_s)
        )
        named = {machine_in(topic): payload for topic, payload in kept.by_topic.items()}
        return MachineReports(
            {name: read_report(payload, name) for name, payload in named.items() if name is not None},
            complete=kept.complete,
        )

    def close(self) -> None:
        """Leave the broker."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _with_connection(self, act: Callable[[BrokerConnection], T]) -> T:
        connection = self._usable(None)
        try:
            return act(connection)
        except BrokerUnavailable as why:
            log.debug("Lost the broker, connecting once more: %s", why)
            return act(self._usable(connection))

    def _usable(self, failed: BrokerConnection | None) -> BrokerConnection:
        called_at = time.monotonic()
        with self._lock:
            current = self._connection
            if current is not None and current is not failed and not current.is_broken:
                return current
            # Whoever queued here during a failed attempt shares its failure instead of waiting for
            # one of their own.
            failed_at, why = self._failure
            if failed_at > called_at:
                raise BrokerUnavailable(why)
            return self._replace(current)

    def _replace(self, current: BrokerConnection | None) -> BrokerConnection:
        self._connection = None
        if current is not None:
            current.close()
        try:
            self._connection = BrokerConnection(self._mqtt)
        except BrokerUnavailable as why:
            self._failure = (time.monotonic(), str(why))
            self._note(str(why))
            raise
        self._note(None)
        return self._connection

    def _note(self, away: str | None) -> None:
        """Say that the broker is away, or there again: once, however many doors are looked at meanwhile."""
        if away and away != self._away:
            log.error("The broker is away: %s", away)
        elif self._away and not away:
            log.warning("The broker is there again")
        self._away = away
