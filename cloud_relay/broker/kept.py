"""EDGE. All that a broker keeps for a topic filter, told apart from what is said meanwhile."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from paho.mqtt.client import MQTTMessage

Inbox = queue.SimpleQueue[MQTTMessage]


@dataclass(frozen=True)
class Kept:
    """The latest message of each topic; not `complete` where time ran out before the broker fell silent."""

    by_topic: dict[str, bytes]
    complete: bool


def gather(inbox: Inbox, quiet_s: float, deadline_s: float, round_trip: Callable[[float], bool]) -> Kept:
    """Read what the broker keeps, until no more of it came for `quiet_s`, or until `deadline_s`.

    MQTT does not say which kept message is the last. Only the first of each topic that was kept counts,
    so that cabinets which say something meanwhile, however often, do not make the wait longer. A broker
    may be late with the rest because of all that it sends: so in the end `round_trip`, which waits until
    then for the answer to a packet, has it send everything that was in line before. The deadline is one
    of the monotonic clock.
    """
    reading = _Reading()
    while reading.go_on(inbox, quiet_s, deadline_s):
        if not round_trip(deadline_s):
            break
        if not reading.take_waiting(inbox):
            return Kept(reading.latest(), complete=True)
    return Kept(reading.latest(), complete=False)


class _Reading:
    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}
        self._said: dict[str, bytes] = {}

    def go_on(self, inbox: Inbox, quiet_s: float, deadline_s: float) -> bool:
        """Read until nothing new was kept for `quiet_s`; False if that was not before the deadline."""
        quiet_at_s = time.monotonic() + quiet_s
        with suppress(queue.Empty):
            while (now_s := time.monotonic()) < min(quiet_at_s, deadline_s):
                if self._take(inbox.get(timeout=min(quiet_at_s, deadline_s) - now_s)):
                    quiet_at_s = time.monotonic() + quiet_s
        return time.monotonic() < deadline_s

    def take_waiting(self, inbox: Inbox) -> bool:
        """Read what has come by now; whether some of it was kept and new."""
        kept_before = len(self._kept)
        for _ in range(inbox.qsize()):
            self._take(inbox.get())
        return len(self._kept) > kept_before

    def latest(self) -> dict[str, bytes]:
        # A kept message can come after a newer one that was sent live. An empty one takes the topic away.
        return {topic: payload for topic, payload in (self._kept | self._said).items() if payload}

    def _take(self, message: MQTTMessage) -> bool:
        topic, payload = message.topic, bytes(message.payload)
        if not message.retain:
            self._said[topic] = payload
            return False
        is_new = topic not in self._kept
        self._kept.setdefault(topic, payload)
        return is_new
