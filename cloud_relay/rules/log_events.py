"""CORE. What the relay tells of itself, one line for each: its events, with the names that alarms go by.

The names and fields are a contract with whoever reads the log: alarms, dashboards and metrics are built on
them. None holds a secret or a word about a person. docs/watching.md lists them.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from cloud_relay.rules.orders import is_machine_id
from cloud_relay.rules.phones.free_tickets import is_free_name
from cloud_relay.rules.receipts import is_payment_id

_LONGEST_NAME = 100


class EventName(StrEnum):
    """What happened, as the field `event` has it."""

    REQUEST = "request"
    PUBLISHED = "published"
    PUBLISH_FAILED = "publish_failed"
    SETTLED = "settled"
    RELEASED = "released"
    REFUNDED = "refunded"
    CONFLICT = "conflict"
    HELD = "held"
    TIDIED = "tidied"


# Every event of a payment has these, whatever else it has.
OF_MONEY = ("payment", "machine", "outcome", "ms")
FIELDS: Mapping[EventName, tuple[str, ...]] = {
    EventName.REQUEST: ("method", "route", "status", "ms"),
    EventName.PUBLISHED: (*OF_MONEY, "credits", "since_paid_s"),
    EventName.PUBLISH_FAILED: OF_MONEY,
    EventName.SETTLED: (*OF_MONEY, "answer"),
    EventName.RELEASED: OF_MONEY,
    EventName.REFUNDED: OF_MONEY,
    EventName.CONFLICT: OF_MONEY,
    EventName.HELD: OF_MONEY,
    EventName.TIDIED: ("list", "outcome", "republished", "released", "waiting", "failed", "ms"),
}


class Publishing(StrEnum):
    """The `outcome` of `published`: at its webhook, once the broker was there again, or by tidy; or FREE."""

    FIRST = "first"
    RETRIED = "retried"
    REPEATED = "repeated"
    FREE = "free"


class NotPublished(StrEnum):
    """The `outcome` of `publish_failed`; after TOO_LATE nobody tries again, and nobody is charged."""

    BROKER_AWAY = "broker_away"
    NOBODY_SUBSCRIBED = "nobody_subscribed"
    REFUSED = "refused"
    CLOCK_WRONG = "clock_wrong"
    BAD_ORDER = "bad_order"
    TOO_LATE = "too_late"


class GivenBack(StrEnum):
    """The `outcome` of `released` (it was reserved) and `refunded` (it was charged): why."""

    NO_RECEIPT = "no_receipt"
    UNSELLABLE = "unsellable"
    CAME_TOO_LATE = "came_too_late"


class Held(StrEnum):
    """The `outcome` of `held`, a payer's money that is kept without need: what has not been done."""

    RELEASE_FAILED = "release_failed"
    GIVING_BACK_FAILED = "giving_back_failed"
    RECEIPT_FAILED = "receipt_failed"
    NO_RECEIPT = "no_receipt"


class TidyList(StrEnum):
    """The `list` of `tidied`: what may still be credited, all that can be open, or neither was due."""

    RECENT = "recent"
    ALL = "all"
    NONE = "none"


_OF_RECEIPT = ("delivered", "partial", "undelivered")
# Before the outcome of a receipt on which no money hangs.
OF_FREE_CREDITS = "free_"
OUTCOMES: Mapping[EventName, tuple[str, ...]] = {
    EventName.PUBLISHED: tuple(Publishing),
    EventName.PUBLISH_FAILED: tuple(NotPublished),
    EventName.SETTLED: (*_OF_RECEIPT, *(OF_FREE_CREDITS + outcome for outcome in _OF_RECEIPT)),
    EventName.RELEASED: (GivenBack.NO_RECEIPT, GivenBack.UNSELLABLE),
    EventName.REFUNDED: tuple(GivenBack),
    EventName.CONFLICT: _OF_RECEIPT,
    EventName.HELD: tuple(Held),
    EventName.TIDIED: ("done", "failed"),
}


@dataclass(frozen=True)
class LogEvent:
    """One line: its `words` are for people, `name` and `fields` for programs; `level` is one of logging's."""

    name: EventName
    words: str
    fields: Mapping[str, str | int]
    level: int = logging.INFO


def request_answered(method: str, route: str, status: int, ms: int) -> LogEvent:
    """A request has its answer; `route` is a pattern such as `/p/<machine_id>`, and no address."""
    fields: dict[str, str | int] = {"method": method, "route": route, "status": status, "ms": ms}
    return LogEvent(EventName.REQUEST, f"{method} {route}: {status} in {ms} ms", fields)


def money_event(
    name: EventName,
    payment_id: str,
    machine_id: str,
    outcome: str,
    ms: int,
    words: str,
    level: int = logging.INFO,
    **more: str | int,
) -> LogEvent:
    """What happened to a payment or to free credits, which took `ms`; what is no id is left empty."""
    is_id = is_payment_id(payment_id) or is_free_name(payment_id)
    fields: dict[str, str | int] = {
        "payment": payment_id if is_id and len(payment_id) <= _LONGEST_NAME else "",
        "machine": machine_id if is_machine_id(machine_id) else "",
        "outcome": outcome,
        "ms": ms,
    }
    return LogEvent(name, words, fields | more, level)


def tidied(
    which: TidyList, outcome: str, counts: Mapping[str, int], ms: int, words: str, level: int = logging.INFO
) -> LogEvent:
    """Tidy has run; `counts` are the payments that were republished, released, left waiting, and failed."""
    counted = {key: counts.get(key, 0) for key in ("republished", "released", "waiting", "failed")}
    fields: dict[str, str | int] = {"list": which, "outcome": outcome, **counted, "ms": ms}
    return LogEvent(EventName.TIDIED, words, fields, level)
