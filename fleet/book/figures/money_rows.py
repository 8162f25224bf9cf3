"""EDGE. The rows that make the figures of a report: sales, payments, what went back, movements, coins."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, Table, func, select

from fleet.book.tables import coins, machines, sales, stripe_movements, stripe_payments, stripe_returns
from fleet.book.typed.scopes import Scope
from fleet.reports.rows import NO_VALUE, RowsOf, Wanted

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


def rows_of(
    connection: Connection, wanted: Wanted, scope: Scope, most: int, skipped: int = 0
) -> list[RowMapping]:
    """The rows within a scope, newest first: at most so many, after so many that are skipped."""
    table, at = _TABLES[wanted.rows]
    order = table.c[at].desc(), *table.primary_key
    query: Select[Any] = select(table).where(*_conditions(wanted, scope)).order_by(*order)
    return list(connection.execute(query.limit(most).offset(skipped)).mappings())


def count_of(connection: Connection, wanted: Wanted, scope: Scope) -> int:
    """How many there are."""
    table, _ = _TABLES[wanted.rows]
    query = select(func.count()).select_from(table).where(*_conditions(wanted, scope))
    found: int = connection.execute(query).scalar_one()
    return found


def _conditions(wanted: Wanted, scope: Scope) -> list[ColumnElement[bool]]:
    table, _ = _TABLES[wanted.rows]
    found = [table.c.day >= str(wanted.period.first), table.c.day <= str(wanted.period.last)]
    # What is asked for can only narrow what may be seen.
    found += [*scope.of(table), *Scope(wanted.location_id, wanted.machine_id or None).of(table)]
    if wanted.sale_kind and wanted.rows is RowsOf.SALES:
        found.append(sales.c.kind == wanted.sale_kind)
    if wanted.currency and wanted.rows is RowsOf.COINS:
        worth = select(machines.c.machine_id).where(_is_worth(wanted.currency))
        found.append(table.c.machine_id.in_(worth))
    elif wanted.currency:
        found.append(table.c.currency == wanted.currency)
    if wanted.price is not None and wanted.rows in _PRICE:
        found.append(table.c[_PRICE[wanted.rows]] == wanted.price)
    return found


def _is_worth(currency: str) -> ColumnElement[bool]:
    """Whether a machine's coins are worth something in a currency."""
    of = machines.c.coin_currency
    return of.is_(None) if currency == NO_VALUE else of == currency
