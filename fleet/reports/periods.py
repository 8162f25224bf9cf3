"""CORE. Periods of whole days, and the period before each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

MOST_DAYS = 3 * 366
_ONE_DAY = timedelta(days=1)


class BadPeriod(ValueError):
    """A period that is none, with what would be one."""


@dataclass(frozen=True)
class Period:
    """From one day to another, both included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.last - self.first).days + 1

    @property
    def is_month(self) -> bool:
        """Whether it is a month from its first day to its last."""
        return self.first.day == 1 and self.last == _month_of(self.first).last

    @property
    def before(self) -> Period:
        """The period before: of a month the month before, else as many days."""
        last = self.first - _ONE_DAY
        return _month_of(last) if self.is_month else Period(last - _ONE_DAY * (self.days - 1), last)

    @property
    def words(self) -> str:
        """The period as a title names it."""
        return str(self.first) if self.days == 1 else f"{self.first} to {self.last}"

    def __iter__(self) -> Iterator[str]:
        """Its days, as the book writes them."""
        return (str(self.first + _ONE_DAY * number) for number in range(self.days))


def read_period(first: str, last: str, today: date) -> Period:
    """The period that a page's address names; without one, this month up to today.

    Raises:
        BadPeriod: it is no period; the message says what would be one.
    """
    if not first and not last:
        return Period(today.replace(day=1), today)
    try:
        period = Period(date.fromisoformat(first or last), date.fromisoformat(last or first))
    except ValueError:
        raise BadPeriod(f"from {first!r:.40} to {last!r:.40} is no period: write days as {today}") from None
    if not 1 <= period.days <= MOST_DAYS:
        raise BadPeriod(f"{period.words} is {period.days} days long: 1 to {MOST_DAYS} can be shown")
    return period


def monday_of(day: str) -> str:
    """The Monday of a day's week, by which the week is called."""
    at = date.fromisoformat(day)
    return str(at - timedelta(days=at.weekday()))


def last_month(today: date) -> Period:
    """The calendar month before the one of `today`."""
    return _month_of(today.replace(day=1) - _ONE_DAY)


def _month_of(day: date) -> Period:
    first = day.replace(day=1)
    following = (first + timedelta(days=31)).replace(day=1)
    return Period(first, following - _ONE_DAY)
