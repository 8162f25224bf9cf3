"""CORE. Cash that was taken out: counted by hand against the machine's own coin meter."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Collected:
    """One collection; `metered` is what the coins since the one before come to, None where nobody knows.

    Nobody knows it where the machine's coin has no value in the book, or one of another currency.
    """

    collection_id: int
    machine_id: str
    at_s: float
    currency: str
    counted: int
    coins: int
    metered: int | None
    collector: str
    note: str = ""

    @property
    def variance(self) -> int | None:
        """How much more was counted than metered."""
        return None if self.metered is None else self.counted - self.metered


@dataclass(frozen=True)
class Variance:
    """All collections of one machine or one collector in one currency."""

    about: str
    currency: str
    collections: int
    counted: int
    metered: int
    unmetered: int

    @property
    def amount(self) -> int:
        """How much more was counted than metered, of those that were metered."""
        return self.counted - self.unmetered - self.metered

    @property
    def words(self) -> str:
        """The variance in percent of what was metered."""
        if not self.metered:
            return ""
        tenths = (abs(self.amount) * 2000 + self.metered) // (2 * self.metered)
        return f"{'-' if self.amount < 0 else '+'}{tenths // 10}.{tenths % 10} %"


def variances(collected: Iterable[Collected], about: Callable[[Collected], str]) -> list[Variance]:
    """The collections added up by what they are about, the largest shortfall first."""
    sums: dict[tuple[str, str], Variance] = {}
    for each in collected:
        key = (about(each), each.currency)
        so_far = sums.get(key) or Variance(*key, 0, 0, 0, 0)
        sums[key] = Variance(
            *key,
            so_far.collections + 1,
            so_far.counted + each.counted,
            so_far.metered + (each.metered or 0),
            so_far.unmetered + (each.counted if each.metered is None else 0),
        )
    return sorted(sums.values(), key=lambda each: (each.amount, each.about, each.currency))
