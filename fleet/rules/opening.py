"""CORE. Opening hours: when a place is open, in the time of the clock on its wall."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_MIN = 24 * 60
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)|24:00")
_CLOSED_DAY = re.compile(r"(\d{4}-)?(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")

Minutes = tuple[int, int]


@dataclass(frozen=True)
class Span:
    """A time in which a place is open (Unix seconds), and the local day on which it began."""

    begins_at: float
    ends_at: float
    day: date


@dataclass(frozen=True)
class Opening:
    """The hours of each weekday from Monday on, in minutes since midnight; an end past 24 h is the next day.

    `closed` are days on which it stays closed: YYYY-MM-DD, or MM-DD for each year.
    """

    zone: tzinfo
    hours: tuple[tuple[Minutes, ...], ...] = (((0, DAY_MIN),),) * 7
    closed: frozenset[str] = frozenset()


def parse_opening(text: str, zone: tzinfo) -> Opening:
    """The hours of {"mon": [["10:00", "23:30"]], ..., "closed": ["12-25"]}; "" is always open.

    A weekday that is not named is closed, and an end that is not after its beginning is on the next day.

    Raises:
        ValueError: the text is no such thing; the message has what is wrong and what would be right.
    """
    if not text.strip():
        return Opening(zone)
    read = _json(text)
    if not isinstance(read, dict):
        raise ValueError('opening hours are {"mon": [["10:00", "23:30"]], ...}')
    for name in read:
        if name not in (*WEEKDAYS, "closed"):
            raise ValueError(f"{name!r} is no weekday: write {', '.join(WEEKDAYS)}, or closed")
    closed = _list(read.get("closed", []), "closed")
    for each in closed:
        if not isinstance(each, str) or _CLOSED_DAY.fullmatch(each) is None:
            raise ValueError(f"closed: {each!r} is no day: write 2026-12-25, or 12-25 for each year")
    hours = tuple(parse_hours(read.get(name, []), name) for name in WEEKDAYS)
    return Opening(zone, hours, frozenset(closed))


def parse_hours(listed: Any, name: str) -> tuple[Minutes, ...]:
    """Pairs of clock times as minutes since midnight.

    Raises:
        ValueError: they are none; the message begins with `name`.
    """
    return tuple(_pair(each, name) for each in _list(listed, name))


def spans(opening: Opening, from_at: float, to_at: float) -> Iterator[Span]:
    """When it is open, in order: each span that ends after `from_at` and begins before `to_at`, whole."""
    # What began two local days ago may still last: an evening ends on the next day.
    day = datetime.fromtimestamp(from_at, UTC).astimezone(opening.zone).date() - timedelta(days=2)
    last = datetime.fromtimestamp(to_at, UTC).astimezone(opening.zone).date()
    while day <= last:
        for span in _of_day(opening, day):
            if span.begins_at < to_at and from_at < span.ends_at and span.begins_at < span.ends_at:
                yield span
        day += timedelta(days=1)


def is_open(opening: Opening, now: float) -> bool:
    """Whether it is open now."""
    return any(span.begins_at <= now < span.ends_at for span in spans(opening, now - 1, now + 1))


def is_well_open(opening: Opening, now: float, margin_s: float) -> bool:
    """Whether it is open now, and was and will be some time before and after.

    People switch machines on a little late, and off a little early.
    """
    return all(is_open(opening, now + shift_s) for shift_s in (-margin_s, 0, margin_s))


def span_at(listed: Sequence[Span], at: float) -> int:
    """The place in the list of the last span that began by then; -1 if none did."""
    return bisect_right(listed, at, key=lambda span: span.begins_at) - 1


def _of_day(opening: Opening, day: date) -> Iterator[Span]:
    if not opening.closed.isdisjoint((day.isoformat(), day.strftime("%m-%d"))):
        return
    for begins_min, ends_min in opening.hours[day.weekday()]:
        yield Span(_unix(opening.zone, day, begins_min), _unix(opening.zone, day, ends_min), day)


def _unix(zone: tzinfo, day: date, minutes: int) -> float:
    # Added to the clock's own time and not to what has passed: 10:00 is 10:00 on the day when clocks change.
    wall = datetime(day.year, day.month, day.day) + timedelta(minutes=minutes)  # noqa: DTZ001
    return wall.replace(tzinfo=zone).timestamp()


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise ValueError(f"opening hours are no JSON: {error}") from None


def _list(read: Any, name: str) -> list[Any]:
    if not isinstance(read, list):
        raise ValueError(f'{name}: {read!r} is no list: write [["10:00", "23:30"]]')
    return read


def _pair(pair: Any, name: str) -> Minutes:
    if not (isinstance(pair, list) and len(pair) == 2):
        raise ValueError(f'{name}: {pair!r} is no pair of times: write ["10:00", "23:30"]')
    begins_min, ends_min = (_minutes(each, name) for each in pair)
    if begins_min in (DAY_MIN, ends_min):
        raise ValueError(f'{name}: {pair!r} has no length: write ["00:00", "24:00"] for the whole day')
    return begins_min, ends_min if begins_min < ends_min else ends_min + DAY_MIN


def _minutes(clock: Any, name: str) -> int:
    if not isinstance(clock, str) or _CLOCK.fullmatch(clock) is None:
        raise ValueError(f"{name}: {clock!r} is no time: write 09:30")
    hour, minute = clock.split(":")
    return int(hour) * 60 + int(minute)
