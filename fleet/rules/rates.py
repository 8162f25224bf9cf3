"""CORE. How much one cabinet may send and write: a stolen one fills its own pages, and not the disk."""

from __future__ import annotations

from dataclasses import dataclass

_DAY_S = 86400.0


@dataclass(frozen=True)
class Rate:
    """So many a day in the long run, and as many as `burst` at once."""

    daily: float
    burst: float


# A busy machine has some hundred entries a day; one without a fleet for years has a hundred thousand.
ENTRIES = Rate(daily=20_000, burst=200_000)
# Each entry may come in a message of its own, and again until it is confirmed.
MESSAGES = Rate(daily=100_000, burst=20_000)
BOOT_COSTS = 50
"""A boot is worth so many entries: it may be placed in time anew, and its neighbours with it."""


@dataclass(frozen=True)
class Allowance:
    """What is left of a rate, as of `at` (seconds of a clock that is never set); a debt is paid by time."""

    left: float
    at: float


def whole_allowance(rate: Rate, at: float) -> Allowance:
    """That of a machine that has done nothing lately."""
    return Allowance(rate.burst, at)


def grown(allowance: Allowance, rate: Rate, at: float) -> Allowance:
    """What it has become by this time."""
    passed_s = max(0.0, at - allowance.at)
    return Allowance(min(rate.burst, allowance.left + passed_s * rate.daily / _DAY_S), at)


def spend(allowance: Allowance, rate: Rate, count: float, at: float) -> Allowance:
    """What is left after so many at this time; less than nothing, if it was more than there were."""
    now = grown(allowance, rate, at)
    return Allowance(now.left - count, at)


def work(entries: int, boots: int) -> int:
    """What so many new entries are worth, of which so many boots had not been heard before."""
    return entries + BOOT_COSTS * boots
