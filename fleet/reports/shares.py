"""CORE. What a place's owner gets: first what is taken off as agreed, then a share; to the minor unit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from fleet.reports.amounts import percent_of


class Deduction(StrEnum):
    """What is taken off before the rest is shared."""

    FEES = "fees"
    REFUNDS = "refunds"
    TESTS = "tests"


@dataclass(frozen=True)
class MachinePart:
    """What one machine of the place brought in one currency, in minor units.

    `refunds` holds disputes too; `tests` is what its test credits would have cost.
    """

    machine_id: str
    name: str
    currency: str
    phone: int = 0
    cash: int = 0
    fees: int = 0
    refunds: int = 0
    tests: int = 0

    @property
    def gross(self) -> int:
        """All that players paid."""
        return self.phone + self.cash


@dataclass(frozen=True)
class Split:
    """A place's money of one currency. `owner` and `operator` together are `base`, always."""

    currency: str
    gross: int
    taken_off: tuple[tuple[Deduction, int], ...]
    base: int
    owner_percent: float
    owner: int
    operator: int


def split(
    parts: Iterable[MachinePart], currency: str, deductions: Sequence[Deduction], owner_percent: float
) -> Split:
    """Share what the machines brought in one currency.

    Where less than nothing is left, the owner gets nothing and the loss is the operator's.
    """
    mine = [part for part in parts if part.currency == currency]
    gross = sum(part.gross for part in mine)
    taken_off = tuple(
        (each, sum(getattr(part, each.value) for part in mine)) for each in Deduction if each in deductions
    )
    base = gross - sum(amount for _, amount in taken_off)
    owner = percent_of(base, owner_percent) if base > 0 else 0
    return Split(currency, gross, taken_off, base, owner_percent, owner, base - owner)


def currencies_of(parts: Iterable[MachinePart]) -> list[str]:
    """The currencies in which anything is to be shared."""
    return sorted({part.currency for part in parts})
