"""CORE. The kinds of rows that figures are made of, and how a page names those that it wants."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from fleet.reports.periods import Period


class RowsOf(StrEnum):
    """What kind of rows."""

    SALES = "sales"
    COINS = "coins"
    PAYMENTS = "payments"
    RETURNS = "returns"
    MOVEMENTS = "movements"


NO_VALUE = "-"
"""In the place of a currency: coins whose value nobody has set."""


@dataclass(frozen=True)
class Wanted:
    """Of a kind of rows, which: of a period, and where given of a machine, place, kind of sale or price."""

    rows: RowsOf
    period: Period
    machine_id: str = ""
    location_id: int | None = None
    sale_kind: str = ""
    currency: str = ""
    price: int | None = None


LinkTo: TypeAlias = Callable[[Wanted], str]
"""The address of the rows that are wanted."""
