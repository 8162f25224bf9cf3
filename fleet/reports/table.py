"""CORE. A table as every page and every file shows it: one value, which each writes in its own way."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from typing import TypeAlias

from fleet.reports.amounts import Money


@dataclass(frozen=True)
class Moment:
    """A time, in Unix seconds, as a place's clock shows it."""

    at_s: float
    zone: tzinfo = UTC

    @property
    def words(self) -> str:
        """The time to the second, with its offset in a file only: `2026-11-28 16:00:00`."""
        return datetime.fromtimestamp(self.at_s, self.zone).strftime("%Y-%m-%d %H:%M:%S")


Value: TypeAlias = "str | int | Money | Moment | None"


@dataclass(frozen=True)
class Cell:
    """One value; `link` leads to the rows that make it, where there are any."""

    value: Value
    link: str = ""

    @property
    def words(self) -> str:
        """The value on a page."""
        if isinstance(self.value, Money | Moment):
            return self.value.words
        if isinstance(self.value, int):
            return f"{self.value:,}"
        return "" if self.value is None else one_line(self.value)

    @property
    def is_number(self) -> bool:
        """Whether it stands at the right of its column."""
        return isinstance(self.value, int | Money)

    @property
    def is_moment(self) -> bool:
        """Whether it is a time, which is not broken into lines."""
        return isinstance(self.value, Moment)

    @property
    def is_nil(self) -> bool:
        """Whether a small screen may leave it out: there is none of it."""
        amount = self.value.amount if isinstance(self.value, Money) else self.value
        return amount in (None, 0, "")

    @property
    def plain(self) -> str | int | Decimal | None:
        """The value in a file: numbers without signs and separators, all else as text."""
        if isinstance(self.value, Money):
            return Decimal(self.value.plain)
        if isinstance(self.value, Moment):
            return datetime.fromtimestamp(self.value.at_s, self.value.zone).isoformat(timespec="seconds")
        return one_line(self.value) if isinstance(self.value, str) else self.value


Row: TypeAlias = tuple[Cell, ...]


@dataclass(frozen=True)
class Table:
    """Rows of cells under titles; `name` is what its file is called, `total` stands at the end.

    A file has a column for the currency beside each column of money: `money` names those columns.
    """

    name: str
    titles: tuple[str, ...]
    rows: tuple[Row, ...]
    total: tuple[Row, ...] = ()

    def first(self, most: int) -> Table:
        """The table with so many of its rows."""
        return replace(self, rows=self.rows[:most])

    @property
    def money(self) -> tuple[int, ...]:
        """The columns in which money stands, by their numbers."""
        body = [*self.rows, *self.total]
        return tuple(
            column
            for column in range(len(self.titles))
            if any(isinstance(row[column].value, Money) for row in body)
        )

    @property
    def lines(self) -> list[list[str | int | Decimal | None]]:
        """The table as a file has it: titles and rows; the total is left to the spreadsheet."""
        heads = [self._with_currency(number, title, "currency") for number, title in enumerate(self.titles)]
        return [
            _joined(heads),
            *(_joined([self._plain(n, c) for n, c in enumerate(row)]) for row in self.rows),
        ]

    def _plain(self, number: int, cell: Cell) -> list[str | int | Decimal | None]:
        currency = cell.value.currency.upper() if isinstance(cell.value, Money) else None
        return self._with_currency(number, cell.plain, currency)

    def _with_currency(
        self, number: int, plain: str | int | Decimal | None, currency: str | None
    ) -> list[str | int | Decimal | None]:
        return [plain, currency] if number in self.money else [plain]


def cells(*values: Value) -> Row:
    """A row of values that lead nowhere."""
    return tuple(Cell(value) for value in values)


def one_line(text: str) -> str:
    """Text on one line, without characters that steer a terminal, a spreadsheet or the text's direction."""
    kept = (" " if each.isspace() else each for each in text)
    return "".join(each for each in kept if unicodedata.category(each) not in ("Cc", "Cf")).strip()


def _joined(
    parts: Sequence[list[str | int | Decimal | None]],
) -> list[str | int | Decimal | None]:
    return [each for part in parts for each in part]
