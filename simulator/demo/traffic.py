"""EDGE. What passed between the parts, in one list: MQTT messages, webhooks, and the demo's own notes."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from simulator.chain.observer import Message
from simulator.stripe.delivery import Delivery

LONGEST_TEXT = 200
# The same in every message of the one cabinet, or of no interest to a reader.
_HIDDEN = frozenset(
    {"machineId", "timestamp", "version", "bootId", "ledger", "first", "prev", "sum", "sentS", "fleet"}
)


@dataclass(frozen=True)
class Entry:
    """One line of the list; `at_s` in Unix seconds. `good` is None where nothing can go wrong."""

    at_s: float
    kind: Literal["mqtt", "webhook", "demo"]
    name: str
    text: str
    good: bool | None = None


class Traffic:
    """Collects entries from where they are kept, whenever somebody reads."""

    def __init__(
        self, messages: Callable[[], list[Message]], deliveries: Callable[[], list[Delivery]]
    ) -> None:
        self._messages = messages
        self._deliveries = deliveries
        self._messages_taken = 0
        self._deliveries_taken = 0
        self._notes: list[Entry] = []
        self._entries: list[Entry] = []
        self._lock = threading.Lock()

    def note(self, text: str) -> None:
        """Add a line of the demo's own."""
        with self._lock:
            self._notes.append(Entry(time.time(), "demo", "demo", text))

    def since(self, index: int) -> list[Entry]:
        """The entries after the first `index`; they never change their places."""
        with self._lock:
            self._collect()
            return self._entries[index:]

    def _collect(self) -> None:
        messages = self._messages()[self._messages_taken :]
        deliveries = self._deliveries()[self._deliveries_taken :]
        self._messages_taken += len(messages)
        self._deliveries_taken += len(deliveries)
        fresh = [*map(of_message, messages), *map(of_delivery, deliveries), *self._notes]
        self._notes.clear()
        self._entries.extend(sorted(fresh, key=lambda entry: entry.at_s))


def of_message(message: Message) -> Entry:
    """An MQTT message as an entry: the end of its topic, and its payload in short."""
    return Entry(message.at_s, "mqtt", message.topic.rpartition("/")[2], brief(message.payload))


def of_delivery(delivery: Delivery) -> Entry:
    """One attempt to deliver a webhook as an entry."""
    answer = delivery.error or f"answered {delivery.status_code}"
    attempt = f", attempt {delivery.attempt}" if delivery.attempt > 1 else ""
    return Entry(
        delivery.answered_at_s, "webhook", delivery.event_type, answer + attempt, good=delivery.accepted
    )


def brief(payload: str) -> str:
    """A payload for people: `credits 3 · amount 250`; text that is no JSON object as it is, but not long."""
    try:
        fields = json.loads(payload)
    except ValueError:
        fields = None
    if not isinstance(fields, dict):
        return payload[:LONGEST_TEXT]
    shown = (
        f"{name} {_word(value)}" for name, value in fields.items() if name not in _HIDDEN and value != []
    )
    return " · ".join(shown)[:LONGEST_TEXT]


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list) and all(isinstance(each, dict) and "kind" in each for each in value):
        return ", ".join(str(each["kind"]).replace("_", " ") for each in value)
    return value if isinstance(value, str) else json.dumps(value)
