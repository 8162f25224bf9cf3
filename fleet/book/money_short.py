"""In what Stripe's book and the cabinets' differ beyond what is still on its way."""

from __future__ import annotations

from sqlalchemy import Connection, Select, func, select

from fleet.book.tables import entries, ledgers, sales, stripe_payments

ON_ITS_WAY_S = 3600.0
"""A receipt that is an hour old is settled, and what settled it has been read."""
WINDOW_S = 30 * 86400.0
_FINAL = ("succeeded", "canceled")


def money_short(connection: Connection, now: float) -> dict[str, str]:
    """Each compared machine with what is wrong ("": nothing); who was not read or heard is not compared."""
    read_at = connection.execute(select(func.max(stripe_payments.c.read_at))).scalar()
    if read_at is None:
        return {}
    from_at, to_at = now - WINDOW_S, min(now, read_at) - ON_ITS_WAY_S
    differing: dict[str, int] = dict.fromkeys(connection.execute(select(ledgers.c.machine_id)).scalars(), 0)
    for query in (_otherwise(from_at, to_at), _unknown_here(from_at, to_at), _unknown_there(from_at, to_at)):
        for machine_id, number in connection.execute(query):
            differing[machine_id] = differing.get(machine_id, 0) + number
    return {machine_id: _text(number) for machine_id, number in differing.items()}


def _text(number: int) -> str:
    payments = "1 payment" if number == 1 else f"{number} payments"
    return f"{payments} of the last 30 days: charged by Stripe is not what the machine says" if number else ""


def _otherwise(from_at: float, to_at: float) -> Select[str, int]:
    """Payments that both books know, with different amounts."""
    return (
        select(sales.c.machine_id, func.count())
        .join(stripe_payments, stripe_payments.c.payment_id == sales.c.payment_id)
        .where(stripe_payments.c.created_at.between(from_at, to_at), sales.c.at < to_at)
        .where(stripe_payments.c.status.in_(_FINAL), stripe_payments.c.captured != sales.c.charged)
        .group_by(sales.c.machine_id)
    )


def _unknown_here(from_at: float, to_at: float) -> Select[str, int]:
    """Payments that Stripe charged and a cabinet never named, though it was heard an hour later.

    What was paid before its journal began is in no book of its.
    """
    machine = stripe_payments.c.machine_id
    began = select(func.min(entries.c.at)).where(entries.c.machine_id == machine).scalar_subquery()
    heard = select(func.max(ledgers.c.heard_at)).where(ledgers.c.machine_id == machine).scalar_subquery()
    named = select(sales.c.payment_id).where(sales.c.payment_id == stripe_payments.c.payment_id).exists()
    return (
        select(machine, func.count())
        .where(stripe_payments.c.created_at.between(from_at, to_at), stripe_payments.c.captured > 0)
        .where(~named, began < stripe_payments.c.created_at)
        .where(heard > stripe_payments.c.created_at + ON_ITS_WAY_S)
        .group_by(machine)
    )


def _unknown_there(from_at: float, to_at: float) -> Select[str, int]:
    """Payments that a cabinet says were charged, and Stripe does not list."""
    first = select(func.min(stripe_payments.c.created_at)).scalar_subquery()
    listed = (
        select(stripe_payments.c.payment_id)
        .where(stripe_payments.c.payment_id == sales.c.payment_id)
        .exists()
    )
    return (
        select(sales.c.machine_id, func.count())
        .where(sales.c.at.between(from_at, to_at), sales.c.at > first + ON_ITS_WAY_S)
        .where(sales.c.kind == "phone", sales.c.charged > 0, ~listed)
        .group_by(sales.c.machine_id)
    )
