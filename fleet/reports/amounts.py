"""CORE. Amounts of money in reports: whole minor units of one currency, which never meet another's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from cloud_relay.rules.prices import decimals, price


@dataclass(frozen=True, order=True)
class Money:
    """So many minor units of a currency; below zero where more went out than came in."""

    amount: int
    currency: str

    @property
    def words(self) -> str:
        """The amount as a person reads it: `$2.50`, `-¥300`."""
        return f"{'-' if self.amount < 0 else ''}{price(abs(self.amount), self.currency)}"

    @property
    def plain(self) -> str:
        """The amount as a spreadsheet reads it, without its currency: `-2.50`."""
        digits = decimals(self.currency)
        whole, part = divmod(abs(self.amount), 10**digits)
        number = f"{whole}.{part:0{digits}d}" if digits else str(whole)
        return f"-{number}" if self.amount < 0 else number


def added_up(amounts: Iterable[Money]) -> tuple[Money, ...]:
    """The sums by currency, by the currencies' names."""
    sums: Counter[str] = Counter()
    for each in amounts:
        sums[each.currency] += each.amount
    return tuple(Money(sums[currency], currency) for currency in sorted(sums))


def in_words(amounts: Iterable[Money]) -> str:
    """Amounts of several currencies, side by side: `$2.50 + €1.00`."""
    return " + ".join(each.words for each in amounts)


def percent_of(amount: int, percent: float) -> int:
    """So much percent of an amount in whole minor units, a half rounded up.

    `percent` is meant as it is written: 33.33 is 3333 ten-thousandths, whatever its float is.
    """
    exact = Fraction(amount) * Fraction(str(percent)) / 100
    return (2 * exact.numerator + exact.denominator) // (2 * exact.denominator)
