"""EDGE. The sums of days, added up by the database as far as a report needs them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, Connection, String, cast, func, select

from fleet.book.tables import days, machines, stripe_days
from fleet.book.typed.scopes import Scope
from fleet.reports.periods import Period
from fleet.reports.takings import NO_CURRENCY, By, Figures, Line

_STRIPES = ("payments", "captured", "reserved", "released", "refunded", "disputed", "fee", "net")


def takings(connection: Connection, by: By, period: Period, scope: Scope) -> list[Line]:
    """Both books' sums in a period: by day or machine, or by price as `250 usd`.

    Weeks are left to be added up from their days, and places from their machines.
    """
    parts = [_sold(connection, by, period, scope), _by_stripe(connection, by, period, scope)]
    if by is not By.PRICE:
        parts.append(_cash(connection, by, period, scope))
    return [line for part in parts for line in part]


def _sold(connection: Connection, by: By, period: Period, scope: Scope) -> Iterator[Line]:
    about, currency = _about(days, by, days.c.currency), days.c.currency
    names = ("sales", "credits_delivered", "charged")
    sums = [func.sum(days.c[name]).label(name) for name in names]
    kinds = ["phone"] if by is By.PRICE else ["phone", "free", "test"]
    query = (
        select(about.label("about"), currency, days.c.kind, *sums)
        .where(*_within(days, period), *scope.of(days), days.c.kind.in_(kinds))
        .group_by(about, currency, days.c.kind)
    )
    for row in connection.execute(query):
        credits = int(row.credits_delivered)
        if row.kind == "phone":
            figures = Figures(sales=int(row.sales), phone=int(row.charged), credits=credits)
            yield Line(row.about, row.currency, figures)
        elif row.kind == "free":
            yield Line(row.about, NO_CURRENCY, Figures(free_credits=credits))
        else:
            yield Line(row.about, NO_CURRENCY, Figures(test_credits=credits))


def _cash(connection: Connection, by: By, period: Period, scope: Scope) -> Iterator[Line]:
    about, currency = _about(days, by, days.c.currency), func.coalesce(machines.c.coin_currency, NO_CURRENCY)
    worth = func.sum(days.c.sales * func.coalesce(machines.c.coin_value, 0))
    query = (
        select(
            about.label("about"),
            currency.label("currency"),
            func.sum(days.c.sales).label("coins"),
            worth.label("cash"),
        )
        .outerjoin(machines, machines.c.machine_id == days.c.machine_id)
        .where(*_within(days, period), *scope.of(days), days.c.kind == "cash")
        .group_by(about, currency)
    )
    for row in connection.execute(query):
        yield Line(row.about, row.currency, Figures(coins=int(row.coins), cash=int(row.cash)))


def _by_stripe(connection: Connection, by: By, period: Period, scope: Scope) -> Iterator[Line]:
    about = _about(stripe_days, by, stripe_days.c.price_currency)
    sums = [func.sum(stripe_days.c[name]).label(name) for name in _STRIPES]
    query = (
        select(about.label("about"), stripe_days.c.currency, *sums)
        .where(*_within(stripe_days, period), *scope.of(stripe_days))
        .group_by(about, stripe_days.c.currency)
    )
    for row in connection.execute(query):
        figures = {name: int(getattr(row, name)) for name in _STRIPES}
        yield Line(row.about, row.currency, Figures(**figures))


def _about(table: Any, by: By, price_currency: ColumnElement[Any]) -> ColumnElement[Any]:
    if by is By.PRICE:
        return cast(table.c.price, String) + " " + price_currency
    found: ColumnElement[Any] = table.c.day if by in (By.DAY, By.WEEK) else table.c.machine_id
    return found


def _within(table: Any, period: Period) -> list[ColumnElement[bool]]:
    return [table.c.day >= str(period.first), table.c.day <= str(period.last)]
