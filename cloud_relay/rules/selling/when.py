"""CORE. When a period is: on these days of the week and these dates, between these times of the clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from cloud_relay.rules.selling.wall_clock import DAY_MIN

EVERY_DAY = frozenset(range(7))
_A_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Dates:
    """From one day to another, both of them included."""

    first: date
    last: date

    @property
    def ends(self) -> tuple[date, ...]:
        """Its first and its last day, where it has them."""
        return tuple(day for day in (self.first, self.last) if day not in (date.min, date.max))


@dataclass(frozen=True)
class When:
    """Days (Monday is 0), dates (none: any), and minutes of the clock's day.

    One that ends before it begins goes over midnight, and belongs to the day that it begins on.
    """

    days: frozenset[int] = EVERY_DAY
    dates: tuple[Dates, ...] = ()
    start_min: int = 0
    end_min: int = DAY_MIN

    def covers(self, shown: datetime) -> bool:
        """Whether it is on when the clock shows this."""
        minute, today = shown.hour * 60 + shown.minute, shown.date()
        if self.start_min < self.end_min:
            return self.start_min <= minute < self.end_min and self._begins_on(today)
        if minute >= self.start_min:
            return self._begins_on(today)
        return minute < self.end_min and self._begins_on(today - _A_DAY)

    def _begins_on(self, day: date) -> bool:
        fits = not self.dates or any(dates.first <= day <= dates.last for dates in self.dates)
        return fits and day.weekday() in self.days


ALWAYS = When()
