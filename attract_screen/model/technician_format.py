"""CORE. The feed's `technician`: JSON -> Technician, or a TechnicianError saying what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from attract_screen.model.letters import drawable

_ADDRESS = re.compile(r"https?://[!-~]{1,300}")
_CURRENCY = re.compile(r"[a-z]{3}")
_MOST_TEXT, _MOST_ITEMS = 400, 32

_T = TypeVar("_T")


class TechnicianError(ValueError):
    """The feed's `technician` is not what the screen can show."""


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong, with what it means and what to do about it."""

    kind: str
    text: str
    means: str
    remedy: str


@dataclass(frozen=True)
class Link:
    """The broker or the relay. `at_s` is since when it is there, or when it answered; None: not, or never."""

    address: str
    at_s: float | None
    trouble: str


@dataclass(frozen=True)
class Line:
    """A wired line as it stands, and its edges since the page is shown."""

    name: str
    pin: int
    active: bool
    edges: int


@dataclass(frozen=True)
class Clock:
    """The time of day; `was_set` is None where nobody knows, `ahead_s` of the relay's where it is known."""

    time: str
    was_set: bool | None
    ahead_s: float | None


@dataclass(frozen=True)
class Payment:
    """One line of the ledger; `amount` in minor units of `currency`, None for what nobody paid."""

    at: str
    credits: int
    delivered: int
    amount: int | None
    currency: str | None
    outcome: str
    receipt: str


@dataclass(frozen=True)
class Technician:
    """All that the feed tells a technician; times are CLOCK_BOOTTIME seconds. None: not known, or not yet."""

    until_s: float
    turned_s: float | None
    leaf: int
    state: str
    selling: bool
    versions: tuple[tuple[str, str], ...]
    faults: tuple[Fault, ...]
    broker: Link | None
    relay: Link | None
    test_address: str | None
    lines: tuple[Line, ...]
    addresses: tuple[tuple[str, str], ...] | None
    clock: Clock | None
    celsius: float | None
    power: tuple[tuple[str, str], ...]
    payments: tuple[Payment, ...] | None


def read_technician(value: object) -> Technician:
    """Read the object; what it does not say is not known, and unknown fields are ignored.

    Raises TechnicianError, naming the field, its value and what is expected there.
    """
    fields = _Fields.of(value, "technician")
    until_s = fields.number("until_s")
    if until_s is None:
        raise fields.wrong("until_s", "seconds of CLOCK_BOOTTIME")
    versions = fields.within("versions")
    return Technician(
        until_s=until_s,
        turned_s=fields.number("turned_s"),
        leaf=fields.whole("leaf") if "leaf" in fields.fields else 0,
        state=fields.text("state"),
        selling=fields.yes("selling") is True,
        versions=tuple((name, versions.any_text(name)) for name in versions),
        faults=fields.all("faults", _fault) or (),
        broker=_link(fields, "broker", "since_s"),
        relay=_link(fields, "relay", "answered_s"),
        test_address=_address(fields),
        lines=fields.all("lines", _line) or (),
        addresses=fields.all("addresses", lambda each: (each.text("interface"), each.text("address"))),
        clock=_clock(fields),
        celsius=fields.number("celsius"),
        power=fields.all("power", lambda each: (each.text("grade"), each.text("text"))) or (),
        payments=fields.all("payments", _payment),
    )


@dataclass(frozen=True)
class _Fields:
    """An object of the feed, and what it is called there."""

    fields: Mapping[str, object]
    name: str

    @staticmethod
    def of(value: object, name: str) -> _Fields:
        if not isinstance(value, dict):
            raise TechnicianError(f"the feed's {name} is {_short(value)}; expected an object")
        return _Fields(value, name)

    def __iter__(self) -> Iterator[str]:
        return iter(list(self.fields)[:_MOST_ITEMS])

    def wrong(self, key: str, expected: str) -> TechnicianError:
        value = _short(self.fields.get(key))
        return TechnicianError(f"the feed's {self.name}.{key} is {value}; expected {expected}")

    def text(self, key: str) -> str:
        value = self.fields.get(key)
        if value is not None and not isinstance(value, str):
            raise self.wrong(key, "text")
        return drawable((value or "")[:_MOST_TEXT])

    def any_text(self, key: str) -> str:
        value = self.whole(key) if isinstance(self.fields.get(key), int) else self.text(key)
        return str(value)

    def yes(self, key: str) -> bool | None:
        value = self.fields.get(key)
        if value is not None and not isinstance(value, bool):
            raise self.wrong(key, "true, false or null")
        return value

    def number(self, key: str) -> float | None:
        value = self.fields.get(key)
        if value is None:
            return None
        # The limit keeps float() from overflowing on a JSON integer of any length.
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e12:
            raise self.wrong(key, "a number or null")
        return float(value)

    def whole(self, key: str) -> int:
        value = self.fields.get(key)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 10**12:
            raise self.wrong(key, "a whole number from 0 up")
        return value

    def within(self, key: str) -> _Fields:
        value = self.fields.get(key)
        return _Fields.of({} if value is None else value, f"{self.name}.{key}")

    def all(self, key: str, read: Callable[[_Fields], _T]) -> tuple[_T, ...] | None:
        listed = self.fields.get(key)
        if listed is None:
            return None
        if not isinstance(listed, list):
            raise self.wrong(key, "a list or null")
        named = ((each, f"{self.name}.{key}[{number}]") for number, each in enumerate(listed[:_MOST_ITEMS]))
        return tuple(read(_Fields.of(each, name)) for each, name in named)


def _fault(each: _Fields) -> Fault:
    return Fault(each.text("kind"), each.text("text"), each.text("means"), each.text("remedy"))


def _link(fields: _Fields, key: str, when: str) -> Link | None:
    if fields.fields.get(key) is None:
        return None
    link = fields.within(key)
    return Link(link.text("address"), link.number(when), link.text("trouble"))


def _line(each: _Fields) -> Line:
    return Line(each.text("line"), each.whole("pin"), each.yes("active") is True, each.whole("edges"))


def _clock(fields: _Fields) -> Clock | None:
    if fields.fields.get("clock") is None:
        return None
    clock = fields.within("clock")
    return Clock(clock.text("time"), clock.yes("set"), clock.number("ahead_s"))


def _payment(each: _Fields) -> Payment:
    amount = None if each.fields.get("amount") is None else each.whole("amount")
    currency = each.text("currency") or None
    if (amount is None) != (currency is None) or not (currency is None or _CURRENCY.fullmatch(currency)):
        raise each.wrong("currency", "three small letters beside an amount, or null beside null")
    numbers = (each.whole("credits"), each.whole("delivered"))
    return Payment(each.text("at"), *numbers, amount, currency, each.text("outcome"), each.text("receipt"))


def _address(fields: _Fields) -> str | None:
    value = fields.fields.get("test_address")
    if value is None:
        return None
    if not isinstance(value, str) or not _ADDRESS.fullmatch(value):
        raise fields.wrong("test_address", "null or an http(s) address")
    return value


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}…"
