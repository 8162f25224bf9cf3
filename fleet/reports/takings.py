"""CORE. What was taken: sums of both books as lines by day, week, machine, place or price."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import TypeAlias

from fleet.reports.periods import monday_of


class By(StrEnum):
    """What the lines of a report are about."""

    DAY = "day"
    WEEK = "week"
    MACHINE = "machine"
    LOCATION = "location"
    PRICE = "price"


@dataclass(frozen=True)
class Figures:
    """Sums of one currency, all money in its minor units.

    `phone` is what the cabinets' receipts say was charged, `captured` what Stripe says; `released` was
    reserved and let go, `reserved` still is. `refunded` and `disputed` went back, on the day on which they
    did. `fee` and `net` are what Stripe kept and what it added to the account's balance.
    """

    sales: int = 0
    phone: int = 0
    credits: int = 0
    coins: int = 0
    cash: int = 0
    free_credits: int = 0
    test_credits: int = 0
    payments: int = 0
    captured: int = 0
    reserved: int = 0
    released: int = 0
    refunded: int = 0
    disputed: int = 0
    fee: int = 0
    net: int = 0

    def __add__(self, other: Figures) -> Figures:
        """Both together."""
        return Figures(*(getattr(self, each) + getattr(other, each) for each in _NAMES))

    @property
    def takings(self) -> int:
        """All that players paid, by the cabinets' word."""
        return self.phone + self.cash

    @property
    def difference(self) -> int:
        """How much more Stripe charged than the cabinets' receipts say."""
        return self.captured - self.phone


_NAMES = [each.name for each in fields(Figures)]

Key: TypeAlias = "tuple[str, str]"
"""What a line is about, and its currency."""


@dataclass(frozen=True)
class Line:
    """Sums of one currency: of what the book has added up, or of a whole line of a report."""

    about: str
    currency: str
    figures: Figures


@dataclass(frozen=True)
class Report:
    """Lines, and their sums by currency."""

    by: By
    lines: tuple[Line, ...]
    totals: Mapping[str, Figures] = field(default_factory=dict)


def report(by: By, facts: Iterable[Line], name: Callable[[str], str] = str) -> Report:
    """The lines of a report, by what they are about and their currency.

    `name` says what a fact's `about` counts for: the place of a machine, or the day's week.
    """
    name = monday_of if by is By.WEEK else name
    lines: dict[Key, Figures] = {}
    totals: dict[str, Figures] = {}
    for fact in facts:
        key = (name(fact.about), fact.currency)
        lines[key] = lines.get(key, Figures()) + fact.figures
        totals[fact.currency] = totals.get(fact.currency, Figures()) + fact.figures
    return Report(
        by, tuple(Line(*key, lines[key]) for key in sorted(lines, key=_order)), dict(sorted(totals.items()))
    )


def _order(key: Key) -> tuple[int, Key]:
    """Numbers by their size, such as prices; all else by its name."""
    return (int(key[0]) if key[0].isdecimal() else 0, key)


@dataclass(frozen=True)
class Change:
    """One figure of a currency, beside the period before."""

    currency: str
    now: int
    before: int

    @property
    def words(self) -> str:
        """How much more or less: `+12 %`; nothing to compare with is said so."""
        if self.before <= 0:
            return "as before" if self.now == self.before else "nothing before"
        tenths = (abs(self.now - self.before) * 2000 + self.before) // (2 * self.before)
        sign = "+" if self.now >= self.before else "-"
        return "as before" if tenths == 0 else f"{sign}{tenths // 10}.{tenths % 10} %"


def changes(now: Report, before: Report, figure: str) -> tuple[Change, ...]:
    """One figure of every currency that either period has."""
    empty = Figures()
    return tuple(
        Change(
            currency,
            getattr(now.totals.get(currency, empty), figure),
            getattr(before.totals.get(currency, empty), figure),
        )
        for currency in sorted({*now.totals, *before.totals})
    )
