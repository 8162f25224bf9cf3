"""CORE. The tables of the money pages, each figure with the way to the rows that make it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from fleet.reports.amounts import Money
from fleet.reports.periods import Period
from fleet.reports.rows import NO_VALUE, LinkTo, RowsOf, Wanted
from fleet.reports.table import Cell, Row, Table, Value
from fleet.reports.takings import By, Change, Line, Report, changes

_HEAD = {
    By.DAY: "day",
    By.WEEK: "week from",
    By.MACHINE: "machine",
    By.LOCATION: "location",
    By.PRICE: "price",
}


@dataclass(frozen=True)
class _Column:
    """A column of a report: a figure's field, what makes it, and whether it is Stripe's word."""

    title: str
    field: str
    rows: RowsOf | None
    is_money: bool = True
    sale_kind: str = ""
    is_stripes: bool = False


_COLUMNS = (
    _Column("sales", "sales", RowsOf.SALES, is_money=False, sale_kind="phone"),
    _Column("phone", "phone", RowsOf.SALES, sale_kind="phone"),
    _Column("coins", "coins", RowsOf.COINS, is_money=False),
    _Column("cash", "cash", RowsOf.COINS),
    _Column("takings", "takings", None),
    _Column("free credits", "free_credits", RowsOf.SALES, is_money=False, sale_kind="free"),
    _Column("test credits", "test_credits", RowsOf.SALES, is_money=False, sale_kind="test"),
    _Column("charged by Stripe", "captured", RowsOf.PAYMENTS, is_stripes=True),
    _Column("released", "released", RowsOf.PAYMENTS, is_stripes=True),
    _Column("reserved", "reserved", RowsOf.PAYMENTS, is_stripes=True),
    _Column("refunded", "refunded", RowsOf.RETURNS, is_stripes=True),
    _Column("disputed", "disputed", RowsOf.RETURNS, is_stripes=True),
    _Column("fees", "fee", RowsOf.MOVEMENTS, is_stripes=True),
    _Column("net", "net", RowsOf.MOVEMENTS, is_stripes=True),
)
_OF_A_PRICE = ("sales", "phone")


@dataclass(frozen=True)
class About:
    """What a report is about: its period, its scope, and the names of what its lines are about."""

    period: Period
    machine_id: str = ""
    location_id: int | None = None
    names: Mapping[str, str] | None = None
    locations: Mapping[str, int] | None = None


def takings_table(made: Report, about: About, link_to: LinkTo, *, is_read: bool) -> Table:
    """A report's table; without a look at Stripe its columns are not there."""
    columns = [each for each in _COLUMNS if _is_shown(each, made.by, is_read=is_read)]
    rows = [_row(made.by, line, columns, about, link_to) for line in made.lines]
    totals = [
        (Cell("all"), *_figures(Line("", currency, figures), columns, _wanted(about), link_to))
        for currency, figures in made.totals.items()
    ]
    titles = (_HEAD[made.by], *(each.title for each in columns))
    return Table(f"takings-by-{made.by}", titles, tuple(rows), tuple(totals))


def changes_table(now: Report, before: Report, period: Period, *, is_read: bool) -> Table:
    """The period beside the one before."""
    figures = [("phone", "phone"), ("cash", "cash"), ("takings", "takings")]
    figures += [("refunded", "refunded"), ("fees", "fee"), ("net", "net")] if is_read else []
    rows = [_change(title, each) for title, field in figures for each in changes(now, before, field)]
    titles = ("", period.words, f"before: {period.before.words}", "change")
    return Table("takings-compared", titles, tuple(row for row in rows if row))


def _change(title: str, change: Change) -> Row:
    if not change.currency or (change.now == 0 and change.before == 0):
        return ()
    now, before = Money(change.now, change.currency), Money(change.before, change.currency)
    return (Cell(title), Cell(now), Cell(before), Cell(change.words))


def _is_shown(column: _Column, by: By, *, is_read: bool) -> bool:
    if column.is_stripes:
        return is_read
    return by is not By.PRICE or column.field in _OF_A_PRICE


def _row(by: By, line: Line, columns: Sequence[_Column], about: About, link_to: LinkTo) -> Row:
    head = Cell(_head(by, line, about))
    return (head, *_figures(line, columns, _wanted_by(by, line, about), link_to))


def _head(by: By, line: Line, about: About) -> Value:
    if by is By.PRICE:
        amount, _, currency = line.about.partition(" ")
        return Money(int(amount), currency).words if currency else Money(int(amount), line.currency).words
    return (about.names or {}).get(line.about, line.about)


def _figures(line: Line, columns: Sequence[_Column], wanted: Wanted, link_to: LinkTo) -> Row:
    return tuple(_cell(line, column, wanted, link_to) for column in columns)


def _cell(line: Line, column: _Column, wanted: Wanted, link_to: LinkTo) -> Cell:
    amount: int = getattr(line.figures, column.field)
    if column.is_money and not line.currency:
        return Cell(None)
    value: Value = Money(amount, line.currency) if column.is_money else amount
    if column.rows is None or not amount:
        return Cell(value)
    is_counted_alike = column.sale_kind in ("free", "test")
    currency = "" if is_counted_alike else line.currency or NO_VALUE
    rows = replace(wanted, rows=column.rows, sale_kind=column.sale_kind, currency=currency)
    return Cell(value, link_to(rows))


def _wanted(about: About) -> Wanted:
    return Wanted(RowsOf.SALES, about.period, about.machine_id, about.location_id)


def _wanted_by(by: By, line: Line, about: About) -> Wanted:
    wanted = _wanted(about)
    if by is By.DAY:
        day = date.fromisoformat(line.about)
        return replace(wanted, period=Period(day, day))
    if by is By.WEEK:
        monday = date.fromisoformat(line.about)
        within = Period(max(monday, about.period.first), min(monday + timedelta(days=6), about.period.last))
        return replace(wanted, period=within)
    if by is By.MACHINE:
        return replace(wanted, machine_id=line.about)
    if by is By.LOCATION:
        return replace(wanted, location_id=(about.locations or {}).get(line.about, 0))
    return replace(wanted, price=int(line.about.partition(" ")[0]))
