"""CORE. The statement of a place for its owner: what came in, what is taken off, and whose the rest is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fleet.reports.amounts import Money
from fleet.reports.periods import Period
from fleet.reports.shares import Deduction, MachinePart, Split, currencies_of, split
from fleet.reports.table import Cell, Row, Table

_WORDS = {
    Deduction.FEES: "payment fees",
    Deduction.REFUNDS: "refunds and disputes",
    Deduction.TESTS: "test credits",
}
_TITLES = ("machine", "by phone", "cash counted", "payment fees", "refunds and disputes", "test credits")


@dataclass(frozen=True)
class Terms:
    """What was agreed with the owner of a place."""

    place: str
    owner: str
    owner_percent: float
    deductions: tuple[Deduction, ...]


@dataclass(frozen=True)
class Statement:
    """A place's money of a period; `source` says whose word the phone payments are."""

    terms: Terms
    period: Period
    parts: tuple[MachinePart, ...]
    splits: tuple[Split, ...]
    source: str

    @property
    def title(self) -> str:
        """What it is, and of where."""
        return f"Statement for {self.terms.place}"

    @property
    def machines(self) -> Table:
        """What each machine brought."""
        rows = tuple(_machine_row(part) for part in self.parts)
        return Table("machines", _TITLES, rows)

    @property
    def shares(self) -> Table:
        """From all that came in to what is whose, step by step."""
        rows = [row for each in self.splits for row in _steps(each, self.terms)]
        return Table("shares", ("", "amount"), tuple(rows))

    @property
    def file(self) -> Table:
        """Both tables as one: who opens it in a spreadsheet has every figure."""
        lines = [
            (Cell(self.terms.place), Cell(self.period.words), *row)
            for row in (*self._machine_lines(), *self._steps())
        ]
        return Table("statement", ("location", "period", "of", "what", "amount"), tuple(lines))

    def _machine_lines(self) -> list[Row]:
        return [
            (Cell(row[0].value), Cell(title), cell)
            for row in self.machines.rows
            for title, cell in zip(_TITLES[1:], row[1:], strict=True)
        ]

    def _steps(self) -> list[Row]:
        return [(Cell("all machines"), row[0], row[1]) for row in self.shares.rows]


def statement(terms: Terms, period: Period, parts: Sequence[MachinePart], *, is_read: bool) -> Statement:
    """The statement; `is_read`: the phone payments are what Stripe says, and else what the machines say."""
    splits = [split(parts, each, terms.deductions, terms.owner_percent) for each in currencies_of(parts)]
    whose = "the payment provider's account" if is_read else "the machines' own journals"
    source = f"Phone payments are taken from {whose}, cash from the collections counted in this period."
    return Statement(terms, period, tuple(parts), tuple(splits), source)


def _machine_row(part: MachinePart) -> Row:
    amounts = (part.phone, part.cash, part.fees, part.refunds, part.tests)
    # A typeface may lack the letters of a name, and never those of an id.
    name = part.name if part.name == part.machine_id else f"{part.name} ({part.machine_id})"
    return (Cell(name), *(Cell(Money(amount, part.currency)) for amount in amounts))


def _steps(each: Split, terms: Terms) -> list[Row]:
    def row(words: str, amount: int) -> Row:
        return (Cell(f"{words}, {each.currency.upper()}"), Cell(Money(amount, each.currency)))

    percent = f"{terms.owner_percent:g} %"
    return [
        row("came in", each.gross),
        *(row(f"less {_WORDS[kind]}", -amount) for kind, amount in each.taken_off),
        row("to be shared", each.base),
        row(f"{percent} for {terms.owner or 'the owner'}", each.owner),
        row("for the operator", each.operator),
    ]
