"""EDGE. Writes what Stripe says of payments."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, select

from fleet.book.database.dialect import put
from fleet.book.stripe.days import MachineDay, add_up_days
from fleet.book.tables import stripe_movements, stripe_payments, stripe_returns
from fleet.journal.days import DayOf
from fleet.rules.stripe_objects import Movement, StripePayment


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


def machines_of(connection: Connection, payment_ids: Sequence[str]) -> list[str]:
    """At whose machines these payments were made, as far as they are ours."""
    of = stripe_payments.c
    found = connection.execute(select(of.machine_id).where(of.payment_id.in_(payment_ids)).distinct())
    return list(found.scalars())


def _days_in_book(connection: Connection, payment_ids: list[str]) -> set[MachineDay]:
    """The days under which payments stand now; they may be moved to others."""
    found: set[MachineDay] = set()
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
