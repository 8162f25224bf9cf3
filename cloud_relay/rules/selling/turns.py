"""CORE. Whether each period ever gets its turn, where the first that is on counts."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date, datetime, timedelta, tzinfo

from cloud_relay.rules.selling.periods import Period
from cloud_relay.rules.selling.wall_clock import instants_of, minute_of

# Between two dates that stand in any period every week is like the next: a week on each side shows them all.
_WEEK = range(-8, 9)
_ANY_DAY = date(2026, 1, 12)


def never_on(
    periods: Mapping[int, Period], zones: Mapping[int, tuple[tzinfo, ...]]
) -> Iterator[tuple[int, bool]]:
    """The periods that never come, by their places in the list, and whether others are in their way.

    `zones` has those of each period's machines.
    """
    moments = list(_moments(periods.values()))
    named = frozenset(name for each in periods.values() for name in each.machines or ())
    for place, period in periods.items():
        own = [shown for shown in moments if period.when.covers(shown) and _comes(shown, zones[place])]
        # A machine that no period names stands for all of those.
        machines = period.machines or (named | {""})
        before = [other for earlier, other in periods.items() if earlier < place]
        free = (
            not any(other.is_for(machine) and other.when.covers(shown) for other in before)
            for shown in own
            for machine in machines
        )
        if not any(free):
            yield place, bool(own)


def _moments(periods: Collection[Period]) -> Iterator[datetime]:
    """Times of the clock, such that whatever is on at any time is on at one of these."""
    ends = {day for each in periods for dates in each.when.dates for day in dates.ends} or {_ANY_DAY}
    days = sorted({day + timedelta(days=count) for day in ends for count in _WEEK})
    turns = {minute for each in periods for minute in (each.when.start_min, each.when.end_min)} | {0}
    # And the last minute of each: the first may be one that clocks leap over.
    minutes = sorted({minute for turn in turns for minute in (turn, turn - 1) if minute >= 0})
    for day in days:
        yield from (minute_of(day, minute) for minute in minutes)


def _comes(shown: datetime, zones: tuple[tzinfo, ...]) -> bool:
    return any(instants_of(shown, zone) for zone in zones)
