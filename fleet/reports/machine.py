"""CORE. One machine's figures: its days and hours for plots and tables, and its lists as tables."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any

from fleet.reports.amounts import Money
from fleet.reports.table import Cell, Moment, Row, Table, cells

HOURS = tuple(f"{hour:02d}" for hour in range(24))


@dataclass(frozen=True)
class Day:
    """The sums of a day by what was sold (phone, free, test, cash) and in which currency."""

    day: str
    kind: str
    currency: str
    sales: int
    charged: int
    in_doubt: int
    uncounted: int


@dataclass(frozen=True)
class Quarter:
    """What was charged in a quarter of an hour, which began at `at` (Unix seconds)."""

    at: int
    currency: str
    charged: int


@dataclass(frozen=True)
class Coins:
    """What one coin is worth in minor units; 0 where nobody has said so."""

    value: int
    currency: str

    def worth(self, count: int) -> int:
        """What so many are worth."""
        return count * self.value


@dataclass(frozen=True)
class Games:
    """Games taken together: how many, for how many credits, their length and the idle time before."""

    count: int
    credits: int
    length_s: int | None
    idle_s: int | None


@dataclass(frozen=True)
class Bars:
    """A plot: so much of each series at each label; `is_counted` says that there are no halves of it."""

    title: str
    labels: tuple[str, ...]
    series: tuple[tuple[str, tuple[float, ...]], ...]
    is_counted: bool = False


@dataclass(frozen=True)
class Stretch:
    """A fault as a line from its beginning to its end, in Unix seconds."""

    kind: str
    began_at: float
    ended_at: float


def currencies_of(days: Iterable[Day], coins: Coins) -> tuple[str, ...]:
    """The currencies in which anything was taken."""
    days = list(days)
    found = {day.currency for day in days if day.kind == "phone" and day.charged}
    if coins.value and any(day.kind == "cash" for day in days):
        found.add(coins.currency)
    return tuple(sorted(found - {""}))


def takings_by_day(days: Iterable[Day], coins: Coins, labels: Sequence[str], currency: str) -> Bars:
    """What was taken each day in one currency."""
    phone, cash = Counter[str](), Counter[str]()
    for day in days:
        if day.kind == "phone" and day.currency == currency:
            phone[day.day] += day.charged
        elif day.kind == "cash" and coins.currency == currency:
            cash[day.day] += coins.worth(day.sales)
    return _money_bars("Takings per day", labels, phone, cash, currency)


def takings_by_hour(
    quarters: Iterable[Quarter],
    coin_quarters: Iterable[tuple[int, int]],
    coins: Coins,
    zone: tzinfo,
    currency: str,
) -> Bars:
    """What was taken in each hour of the day where the machine stands, all days together."""
    phone, cash = Counter[str](), Counter[str]()
    for quarter in quarters:
        if quarter.currency == currency:
            phone[_hour(quarter.at, zone)] += quarter.charged
    if coins.currency == currency:
        for at, count in coin_quarters:
            cash[_hour(at, zone)] += coins.worth(count)
    return _money_bars("Takings by hour of the day", HOURS, phone, cash, currency)


def pulses_by_day(days: Iterable[Day], labels: Sequence[str]) -> Bars:
    """The pulses of each day of which nobody knows whether they counted, and that did not."""
    doubt, uncounted = Counter[str](), Counter[str]()
    for day in days:
        doubt[day.day] += day.in_doubt
        uncounted[day.day] += day.uncounted
    series = (("in doubt", _at(doubt, labels)), ("uncounted", _at(uncounted, labels)))
    return Bars("Pulses that went wrong, per day", _short(labels), series, is_counted=True)


def stretches(faults: Iterable[Any], first_at: float, now: float) -> list[Stretch]:
    """Faults as lines within a time."""
    return [
        Stretch(fault.kind, max(fault.began_at, first_at), now if fault.ended_at is None else fault.ended_at)
        for fault in faults
    ]


def days_table(name: str, days: Iterable[Day], coins: Coins) -> Table:
    """The days on which anything was, newest first: a line for each currency of them."""
    lines: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for day in days:
        own = coins.currency if day.kind == "cash" else day.currency if day.kind == "phone" else ""
        line = lines[day.day, own]
        line[day.kind] += day.charged if day.kind == "phone" else day.sales
        line["plays"] += day.sales if day.kind == "phone" else 0
    titles = ("Day", "Phone", "Cash", "Coins", "Phone plays", "Free", "Test")
    return Table(
        name, titles, tuple(_day_row(*key, lines[key], coins) for key in sorted(lines, reverse=True))
    )


def pulses_table(name: str, days: Iterable[Day]) -> Table:
    """The days on which a pulse went wrong, newest first."""
    doubt, uncounted = Counter[str](), Counter[str]()
    for day in days:
        doubt[day.day] += day.in_doubt
        uncounted[day.day] += day.uncounted
    found = sorted({*+doubt, *+uncounted}, reverse=True)
    rows = tuple(cells(day, doubt[day], uncounted[day]) for day in found)
    return Table(name, ("Day", "Pulses in doubt", "Pulses uncounted"), rows)


def sales_table(name: str, rows: Iterable[Any], zone: tzinfo, link: Callable[[str], str]) -> Table:
    """Sales with their pulses; `link` leads to a payment."""
    titles = (
        *("When", "Payment", "Kind", "Amount", "Charged", "Credits", "Delivered", "Pulses", "Uncounted"),
        *("In doubt", "Outcome", "Reason", "Answer"),
    )
    return Table(name, titles, tuple(_sale(row, zone, link) for row in rows))


def games_table(name: str, rows: Iterable[Any], zone: tzinfo) -> Table:
    """Games, with the session that each was of."""
    titles = ("Ended", "Session", "Game", "Credits", "Length (s)", "Idle before (s)")
    return Table(
        name,
        titles,
        tuple(
            cells(Moment(row.at, zone), row.session_id, row.game, row.credits, row.duration_s, row.idle_s)
            for row in rows
        ),
    )


def faults_table(name: str, rows: Iterable[Any], zone: tzinfo) -> Table:
    """Faults, from their beginning to their end."""
    return Table(
        name,
        ("Began", "Ended", "Lasted (s)", "Kind", "What was wrong"),
        tuple(_fault(row, zone) for row in rows),
    )


def happenings_table(name: str, rows: Iterable[Any], zone: tzinfo) -> Table:
    """What happened, in words."""
    return Table(name, ("When", "What"), tuple(cells(Moment(row.at, zone), row.text) for row in rows))


def _day_row(day: str, currency: str, line: Counter[str], coins: Coins) -> Row:
    return cells(
        day,
        Money(line["phone"], currency) if currency and line["plays"] else None,
        Money(coins.worth(line["cash"]), currency) if line["cash"] and coins.value else None,
        line["cash"],
        line["plays"],
        line["free"],
        line["test"],
    )


def _sale(row: Any, zone: tzinfo, link: Callable[[str], str]) -> Row:
    def money(amount: int | None) -> Money | None:
        return Money(amount, row.currency) if amount is not None and row.currency else None

    return (
        Cell(Moment(row.at, zone)),
        Cell(row.payment_id, link(row.payment_id) if row.kind == "phone" else ""),
        *cells(row.kind, money(row.amount), money(row.charged), row.credits, row.credits_delivered),
        *cells(row.fired, row.uncounted, row.in_doubt, row.outcome, row.reason, row.answer),
    )


def _fault(row: Any, zone: tzinfo) -> Row:
    ended = None if row.ended_at is None else Moment(row.ended_at, zone)
    lasted = None if row.ended_at is None else round(row.ended_at - row.began_at)
    return cells(Moment(row.began_at, zone), ended or "it lasts", lasted, row.kind, row.text)


def _money_bars(
    title: str, labels: Sequence[str], phone: Counter[str], cash: Counter[str], currency: str
) -> Bars:
    def whole(sums: Counter[str]) -> tuple[float, ...]:
        return tuple(float(Money(sums[label], currency).plain) for label in labels)

    series = (("phone", whole(phone)), ("cash", whole(cash)))
    return Bars(f"{title}, {currency.upper()}", _short(labels), series)


def _short(labels: Sequence[str]) -> tuple[str, ...]:
    """Days without their year."""
    return tuple(label[-5:] for label in labels)


def _at(sums: Counter[str], labels: Sequence[str]) -> tuple[float, ...]:
    return tuple(float(sums[label]) for label in labels)


def _hour(at: float, zone: tzinfo) -> str:
    return f"{datetime.fromtimestamp(at, UTC).astimezone(zone).hour:02d}"
