"""CORE. On which days and at which hours a picture is shown."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_HOURS = re.compile(r"([01]?\d|2[0-3]):([0-5]\d) *[-–] *([01]?\d|2[0-4]):([0-5]\d)")  # noqa: RUF001
_MINUTES_A_DAY = 24 * 60


@dataclass(frozen=True)
class Hours:
    """From one minute of the day up to another; the night's run on until the next morning."""

    begins: int = 0
    ends: int = _MINUTES_A_DAY

    @property
    def is_overnight(self) -> bool:
        """Whether midnight lies between."""
        return self.ends < self.begins


@dataclass(frozen=True)
class Times:
    """The hours and the days (0 is Monday) on which they begin."""

    hours: Hours = Hours()
    days: frozenset[int] = frozenset(range(7))

    def has(self, now: datetime) -> bool:
        """Whether `now`, as the clock on the wall shows it, is one of them."""
        minute = now.hour * 60 + now.minute
        today = now.weekday() in self.days
        if not self.hours.is_overnight:
            return today and self.hours.begins <= minute < self.hours.ends
        yesterday = (now - timedelta(days=1)).weekday() in self.days
        return (today and minute >= self.hours.begins) or (yesterday and minute < self.hours.ends)


ALWAYS = Times()


def hours_of(text: str) -> Hours | None:
    """The hours that "17:00-23:00" says; None if it says none."""
    match = _HOURS.fullmatch(text.strip())
    if match is None:
        return None
    begins, ends = int(match[1]) * 60 + int(match[2]), int(match[3]) * 60 + int(match[4])
    return None if begins == ends or ends > _MINUTES_A_DAY else Hours(begins, ends)


def day_of(text: str) -> int | None:
    """The number of a day that is written as "fri" or "Friday"."""
    day = text.strip().lower()
    return DAYS.index(day[:3]) if day[:3] in DAYS and (day in DAYS or day in _LONG) else None


_LONG = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
