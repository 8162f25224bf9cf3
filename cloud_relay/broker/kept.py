"""EDGE. All that a broker keeps for a topic filter, told apart from what is said meanwhile."""

from __future__ import annotations

import queue
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from paho.mqtt.client import MQTTMessage

Inbox = queue.SimpleQueue[MQTTMessage]
# So few are never too many for what a broker holds in line for one client.
_FEW = 100


@dataclass(frozen=True)
class Kept:
    """The latest message of each topic; not `complete` where there may be more."""

    by_topic: dict[str, bytes]
    complete: bool


class Ask(Protocol):
    """Subscribes once more, and waits for the answer: False if there was none until `deadline_s`."""

    def __call__(self, deadline_s: float, *, send_kept: bool) -> bool:
        """With `send_kept` the broker begins anew with all that it keeps."""


def gather(inbox: Inbox, quiet_s: float, deadline_s: float, ask: Ask) -> Kept:
    """Read what the broker keeps, until no more of it came for `quiet_s`, or until `deadline_s`.

    MQTT does not say which kept message is the last. Only the first of each topic that was kept counts,
    so that cabinets which say something meanwhile, however often, do not make the wait longer. A broker
    may be late with the rest because of all that it sends: the answer to a packet comes after everything
    that was in line before. And a broker drops, without a word, what is too much for the line: so all is
    sent again until twice in a row it was the same, and whoever spoke meanwhile must be among them. The
    deadline is one of the monotonic clock.
    """
    reading, before = _Reading(), None
    while _reads_all(reading, inbox, quiet_s, deadline_s, ask):
        came, missing = reading.end_round()
        if came == before or len(came) <= _FEW:
            return Kept(reading.latest(), complete=not missing)
        before = came
        if not ask(deadline_s, send_kept=True):
            break
    return Kept(reading.latest(), complete=False)


def _reads_all(reading: _Reading, inbox: Inbox, quiet_s: float, deadline_s: float, ask: Ask) -> bool:
    while reading.go_on(inbox, quiet_s, deadline_s) and ask(deadline_s, send_kept=False):
        if not reading.take_waiting(inbox):
            return True
    return False


class _Reading:
    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}
        self._said: dict[str, bytes] = {}
        self._came: set[str] = set()
        self._spoke: set[str] = set()

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
        came_before = len(self._came)
        for _ in range(inbox.qsize()):
            self._take(inbox.get())
        return len(self._came) > came_before

    def end_round(self) -> tuple[set[str], set[str]]:
        """The topics that came as kept since the broker began to send them, and those that should have come.

        Those are of machines that spoke before it began.
        """
        came, missing = self._came, self._spoke - self._came
        self._came, self._spoke = set(), {topic for topic, payload in self._said.items() if payload}
        return came, missing

    def latest(self) -> dict[str, bytes]:
        # A kept message can come after a newer one that was sent live. An empty one takes the topic away.
        return {topic: payload for topic, payload in (self._kept | self._said).items() if payload}

    def _take(self, message: MQTTMessage) -> bool:
        topic, payload = message.topic, bytes(message.payload)
        if not message.retain:
            self._said[topic] = payload
            return False
        is_new = topic not in self._came
        self._came.add(topic)
        self._kept[topic] = payload
        return is_new
