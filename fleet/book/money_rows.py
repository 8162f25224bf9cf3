"""EDGE. The rows that make the figures of a report: sales, payments, what went back, movements, coins."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, Table, func, select

from fleet.book.scopes import Scope
from fleet.book.tables import coins, sales, stripe_movements, stripe_payments, stripe_returns
from fleet.reports.periods import Period


class RowsOf(StrEnum):
    """What kind of rows."""

    SALES = "sales"
    COINS = "coins"
    PAYMENTS = "payments"
    RETURNS = "returns"
    MOVEMENTS = "movements"


@dataclass(frozen=True)
class Which:
    """Of a kind of rows, which: in a period, within a scope, of one kind of sale, price or currency."""

    rows: RowsOf
    period: Period
    scope: Scope
    sale_kind: str = ""
    currency: str = ""
    price: int | None = None


_TABLES: dict[RowsOf, tuple[Table, str]] = {
    RowsOf.SALES: (sales, "at"),
    RowsOf.COINS: (coins, "at"),
    RowsOf.PAYMENTS: (stripe_payments, "created_at"),
    RowsOf.RETURNS: (stripe_returns, "at"),
    RowsOf.MOVEMENTS: (stripe_movements, "at"),
}
_PRICE = {
    RowsOf.SALES: "amount",
    RowsOf.PAYMENTS: "amount",
    RowsOf.RETURNS: "price",
    RowsOf.MOVEMENTS: "price",
}


def rows_of(connection: Connection, which: Which, most: int, skipped: int = 0) -> list[RowMapping]:
    """The rows, newest first: at most so many, after so many that are skipped."""
    table, at = _TABLES[which.rows]
    first = table.c[at].desc(), *table.primary_key
    query: Select[Any] = select(table).where(*_conditions(which)).order_by(*first)
    return list(connection.execute(query.limit(most).offset(skipped)).mappings())


def count_of(connection: Connection, which: Which) -> int:
    """How many there are."""
    table, _ = _TABLES[which.rows]
    found: int = connection.execute(
        select(func.count()).select_from(table).where(*_conditions(which))
    ).scalar_one()
    return found


def _conditions(which: Which) -> list[ColumnElement[bool]]:
    table, _ = _TABLES[which.rows]
    found = [table.c.day >= str(which.period.first), table.c.day <= str(which.period.last)]
    found += which.scope.of(table)
    if which.sale_kind and which.rows is RowsOf.SALES:
        found.append(sales.c.kind == which.sale_kind)
    if which.currency and "currency" in table.c:
        found.append(table.c.currency == which.currency)
    if which.price is not None and which.rows in _PRICE:
        found.append(table.c[_PRICE[which.rows]] == which.price)
    return found
