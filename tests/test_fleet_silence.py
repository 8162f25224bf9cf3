"""Silence over generated years: nobody cries wolf, and a machine that is dead is heard of."""

from __future__ import annotations

import math
from bisect import bisect_left
from dataclasses import dataclass
from datetime import date, datetime
from random import Random
from zoneinfo import ZoneInfo

import pytest

from fleet.rules.opening import Opening, Span, parse_opening, spans
from fleet.rules.silence import WINDOW_S, Habit, hours, learn, limit_s, silent_s

pytestmark = pytest.mark.fleet
BERLIN = ZoneInfo("Europe/Berlin")
SEED = 20261128
DAY_S = 86400.0
BEGIN = datetime(2026, 1, 5, tzinfo=BERLIN).timestamp()
ARCADE = parse_opening(
    '{"tue": [["14:00", "22:00"]], "wed": [["14:00", "22:00"]], "thu": [["14:00", "22:00"]],'
    ' "fri": [["14:00", "02:00"]], "sat": [["10:00", "02:00"]], "sun": [["10:00", "20:00"]]}',
    BERLIN,
)


@dataclass(frozen=True)
class Year:
    """What happened in a generated year: when each machine of a place had its customers."""

    opening: Opening
    machines: tuple[tuple[float, ...], ...]

    @property
    def everybody(self) -> list[float]:
        return sorted(at for machine in self.machines for at in machine)


def year(seed: int, opening: Opening, rates_a_day: tuple[float, ...], holidays: set[date]) -> Year:
    """Customers come by chance, more in the evening, on weekends and in summer, and never on a holiday."""
    random = Random(seed)  # noqa: S311 - a year that comes again
    listed = list(spans(opening, BEGIN, BEGIN + 365 * DAY_S))
    return Year(opening, tuple(_customers(random, listed, rate, holidays) for rate in rates_a_day))


def _customers(random: Random, listed: list[Span], a_day: float, holidays: set[date]) -> tuple[float, ...]:
    came: list[float] = []
    for span in (each for each in listed if each.day not in holidays):
        season = 1 - 0.4 * math.cos(2 * math.pi * (span.day.timetuple().tm_yday - 15) / 365)
        weekend = 1.6 if span.day.weekday() >= 4 else 0.8
        length_s = span.ends_at - span.begins_at
        rate = a_day * season * weekend / length_s
        at = span.begins_at + random.expovariate(rate)
        while at < span.ends_at:
            if random.random() < 0.3 + 0.7 * (at - span.begins_at) / length_s:
                came.append(at)
            at += random.expovariate(rate)
    return tuple(came)


def alarms(of: Year, number: int, own: tuple[float, ...], until: float) -> list[float]:
    """When a machine was called silent, looking every half hour and learning each week, as the fleet does."""
    listed, everybody = list(spans(of.opening, BEGIN, until)), of.everybody
    known = hours(listed, everybody, ())
    found, habit, learned_at = [], None, -math.inf
    now = BEGIN
    while now < until:
        if now >= learned_at + 7 * DAY_S:
            from_at = max(BEGIN, now - WINDOW_S)
            mine = own[bisect_left(own, from_at) : bisect_left(own, now)]
            learned = learn(known, mine, from_at)
            habit, learned_at = Habit(BEGIN, learned.customers, learned.longest_s), now
        limit = limit_s(habit, now)
        last = own[bisect_left(own, now) - 1] if own and own[0] < now else BEGIN
        if limit is not None and now - last > limit and _silent(of, listed, everybody, last, now) > limit:
            found.append(now)
            now = own[bisect_left(own, now)] if bisect_left(own, now) < len(own) else until
        now += 1800
    return found


def _silent(of: Year, listed: list[Span], everybody: list[float], last: float, now: float) -> float:
    so_far = everybody[bisect_left(everybody, last - 2 * DAY_S) : bisect_left(everybody, now)]
    of_late = [span for span in listed if last - 2 * DAY_S < span.ends_at and span.begins_at < now]
    return silent_s(hours(of_late, so_far, ()), last, now)


HOLIDAYS = {date(2026, 4, 3), date(2026, 4, 6), date(2026, 5, 1), date(2026, 12, 25), date(2026, 12, 26)}


@pytest.mark.parametrize(
    ("opening", "rates"),
    [
        (ARCADE, (40.0, 15.0, 4.0)),
        (ARCADE, (12.0,)),
        (Opening(BERLIN), (25.0, 6.0)),
        (Opening(BERLIN), (3.0,)),
    ],
    ids=["arcade", "bar with one", "always open", "alone, seldom used"],
)
def test_a_year_without_a_fault_has_no_alarm(opening: Opening, rates: tuple[float, ...]) -> None:
    """Nights, closed Mondays, winter, and holidays that nobody told us are no silence."""
    of = year(SEED, opening, rates, HOLIDAYS)
    assert [alarms(of, number, own, BEGIN + 365 * DAY_S) for number, own in enumerate(of.machines)] == [
        [] for _ in rates
    ]


@pytest.mark.parametrize(("number", "within_open_h"), [(0, 5), (1, 10)])
def test_a_dead_slot_is_heard_of_in_a_place_where_others_sell(number: int, within_open_h: float) -> None:
    """A busy machine that jams is missed within hours, for its neighbours show that people are there."""
    of = year(SEED, ARCADE, (40.0, 20.0, 8.0), HOLIDAYS)
    jam = datetime(2026, 9, 12, 15, tzinfo=BERLIN).timestamp()
    own = tuple(at for at in of.machines[number] if at < jam)
    jammed = Year(ARCADE, (*of.machines[:number], own, *of.machines[number + 1 :]))
    told = alarms(jammed, number, own, jam + 14 * DAY_S)[0]
    assert silent_s(hours(spans(ARCADE, BEGIN, told), jammed.everybody, ()), jam, told) < within_open_h * 3600


def test_a_dead_machine_that_stands_alone_is_heard_of_on_the_third_day() -> None:
    """Two days without anybody may be holidays; three are not."""
    of = year(SEED, Opening(BERLIN), (30.0,), set())
    jam = datetime(2026, 9, 12, 23, tzinfo=BERLIN).timestamp()
    own = tuple(at for at in of.machines[0] if at < jam)
    told = alarms(Year(of.opening, (own,)), 0, own, jam + 14 * DAY_S)[0]
    assert datetime.fromtimestamp(told, BERLIN).date() == date(2026, 9, 15)


def test_the_time_in_which_a_machine_was_away_is_no_silence_of_its() -> None:
    """A machine that was off for a week comes back without being called silent for it."""
    listed = list(spans(Opening(BERLIN), BEGIN, BEGIN + 10 * DAY_S))
    customers = [BEGIN + 3600 * hour for hour in range(240)]
    known = hours(listed, customers, [(BEGIN + DAY_S, BEGIN + 8 * DAY_S)])
    assert silent_s(known, BEGIN + DAY_S / 2, BEGIN + 8 * DAY_S + 3600) == DAY_S / 2 + 3600


@pytest.mark.parametrize(
    ("habit", "limit"),
    [
        (None, None),
        (Habit(BEGIN + 20 * DAY_S, 500, 7200), None),
        (Habit(BEGIN, 29, 7200), None),
        (Habit(BEGIN, 100, 7200), 7200 * (1 + 9 / math.log(100))),
        (Habit(BEGIN, 5000, 60), 3600),
    ],
)
def test_a_new_machine_is_not_known_well_enough_to_be_silent(
    habit: Habit | None, limit: float | None
) -> None:
    """Two weeks at its place and thirty customers are the least to judge by, an hour the least to tell."""
    assert limit_s(habit, BEGIN + 30 * DAY_S) == limit
