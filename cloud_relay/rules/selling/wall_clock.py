"""CORE. The clock on the wall: what it shows at an instant, and when a sign that goes by it changes.

A period begins and ends when the clock on the wall says so. At the change of clocks that clock leaps, or
shows an hour twice, and so does the period; whatever it shows, one price list goes with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta, tzinfo
from typing import TypeVar

DAY_MIN = 24 * 60
_DAY_S = 24 * 3600
# Nowhere are the clocks changed twice within it.
_STEP_S = 3 * 3600
# So much is looked at in one go.
_STRETCH_S = 8 * _DAY_S

T = TypeVar("T")


def shown_at(at_s: float, zone: tzinfo) -> datetime:
    """What the clocks of a zone show at an instant in Unix seconds; the text says nothing of the zone."""
    return datetime.fromtimestamp(at_s, zone).replace(tzinfo=None, fold=0)


def minute_of(day: date, minute: int) -> datetime:
    """What clocks show so many minutes after the beginning of a day."""
    return datetime.combine(day, time()) + timedelta(minutes=minute)


def instants_of(shown: datetime, zone: tzinfo) -> tuple[int, ...]:
    """When the clocks show this, in Unix seconds: once; never or twice where they are changed."""
    either = {int(shown.replace(tzinfo=zone, fold=fold).timestamp()) for fold in (0, 1)}
    return tuple(at_s for at_s in sorted(either) if shown_at(at_s, zone) == shown)


def leap_over(shown: datetime, zone: tzinfo) -> tuple[datetime, datetime] | None:
    """From what to what the clocks leap over this; None where they show it."""
    if instants_of(shown, zone):
        return None
    near_s = int(shown.replace(tzinfo=zone).timestamp())
    leap_s = next(_changes_of_clocks(zone, near_s - _DAY_S, near_s + _DAY_S))
    before = shown_at(leap_s - 1, zone) + timedelta(seconds=1)
    return before, shown_at(leap_s, zone)


def next_change_s(
    now_s: float, days: int, zone: tzinfo, minutes: frozenset[int], sold: Callable[[float], T]
) -> int | None:
    """The first instant after now at which `sold` gives something else; None if it does not within `days`.

    `sold` changes only at these minutes of the clock's day, at midnight, and where clocks are changed.
    """
    present, first_s = sold(now_s), int(now_s)
    last_s = first_s + days * _DAY_S
    for from_s in range(first_s, last_s, _STRETCH_S):
        for at_s in _turning_points(zone, minutes | {0}, from_s, min(from_s + _STRETCH_S, last_s)):
            if sold(at_s) != present:
                return at_s
    return None


def _turning_points(zone: tzinfo, minutes: frozenset[int], from_s: int, until_s: int) -> list[int]:
    """The instants after the one and up to the other at which the clock turns to one of these minutes."""
    first, last = shown_at(from_s, zone).date(), shown_at(until_s, zone).date()
    # A day more on each side: clocks may be set back over midnight.
    days = [first + timedelta(days=count) for count in range(-1, (last - first).days + 2)]
    points = {
        at_s for day in days for minute in minutes for at_s in instants_of(minute_of(day, minute), zone)
    }
    points.update(_changes_of_clocks(zone, from_s, until_s))
    return sorted(at_s for at_s in points if from_s < at_s <= until_s)


def _changes_of_clocks(zone: tzinfo, from_s: int, until_s: int) -> Iterator[int]:
    for start_s in range(from_s, until_s, _STEP_S):
        before, after = start_s, start_s + _STEP_S
        if _offset(before, zone) == _offset(after, zone):
            continue
        while after - before > 1:
            middle = (before + after) // 2
            before, after = (
                (middle, after) if _offset(middle, zone) == _offset(start_s, zone) else (before, middle)
            )
        yield after


def _offset(at_s: int, zone: tzinfo) -> timedelta | None:
    return datetime.fromtimestamp(at_s, zone).utcoffset()
