"""CORE. What was taken: sums of both books as lines by day, week, machine, place or price."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
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


NO_CURRENCY = ""
"""What counts no money is booked under."""
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
    lines: dict[str, dict[str, Figures]] = {}
    totals: dict[str, Figures] = {}
    for fact in facts:
        _add(lines.setdefault(name(fact.about), {}), fact)
        _add(totals, fact)
    by_about = {about: _with_counts(figures) for about, figures in lines.items()}
    keys = [(about, currency) for about, figures in by_about.items() for currency in figures]
    return Report(
        by,
        tuple(Line(about, each, by_about[about][each]) for about, each in sorted(keys, key=_order)),
        dict(sorted(_with_counts(totals).items())),
    )


def _add(figures: dict[str, Figures], fact: Line) -> None:
    figures[fact.currency] = figures.get(fact.currency, Figures()) + fact.figures


def _with_counts(figures: dict[str, Figures]) -> dict[str, Figures]:
    """Figures by currency; free and test credits, which have none, stand beside the first that there is.

    Coins whose value nobody has set keep a line of their own: they lead to other rows.
    """
    counts = figures.get(NO_CURRENCY)
    first = min((currency for currency in figures if currency), default=None)
    if counts is None or first is None:
        return figures
    made = {currency: each for currency, each in figures.items() if currency}
    made[first] += replace(counts, coins=0)
    return {NO_CURRENCY: Figures(coins=counts.coins), **made} if counts.coins else made


def _order(key: Key) -> tuple[int, Key]:
    """Prices (`250 usd`) by their size; all else by its name."""
    first = key[0].partition(" ")[0]
    return (int(first) if first.isdecimal() else 0, key)


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
