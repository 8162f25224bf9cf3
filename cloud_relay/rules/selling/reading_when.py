"""CORE. Reads when a period is, or a code holds: days, dates and times as people write them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from functools import partial
from typing import Any

from cloud_relay.rules.selling.reading import Problems, list_at, object_at, refuse_unknown
from cloud_relay.rules.selling.wall_clock import DAY_MIN
from cloud_relay.rules.selling.when import EVERY_DAY, Dates, When

WHEN_KEYS = ("days", "dates", "from", "to")
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_TIME = re.compile(r"([0-9]{2}):([0-9]{2})")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOST_DATES = 100
_YEARS = range(2000, 3000)


def when_at(own: Mapping[str, Any], place: str) -> When:
    """When a period is; without any of its keys, always.

    Raises:
        ValueError: a day, a date or a time is none; a line for each.
    """
    problems = Problems()
    days = problems.tried(lambda: _days(own.get("days"), f"{place}.days"), EVERY_DAY)
    no_dates: tuple[Dates, ...] = ()
    dates = problems.tried(lambda: _dates(own.get("dates"), f"{place}.dates"), no_dates)
    start_min = problems.tried(lambda: _minute(own.get("from", "00:00"), f"{place}.from", DAY_MIN - 1), 0)
    end_min = problems.tried(lambda: _minute(own.get("to", "24:00"), f"{place}.to", DAY_MIN), DAY_MIN)
    problems.finish()
    # What goes on to 00:00 ends with its day.
    end_min = end_min or DAY_MIN
    if start_min == end_min:
        raise ValueError(f"{place}: from and to are both {own['from']}: leave both out for the whole day")
    return When(days, dates, start_min, end_min)


def _days(value: object, place: str) -> frozenset[int]:
    if value is None:
        return EVERY_DAY
    listed = [value] if isinstance(value, str) else value
    if not isinstance(listed, list) or not listed:
        raise ValueError(f'{place} is {value!r:.80}: write "mon-fri", or a list such as ["sat", "sun"]')
    return frozenset(day for each in listed for day in _span(each, place))


def _span(value: object, place: str) -> list[int]:
    first, dash, last = value.partition("-") if isinstance(value, str) else ("", "", "")
    numbers = [_day(name) for name in ((first, last) if dash else (first,))]
    if None in numbers:
        short = ", ".join(day[:3] for day in _DAYS)
        raise ValueError(f"{place} has {value!r:.80}: write {short}, or two of them as mon-fri")
    start, end = numbers[0] or 0, numbers[-1] or 0
    return [(start + count) % 7 for count in range((end - start) % 7 + 1)]


def _day(name: str) -> int | None:
    said = name.strip().lower()
    return next((number for number, day in enumerate(_DAYS) if said in (day, day[:3])), None)


def _dates(value: object, place: str) -> tuple[Dates, ...]:
    if value is None:
        return ()
    listed, problems = [value] if isinstance(value, dict) else list_at(value, place, _MOST_DATES), Problems()
    if not listed:
        raise ValueError(f"{place} is empty: leave it out for every day of the year")
    no_dates = Dates(date.min, date.max)
    read = [
        problems.tried(partial(_span_of_dates, each, f"{place}[{number}]"), no_dates)
        for number, each in enumerate(listed)
    ]
    problems.finish()
    return tuple(read)


def _span_of_dates(value: object, place: str) -> Dates:
    if not isinstance(value, dict):
        day = _date(value, place)
        return Dates(day, day)
    own = object_at(value, place)
    refuse_unknown(own, place, ("from", "to"))
    if not own:
        raise ValueError(f'{place} is empty: write {{"from": "2026-12-24", "to": "2026-12-26"}}')
    first = _date(own["from"], f"{place}.from") if "from" in own else date.min
    last = _date(own["to"], f"{place}.to") if "to" in own else date.max
    if last < first:
        raise ValueError(f"{place} ends on {last}, before it begins on {first}: swap them")
    return Dates(first, last)


def _date(value: object, place: str) -> date:
    try:
        if not isinstance(value, str) or _DATE.fullmatch(value) is None:
            raise ValueError
        day = date.fromisoformat(value)
        if day.year not in _YEARS:
            raise ValueError
    except ValueError:
        raise ValueError(f"{place} is {value!r:.80}: write a date such as 2026-12-24") from None
    return day


def _minute(value: object, place: str, most: int) -> int:
    parts = _TIME.fullmatch(value) if isinstance(value, str) else None
    minute = int(parts[1]) * 60 + int(parts[2]) if parts and int(parts[2]) < 60 else DAY_MIN + 1
    if minute > most:
        end = " (24:00 is the end of the day)" if most == DAY_MIN else ""
        raise ValueError(f"{place} is {value!r:.80}: write a time of the day such as 18:30{end}")
    return minute
