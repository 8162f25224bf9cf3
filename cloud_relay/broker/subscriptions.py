"""EDGE. Who reads which topic over one connection: many who come at once share a packet."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import contextmanager

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from cloud_relay.broker.kept import Inbox
from cloud_relay.errors import BrokerUnavailable, PublishRefused

_SEND_RETAINED, _SEND_NONE = SubscribeOptions(qos=0), SubscribeOptions(qos=0, retainHandling=2)


class Subscriptions:
    """One SUBSCRIBE is on its way at a time; whoever comes meanwhile goes with the next one.

    Sixteen doors asked at once would otherwise be five packets each, and it is packets that cost time.
    What nobody reads any more is given up with the next SUBSCRIBE: until then a message of it is dropped.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._lock = threading.Lock()
        self._readers: dict[str, list[Inbox]] = {}
        self._given_up: set[str] = set()
        self._waiting: list[tuple[str, SubscribeOptions, Future[ReasonCode]]] = []
        self._on_its_way: dict[int, list[Future[ReasonCode]]] = {}
        self._ended: str | None = None

    @contextmanager
    def reading(self, topic: str, within_s: float) -> Iterator[Inbox]:
        """Subscribe for one reader: the broker sends the retained messages for every subscription.

        Raises:
            BrokerUnavailable: the broker did not answer in time, or the connection ended.
            PublishRefused: the access rules forbid it.
        """
        inbox: Inbox = queue.SimpleQueue()
        with self._lock:
            self._readers.setdefault(topic, []).append(inbox)
        try:
            self._subscribe(topic, _SEND_RETAINED, within_s)
            yield inbox
        finally:
            with self._lock:
                self._readers[topic].remove(inbox)
                if not self._readers[topic]:
                    del self._readers[topic]
                    self._given_up.add(topic)

    def subscribe_again(self, subscribed: str, within_s: float, *, send_retained: bool) -> None:
        """Return once the broker has sent all that it had in line for us.

        A subscription that is there already is all that access rules let us ask for.

        Raises:
            BrokerUnavailable: the broker did not answer in time, or the connection ended.
        """
        self._subscribe(subscribed, _SEND_RETAINED if send_retained else _SEND_NONE, within_s)

    def answer(self, mid: int, reasons: list[ReasonCode]) -> None:
        """Take a SUBACK."""
        with self._lock:
            for granted, reason in zip(self._on_its_way.pop(mid, []), reasons, strict=False):
                granted.set_result(reason)
            self._send()

    def deliver(self, message: MQTTMessage) -> None:
        """Take a message, for whoever reads its topic."""
        topic = message.topic
        with self._lock:
            # Most read one machine's topic, and many at once: those are found without being gone through.
            inboxes = list(self._readers.get(topic, ()))
            for each, readers in self._readers.items():
                if "+" in each and _matches(each, topic):
                    inboxes += readers
        for inbox in inboxes:
            inbox.put(message)

    def end(self, why: str) -> None:
        """Have everybody fail who still waits for an answer."""
        with self._lock:
            self._ended = self._ended or why
            waiting = [granted for _, _, granted in self._waiting]
            for granted in [*waiting, *(each for batch in self._on_its_way.values() for each in batch)]:
                granted.set_exception(BrokerUnavailable(why))
            self._waiting.clear()
            self._on_its_way.clear()

    def _subscribe(self, topic: str, options: SubscribeOptions, within_s: float) -> None:
        granted: Future[ReasonCode] = Future()
        with self._lock:
            if self._ended is not None:
                raise BrokerUnavailable(self._ended)
            self._waiting.append((topic, options, granted))
            self._send()
        try:
            reason = granted.result(within_s)
        except FutureTimeout:
            raise BrokerUnavailable(f"no SUBACK for {topic} within {within_s:.2g} s") from None
        if reason.is_failure:
            raise PublishRefused(f"the broker refused a subscription to {topic}: {reason}")

    def _send(self) -> None:
        if self._on_its_way or not self._waiting:
            return
        if gone := [topic for topic in self._given_up if topic not in self._readers]:
            self._client.unsubscribe(gone)
        self._given_up.clear()
        _, mid = self._client.subscribe([(topic, options) for topic, options, _ in self._waiting])
        if mid is None:  # paho names no packet when it is not connected; the end is told in a moment
            return
        self._on_its_way[mid] = [granted for _, _, granted in self._waiting]
        self._waiting.clear()


def _matches(topic_filter: str, topic: str) -> bool:
    """Whether a filter whose only wildcards are "+" covers a topic; paho's own plants a tree each time."""
    wanted, levels = topic_filter.split("/"), topic.split("/")
    return len(wanted) == len(levels) and all(map(_covers, wanted, levels))


def _covers(wanted: str, level: str) -> bool:
    return wanted in ("+", level)
