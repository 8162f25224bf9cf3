"""EDGE. The sums of each machine's days by Stripe's word."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, TypeAlias

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Table,
    and_,
    bindparam,
    case,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    union_all,
    update,
)

from fleet.book.tables import stripe_days, stripe_movements, stripe_payments, stripe_returns
from fleet.journal.days import DayOf

MachineDay: TypeAlias = tuple[str, str]
# In one statement: SQLite takes a thousand expressions, and 250,000 values.
_AT_ONCE = 200


def add_up_days(connection: Connection, days: set[MachineDay] | None = None) -> None:
    """Make the sums of these machines' days anew; without any, of all that there are."""
    if days is None:
        connection.execute(delete(stripe_days))
        _add_up(connection, None)
        return
    each = sorted(days)
    for first in range(0, len(each), _AT_ONCE):
        some = each[first : first + _AT_ONCE]
        connection.execute(delete(stripe_days).where(_among(stripe_days, some)))
        _add_up(connection, some)


def redo_days(connection: Connection, day_of: DayOf, machines: Sequence[str] | None = None) -> None:
    """Say anew on which day everything was, of all machines or of these, and add the days up.

    A place whose time zone was corrected has other days.
    """
    touched: set[MachineDay] = set()
    for table, at in _DATED:
        key = next(iter(table.primary_key))
        query = select(key, table.c.machine_id, table.c[at], table.c.day)
        if machines is not None:
            query = query.where(table.c.machine_id.in_(machines))
        changes = []
        for name, machine_id, at_s, day in connection.execute(query).all():
            now = day_of(machine_id, at_s)
            if now != day:
                changes.append({"of": name, "to": now})
                touched |= {(machine_id, day), (machine_id, now)}
        if changes:
            connection.execute(
                update(table).where(key == bindparam("of")).values(day=bindparam("to")), changes
            )
    add_up_days(connection, None if machines is None else touched)


_DATED: tuple[tuple[Table, str], ...] = (
    (stripe_payments, "created_at"),
    (stripe_returns, "at"),
    (stripe_movements, "at"),
)


_SUMS = ("payments", "captured", "reserved", "released", "refunded", "disputed", "fee", "net")


def _add_up(connection: Connection, days: list[MachineDay] | None) -> None:
    parts = union_all(_of_payments(days), _of_returns(days), _of_movements(days)).subquery()
    keys = [parts.c[name] for name in ("machine_id", "day", "currency", "price", "price_currency")]
    sums = [func.sum(parts.c[name]).label(name) for name in _SUMS]
    added = select(*keys, *sums).group_by(*keys)
    connection.execute(insert(stripe_days).from_select([*(key.name for key in keys), *_SUMS], added))


def _of_payments(days: list[MachineDay] | None) -> Select[Any]:
    paid = stripe_payments
    is_held = paid.c.status == "requires_capture"
    # What was never approved was never reserved, and nothing of it is released.
    is_over = paid.c.status.in_(["succeeded", "canceled"])
    sums: dict[str, ColumnElement[Any]] = {
        "payments": literal(1),
        "captured": paid.c.captured,
        "reserved": case((is_held, paid.c.amount), else_=0),
        "released": case((is_over, paid.c.amount - paid.c.captured), else_=0),
    }
    return _part(paid, paid.c.currency, paid.c.amount, paid.c.currency, sums, days)


def _of_returns(days: list[MachineDay] | None) -> Select[Any]:
    gone = stripe_returns
    sums: dict[str, ColumnElement[Any]] = {
        "refunded": case((gone.c.kind == "refund", gone.c.amount), else_=0),
        "disputed": case((gone.c.kind == "dispute", gone.c.amount), else_=0),
    }
    return _part(gone, gone.c.currency, gone.c.price, gone.c.currency, sums, days)


def _of_movements(days: list[MachineDay] | None) -> Select[Any]:
    moved = stripe_movements
    sums: dict[str, ColumnElement[Any]] = {"fee": moved.c.fee, "net": moved.c.net}
    return _part(moved, moved.c.currency, moved.c.price, moved.c.price_currency, sums, days)


def _part(
    table: Any,
    currency: ColumnElement[Any],
    price: ColumnElement[Any],
    price_currency: ColumnElement[Any],
    sums: dict[str, ColumnElement[Any]],
    days: list[MachineDay] | None,
) -> Select[Any]:
    figures = [sums.get(name, literal(0)).label(name) for name in _SUMS]
    part = select(
        table.c.machine_id,
        table.c.day,
        currency.label("currency"),
        price.label("price"),
        price_currency.label("price_currency"),
        *figures,
    )
    return part if days is None else part.where(_among(table, days))


def _among(table: Any, days: list[MachineDay]) -> ColumnElement[bool]:
    by_machine: defaultdict[str, list[str]] = defaultdict(list)
    for machine_id, day in days:
        by_machine[machine_id].append(day)
    return or_(
        *(
            and_(table.c.machine_id == machine_id, table.c.day.in_(some))
            for machine_id, some in by_machine.items()
        )
    )
