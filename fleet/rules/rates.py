"""CORE. How much one cabinet may write: a stolen one fills its own pages, and not the disk."""

from __future__ import annotations

from dataclasses import dataclass

_DAY_S = 86400.0
# A busy machine has some hundred entries a day; one without a fleet for years has a hundred thousand.
DAILY, BURST = 20_000, 200_000


@dataclass(frozen=True)
class Allowance:
    """How many entries a machine may still write, as of `at` (seconds of a clock that is never set)."""

    left: float
    at: float


def whole_allowance(at: float) -> Allowance:
    """That of a machine that has written nothing lately."""
    return Allowance(BURST, at)


def spend(allowance: Allowance, entries: int, at: float) -> Allowance | None:
    """What is left after so many entries at this time; None if that is more than there is."""
    left = min(BURST, allowance.left + max(0.0, at - allowance.at) * DAILY / _DAY_S)
    return Allowance(left - entries, at) if entries <= left else None
