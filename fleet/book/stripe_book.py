"""EDGE. Writes what Stripe says of payments, and keeps the sums of its days."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from typing import Any, TypeAlias

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Table,
    and_,
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

from fleet.book.dialect import put
from fleet.book.tables import notes, sales, stripe_days, stripe_movements, stripe_payments, stripe_returns
from fleet.rules.stripe_objects import Movement, StripePayment

DayOf: TypeAlias = Callable[[str, float], str]
"""The day of a time (Unix seconds) where a machine stands."""

_MachineDay: TypeAlias = tuple[str, str]
# In one statement: SQLite takes a thousand expressions, and 250,000 values.
_AT_ONCE = 200
READ_UNTIL, READ_SINCE = "stripe_read_until", "stripe_read_since"


def save_payments(
    connection: Connection, payments: Iterable[StripePayment], now_s: float, day_of: DayOf
) -> None:
    """Write payments as they stand now, with what went back of each, and the sums of their days."""
    payments = list(payments)
    touched = _days_in_book(connection, [payment.payment_id for payment in payments])
    rows = [_payment_row(payment, now_s, day_of) for payment in payments]
    put(connection, stripe_payments, rows)
    returns = [row for payment in payments for row in _return_rows(payment, day_of)]
    put(connection, stripe_returns, returns)
    moved = [
        _movement_row(movement, payment.machine_id, payment.amount, payment.currency, day_of)
        for payment in payments
        for movement in payment.movements
    ]
    put(connection, stripe_movements, moved)
    touched |= {(row["machine_id"], row["day"]) for row in (*rows, *returns, *moved)}
    add_up_days(connection, touched)


def save_movements(connection: Connection, movements: Sequence[Movement], day_of: DayOf) -> None:
    """Write what our payments moved; what other payments of the account did is left out."""
    ids = list({movement.payment_id for movement in movements})
    known = {
        row.payment_id: row
        for row in connection.execute(
            select(
                stripe_payments.c.payment_id,
                stripe_payments.c.machine_id,
                stripe_payments.c.amount,
                stripe_payments.c.currency,
            ).where(stripe_payments.c.payment_id.in_(ids))
        )
    }
    rows = [
        _movement_row(movement, payment.machine_id, payment.amount, payment.currency, day_of)
        for movement in movements
        if (payment := known.get(movement.payment_id))
    ]
    put(connection, stripe_movements, rows)
    add_up_days(connection, {(row["machine_id"], row["day"]) for row in rows})


def add_up_days(connection: Connection, days: set[_MachineDay] | None = None) -> None:
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
    touched: set[_MachineDay] = set()
    for table, at in _DATED:
        key = next(iter(table.primary_key))
        query = select(key, table.c.machine_id, table.c[at], table.c.day)
        if machines is not None:
            query = query.where(table.c.machine_id.in_(machines))
        for name, machine_id, at_s, day in connection.execute(query).all():
            now = day_of(machine_id, at_s)
            if now != day:
                connection.execute(update(table).where(key == name).values(day=now))
                touched |= {(machine_id, day), (machine_id, now)}
    add_up_days(connection, None if machines is None else touched)


_DATED: tuple[tuple[Table, str], ...] = (
    (stripe_payments, "created_at"),
    (stripe_returns, "at"),
    (stripe_movements, "at"),
)


def read_marks(connection: Connection) -> tuple[float, float] | None:
    """From when and until when Stripe has been read; None before the first time."""
    found = {
        row.name: row.value
        for row in connection.execute(select(notes).where(notes.c.name.in_([READ_SINCE, READ_UNTIL])))
    }
    return (float(found[READ_SINCE]), float(found[READ_UNTIL])) if len(found) == 2 else None


def mark_read(connection: Connection, since_s: float, until_s: float) -> None:
    """Note from when and until when Stripe has been read."""
    put(
        connection,
        notes,
        [{"name": READ_SINCE, "value": str(since_s)}, {"name": READ_UNTIL, "value": str(until_s)}],
    )


def first_sale_s(connection: Connection) -> float | None:
    """When the first sale of the book was made."""
    found: float | None = connection.execute(select(func.min(sales.c.at))).scalar()
    return found


def _days_in_book(connection: Connection, payment_ids: list[str]) -> set[_MachineDay]:
    """The days under which payments stand now; they may be moved to others."""
    found: set[_MachineDay] = set()
    for table in (stripe_payments, stripe_returns):
        rows = connection.execute(
            select(table.c.machine_id, table.c.day).where(table.c.payment_id.in_(payment_ids)).distinct()
        )
        found |= {(row.machine_id, row.day) for row in rows}
    return found


def _payment_row(payment: StripePayment, now_s: float, day_of: DayOf) -> dict[str, Any]:
    return {
        "payment_id": payment.payment_id,
        "machine_id": payment.machine_id,
        "created_at": payment.created_at,
        "day": day_of(payment.machine_id, payment.created_at),
        "status": payment.status,
        "currency": payment.currency,
        "amount": payment.amount,
        "captured": payment.captured,
        "refunded": payment.refunded,
        "disputed": payment.disputed,
        "has_failed_refund": payment.has_failed_refund,
        "notes": payment.notes,
        "read_at": now_s,
    }


def _return_rows(payment: StripePayment, day_of: DayOf) -> list[dict[str, Any]]:
    return [
        {
            **asdict(each),
            "payment_id": payment.payment_id,
            "machine_id": payment.machine_id,
            "day": day_of(payment.machine_id, each.at),
            "price": payment.amount,
        }
        for each in payment.returns
    ]


def _movement_row(
    movement: Movement, machine_id: str, price: int, currency: str, day_of: DayOf
) -> dict[str, Any]:
    return {
        **asdict(movement),
        "machine_id": machine_id,
        "day": day_of(machine_id, movement.at),
        "price": price,
        "price_currency": currency,
    }


_SUMS = ("payments", "captured", "reserved", "released", "refunded", "disputed", "fee", "net")


def _add_up(connection: Connection, days: list[_MachineDay] | None) -> None:
    parts = union_all(_of_payments(days), _of_returns(days), _of_movements(days)).subquery()
    keys = [parts.c[name] for name in ("machine_id", "day", "currency", "price", "price_currency")]
    sums = [func.sum(parts.c[name]).label(name) for name in _SUMS]
    added = select(*keys, *sums).group_by(*keys)
    connection.execute(insert(stripe_days).from_select([*(key.name for key in keys), *_SUMS], added))


def _of_payments(days: list[_MachineDay] | None) -> Select[Any]:
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


def _of_returns(days: list[_MachineDay] | None) -> Select[Any]:
    gone = stripe_returns
    sums: dict[str, ColumnElement[Any]] = {
        "refunded": case((gone.c.kind == "refund", gone.c.amount), else_=0),
        "disputed": case((gone.c.kind == "dispute", gone.c.amount), else_=0),
    }
    return _part(gone, gone.c.currency, gone.c.price, gone.c.currency, sums, days)


def _of_movements(days: list[_MachineDay] | None) -> Select[Any]:
    moved = stripe_movements
    sums: dict[str, ColumnElement[Any]] = {"fee": moved.c.fee, "net": moved.c.net}
    return _part(moved, moved.c.currency, moved.c.price, moved.c.price_currency, sums, days)


def _part(
    table: Any,
    currency: ColumnElement[Any],
    price: ColumnElement[Any],
    price_currency: ColumnElement[Any],
    sums: dict[str, ColumnElement[Any]],
    days: list[_MachineDay] | None,
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


def _among(table: Any, days: list[_MachineDay]) -> ColumnElement[bool]:
    by_machine: defaultdict[str, list[str]] = defaultdict(list)
    for machine_id, day in days:
        by_machine[machine_id].append(day)
    return or_(
        *(
            and_(table.c.machine_id == machine_id, table.c.day.in_(some))
            for machine_id, some in by_machine.items()
        )
    )
