"""EDGE. Payments in which the two books may differ, found by the database and judged by the rule."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, func, or_, select

from fleet.book.stripe.marks import read_marks
from fleet.book.tables import sales, stripe_payments
from fleet.book.typed.scopes import Scope
from fleet.reports.two_books import Difference, ReadSpan, SaleSide, StripeSide, difference

MOST = 500
"""So many of each side are looked at: whoever has more has another trouble."""

_SALE = ("machine_id", "at", "amount", "currency", "outcome", "answer", "charged")
_PAID = (
    "machine_id", "created_at", "status", "currency", "amount", "captured", "refunded", "disputed",
    "has_failed_refund",
)  # fmt: skip


def differences(connection: Connection, since_s: float, scope: Scope) -> list[Difference]:
    """What is to be looked at of the payments since then, newest first; none before Stripe is read."""
    marks = read_marks(connection)
    if marks is None:
        return []
    span = ReadSpan(*marks)
    found = [*_told_by_cabinets(connection, since_s, scope, span), *_untold(connection, since_s, scope, span)]
    return sorted(found, key=_made_s, reverse=True)


def difference_of(connection: Connection, payment_id: str, scope: Scope) -> Difference | None:
    """The difference of one payment; None where there is none, or it is not within the scope."""
    return next((each for each in differences(connection, 0.0, scope) if each.payment_id == payment_id), None)


def _made_s(each: Difference) -> float:
    side = each.stripe or each.sale
    return side.at_s if side else 0.0


def _told_by_cabinets(
    connection: Connection, since_s: float, scope: Scope, span: ReadSpan
) -> Iterator[Difference]:
    paid = stripe_payments
    agrees = or_(sales.c.charged == paid.c.captured, sales.c.charged == paid.c.captured - paid.c.refunded)
    is_fine = and_(
        paid.c.payment_id.is_not(None),
        paid.c.machine_id == sales.c.machine_id,
        paid.c.currency == sales.c.currency,
        paid.c.disputed == 0,
        paid.c.has_failed_refund.is_(False),
        paid.c.status != "requires_capture",
        sales.c.charged.is_not(None),
        sales.c.answer != "conflict",
        agrees,
    )
    query = (
        _both()
        .select_from(sales.outerjoin(paid, paid.c.payment_id == sales.c.payment_id))
        .where(sales.c.kind == "phone", sales.c.at >= since_s, ~_true(is_fine), *scope.of(sales))
        .order_by(sales.c.at.desc())
    )
    yield from _judged(connection, query, span)


def _untold(connection: Connection, since_s: float, scope: Scope, span: ReadSpan) -> Iterator[Difference]:
    paid = stripe_payments
    matters = or_(
        paid.c.status == "requires_capture",
        paid.c.captured > paid.c.refunded,
        paid.c.disputed > 0,
        paid.c.has_failed_refund.is_(True),
    )
    query = (
        _both()
        .select_from(paid.outerjoin(sales, sales.c.payment_id == paid.c.payment_id))
        .where(paid.c.created_at >= since_s, sales.c.payment_id.is_(None), matters, *scope.of(paid))
        .order_by(paid.c.created_at.desc())
    )
    yield from _judged(connection, query, span)


def _true(condition: Any) -> Any:
    """Whether a condition is true and not merely unknown."""
    return func.coalesce(condition, False)


def _both() -> Select[Any]:
    of_sale = [sales.c[name].label(f"sale_{name}") for name in ("payment_id", *_SALE)]
    of_paid = [stripe_payments.c[name].label(f"paid_{name}") for name in ("payment_id", *_PAID)]
    return select(*of_sale, *of_paid)


def _judged(connection: Connection, query: Select[Any], span: ReadSpan) -> Iterator[Difference]:
    for row in connection.execute(query.limit(MOST)):
        found = difference(row.sale_payment_id or row.paid_payment_id, _sale(row), _paid(row), span)
        if found is not None:
            yield found


def _sale(row: Row[Any]) -> SaleSide | None:
    if row.sale_payment_id is None:
        return None
    return SaleSide(
        row.sale_machine_id,
        row.sale_at,
        row.sale_amount,
        row.sale_currency or "",
        row.sale_outcome or "",
        row.sale_answer or "",
        row.sale_charged,
    )


def _paid(row: Row[Any]) -> StripeSide | None:
    if row.paid_payment_id is None:
        return None
    return StripeSide(*(getattr(row, f"paid_{name}") for name in _PAID))
