"""CORE. What an entry says, as far as it is understood; what is odd in it is left out, the entry kept."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fleet.journal.batch import Entry

# Twelve digits is the most that Stripe takes in any currency.
_MOST_MONEY = 10**12 - 1
_MOST_COUNT = 10**6
_MOST_TEXT = 500
_CURRENCY = re.compile(r"[a-z]{3}")
_PAYMENT_ID = re.compile(r"[A-Za-z0-9_-]{1,255}")


@dataclass(frozen=True)
class Sold:
    """A payment has ended on the cabinet; `kind` is phone, free or test."""

    payment_id: str
    kind: str
    credits: int
    amount: int | None
    currency: str | None
    outcome: str
    reason: str
    credits_delivered: int
    fired: int
    uncounted: int
    in_doubt: int


@dataclass(frozen=True)
class Settled:
    """What the relay answered to the receipt; `charged` is in minor units."""

    payment_id: str
    answer: str
    charged: int | None


@dataclass(frozen=True)
class CoinCounted:
    """A coin that was not ours, the `number`th since the ledger was new."""

    number: int


@dataclass(frozen=True)
class GameEnded:
    """A game is over; `idle_s` is how long the board had no session before its own."""

    session_id: str
    game: int
    credits: int
    duration_s: int
    idle_s: int | None


@dataclass(frozen=True)
class FaultBegan:
    """Something is wrong, of a kind, in words."""

    fault: str
    text: str


@dataclass(frozen=True)
class FaultEnded:
    """It no longer is."""

    fault: str


@dataclass(frozen=True)
class Happened:
    """What a person may want to read: a start, a configuration, something that a technician did."""

    text: str


Fact = Sold | Settled | CoinCounted | GameEnded | FaultBegan | FaultEnded | Happened


def read_fact(entry: Entry) -> Fact | None:
    """What the entry says; None if nothing that is known here."""
    read = _READERS.get(entry.kind)
    try:
        return read(_Fields(entry.fields)) if read else None
    except _Odd:
        return None


class _Odd(ValueError):
    """A field is not what its kind of entry has."""


class _Fields:
    def __init__(self, fields: Mapping[str, Any]) -> None:
        self._fields = fields

    def count(self, name: str) -> int:
        """A whole number from 0; 0 where there is none."""
        value = self._fields.get(name, 0)
        if type(value) is not int or not 0 <= value <= _MOST_COUNT:
            raise _Odd(name)
        return value

    def number(self, name: str, most: int = _MOST_MONEY) -> int | None:
        value = self._fields.get(name)
        if value is not None and (type(value) is not int or not 0 <= value <= most):
            raise _Odd(name)
        return value

    def text(self, name: str, most: int = _MOST_TEXT) -> str:
        """A text without what a terminal or a database would not take; "" where there is none."""
        value = self._fields.get(name, "")
        if not isinstance(value, str):
            raise _Odd(name)
        return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in value[:most])

    def matching(self, name: str, pattern: re.Pattern[str]) -> str:
        value = self._fields.get(name)
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise _Odd(name)
        return value

    def currency(self) -> str | None:
        return None if self._fields.get("currency") is None else self.matching("currency", _CURRENCY)

    def is_true(self, name: str) -> bool:
        return self._fields.get(name) is True


def _sold(fields: _Fields) -> Sold:
    kind = "test" if fields.is_true("test") else "free" if fields.is_true("free") else "phone"
    return Sold(
        fields.matching("paymentId", _PAYMENT_ID),
        kind,
        fields.count("credits"),
        fields.number("amount"),
        fields.currency(),
        fields.text("outcome", 24),
        fields.text("reason"),
        fields.count("creditsDelivered"),
        fields.count("fired") + fields.count("confirmed"),
        fields.count("uncounted"),
        fields.count("ambiguous"),
    )


def _settled(fields: _Fields) -> Settled:
    return Settled(
        fields.matching("paymentId", _PAYMENT_ID), fields.text("answer", 24), fields.number("charged")
    )


def _coin(fields: _Fields) -> CoinCounted:
    return CoinCounted(fields.number("number") or 0)


def _game(fields: _Fields) -> GameEnded:
    return GameEnded(
        fields.text("sessionId", 255),
        fields.count("game"),
        fields.count("credits"),
        fields.number("durationS", 2**31 - 1) or 0,
        fields.number("idleS", 2**31 - 1),
    )


def _fault(fields: _Fields) -> FaultBegan:
    return FaultBegan(fields.text("fault", 48), fields.text("text"))


def _start(fields: _Fields) -> Happened:
    return Happened(f"started, version {fields.text('version', 64)}")


def _configuration(fields: _Fields) -> Happened:
    keys = fields._fields.get("keys")
    changed = [key for key in keys if isinstance(key, str)] if isinstance(keys, list) else []
    shown = _Fields({"keys": ", ".join(changed)}).text("keys")
    return Happened(f"configuration read again: {shown}" if shown else "configuration read")


def _technician(fields: _Fields) -> Happened:
    did, details = fields.text("did", 80), fields.text("details")
    return Happened(f"technician: {did}" + (f", {details}" if details else ""))


def _session_end(fields: _Fields) -> Happened:
    return Happened(f"{fields.count('creditsLeft')} credits were forgotten on the board")


_READERS: dict[str, Callable[[_Fields], Fact]] = {
    "sale": _sold,
    "settled": _settled,
    "coin": _coin,
    "game": _game,
    "fault_begins": _fault,
    "fault_ends": lambda fields: FaultEnded(fields.text("fault", 48)),
    "start": _start,
    "configuration": _configuration,
    "technician": _technician,
    "session_end": _session_end,
}
