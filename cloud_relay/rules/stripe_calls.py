"""CORE. What kind of call of Stripe's one is, in words of our own: never an id, however many there are."""

from __future__ import annotations

from enum import StrEnum

_RESOURCES = frozenset(
    {
        *("charges", "checkout", "event_destinations", "events", "payment_intents", "payment_links"),
        *("prices", "products", "refunds", "webhook_endpoints"),
    }
)
OTHER, NO_ANSWER = "other", "none"


class CallKind(StrEnum):
    """Reads are rationed by the month, writes by the second; a probe is a write that changes nothing."""

    READ = "read"
    WRITE = "write"
    PROBE = "probe"


def call_of(method: str, path: str, *, is_probe: bool) -> tuple[str, str]:
    """The kind of a call, and what it is about: `read`, `payment_intents`."""
    kind = CallKind.PROBE if is_probe else CallKind.READ if method.upper() == "GET" else CallKind.WRITE
    named = [part for part in path.split("/") if part in _RESOURCES]
    return kind, named[0] if named else OTHER


def answer_class(status: int) -> str:
    """`2xx` and the like; `429` by itself, for it says that we ask too often."""
    return "429" if status == 429 else f"{status // 100}xx" if 100 <= status < 600 else OTHER
