"""CORE. Silence: a machine without customers for longer than it ever is, as learned from its own gaps.

A gap is counted in open time in which the machine could sell. A day on which nobody came to the place at
all may have been a holiday that nobody told us: two such days in a row are not counted, the third is.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from fleet.rules.opening import Span, span_at

WINDOW_S = 90 * 86400.0
"""How far back is learned from: about a season."""
NEW_FOR_S = 14 * 86400.0
LEAST_CUSTOMERS = 30
LEAST_S = 3600.0
FORGIVEN_DAYS = 2
# Gaps of customers who come by chance are exponential: the longest of n is about ln(n) times their mean, and
# one longer by k means comes once in e^k times as many. With 9 that is once in two thousand years a machine.
_RARE_MEANS = 9.0


@dataclass(frozen=True)
class Habit:
    """What was learned of a machine: since when it stands where it does, its customers, its longest gap."""

    since_at: float
    customers: int
    longest_s: float


@dataclass(frozen=True)
class Hours:
    """The time in which a machine could sell: open spans, which of them had customers, and its absences.

    `absences` are in order and do not overlap.
    """

    spans: tuple[Span, ...]
    busy: tuple[bool, ...]
    absences: tuple[tuple[float, float], ...]


def hours(
    spans: Iterable[Span], customers: Sequence[float], absences: Iterable[tuple[float, float]]
) -> Hours:
    """Hours of a machine, from the times (in order) at which anybody was at its place to buy."""
    listed = tuple(spans)
    busy = tuple(
        bisect_left(customers, span.begins_at) < bisect_left(customers, span.ends_at) for span in listed
    )
    return Hours(listed, busy, tuple(absences))


def silent_s(hours: Hours, from_at: float, to_at: float) -> float:
    """How long, from one moment to another, the machine could sell and would have been expected to."""
    total_s, empty_days = 0.0, 0
    for number in range(max(span_at(hours.spans, from_at), 0), len(hours.spans)):
        span = hours.spans[number]
        if span.begins_at >= to_at:
            break
        empty_days = 0 if hours.busy[number] else empty_days + 1
        if not 0 < empty_days <= FORGIVEN_DAYS:
            total_s += _present_s(hours.absences, max(span.begins_at, from_at), min(span.ends_at, to_at))
    return total_s


def learn(hours: Hours, own: Sequence[float], since_at: float) -> Habit:
    """The habit of a machine that stands where it does since then, from its own customers, in order."""
    seen = [at for at in own if at >= since_at]
    longest_s = max((silent_s(hours, before, after) for before, after in pairwise(seen)), default=0.0)
    return Habit(since_at, len(seen), longest_s)


def limit_s(habit: Habit | None, now: float) -> float | None:
    """How long a silence is longer than it ever is; None as long as too little is known to say."""
    if habit is None or now - habit.since_at < NEW_FOR_S or habit.customers < LEAST_CUSTOMERS:
        return None
    return max(habit.longest_s * (1 + _RARE_MEANS / math.log(habit.customers)), LEAST_S)


def _present_s(absences: Sequence[tuple[float, float]], from_at: float, to_at: float) -> float:
    if to_at <= from_at:
        return 0.0
    away_s = 0.0
    # The one before may reach into this time.
    for begins_at, ends_at in absences[max(bisect_left(absences, (from_at, 0.0)) - 1, 0) :]:
        if begins_at >= to_at:
            break
        away_s += max(min(ends_at, to_at) - max(begins_at, from_at), 0.0)
    return to_at - from_at - away_s
