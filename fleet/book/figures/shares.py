"""EDGE. What the machines of a place brought in a period, by phone and in the cash box."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

from fleet.book.tables import collections, days, machines, stripe_days
from fleet.book.typed.scopes import Scope
from fleet.reports.periods import Period
from fleet.reports.shares import MachinePart


@dataclass(frozen=True)
class Span:
    """A period in days, and in Unix seconds where the place is: up to `last_at`, which is not in it."""

    period: Period
    first_at: float
    last_at: float


def parts_of_place(
    connection: Connection, location_id: int, span: Span, *, is_read: bool
) -> list[MachinePart]:
    """The parts by machine and currency. `is_read`: Stripe's word of the period is there, and counts.

    Cash is what people took out and counted in the period.
    """
    scope = Scope(location_id)
    names = {
        row.machine_id: row.name or row.machine_id
        for row in connection.execute(
            select(machines.c.machine_id, machines.c.name).where(*scope.of(machines))
        )
    }
    parts: defaultdict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    phone = _by_stripe(connection, scope, span) if is_read else _by_cabinets(connection, scope, span)
    for rows in (phone, _counted(connection, scope, span), _tests(connection, scope, span)):
        for machine_id, currency, sums in rows:
            sums = {name: int(amount) for name, amount in sums.items() if amount}
            if sums and currency:
                parts[machine_id, currency] |= sums
    made = [
        MachinePart(machine_id, names.get(machine_id, machine_id), currency, **sums)
        for (machine_id, currency), sums in parts.items()
    ]
    return sorted(made, key=lambda part: (part.currency, part.name, part.machine_id))


_Sums = list[tuple[str, str, dict[str, Any]]]


def _by_stripe(connection: Connection, scope: Scope, span: Span) -> _Sums:
    of = stripe_days.c
    back = func.sum(of.refunded + of.disputed)
    query = (
        select(of.machine_id, of.currency, func.sum(of.captured), func.sum(of.fee), back)
        .where(*_within(stripe_days, span), *scope.of(stripe_days))
        .group_by(of.machine_id, of.currency)
    )
    return [
        (machine_id, currency, {"phone": captured, "fees": fee, "refunds": back})
        for machine_id, currency, captured, fee, back in connection.execute(query)
    ]


def _by_cabinets(connection: Connection, scope: Scope, span: Span) -> _Sums:
    query = (
        select(days.c.machine_id, days.c.currency, func.sum(days.c.charged))
        .where(*_within(days, span), *scope.of(days), days.c.kind == "phone")
        .group_by(days.c.machine_id, days.c.currency)
    )
    return [
        (machine_id, currency, {"phone": phone}) for machine_id, currency, phone in connection.execute(query)
    ]


def _counted(connection: Connection, scope: Scope, span: Span) -> _Sums:
    of = collections.c
    query = (
        select(of.machine_id, of.currency, func.sum(of.counted))
        .where(of.at >= span.first_at, of.at < span.last_at, *scope.of(collections))
        .group_by(of.machine_id, of.currency)
    )
    return [
        (machine_id, currency, {"cash": cash}) for machine_id, currency, cash in connection.execute(query)
    ]


def _tests(connection: Connection, scope: Scope, span: Span) -> _Sums:
    """Test credits, each worth a coin; of a machine whose coin has no value they are worth nothing."""
    query = (
        select(
            days.c.machine_id,
            machines.c.coin_currency,
            func.sum(days.c.credits_delivered * machines.c.coin_value),
        )
        .join(machines, machines.c.machine_id == days.c.machine_id)
        .where(*_within(days, span), *scope.of(days), days.c.kind == "test")
        .where(machines.c.coin_value.is_not(None))
        .group_by(days.c.machine_id, machines.c.coin_currency)
    )
    return [
        (machine_id, currency, {"tests": worth}) for machine_id, currency, worth in connection.execute(query)
    ]


def _within(table: Any, span: Span) -> list[ColumnElement[bool]]:
    return [table.c.day >= str(span.period.first), table.c.day <= str(span.period.last)]
