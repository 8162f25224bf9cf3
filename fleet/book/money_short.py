"""EDGE. In what Stripe's book and the cabinets' differ beyond what is on its way, machine by machine."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, func, or_, select

from fleet.book.tables import entries, ledgers, sales, stripe_payments
from fleet.reports.amounts import added_up, in_words
from fleet.reports.two_books import Difference, ReadSpan, SaleSide, StripeSide, Trouble, difference

WINDOW_S = 30 * 86400.0
_TOLD_ELSEWHERE = (Trouble.CONFLICT, Trouble.HELD)

_sale, _stripe = sales.c, stripe_payments.c


def money_short(connection: Connection, now: float) -> dict[str, str]:
    """Each machine with a journal, and what is wrong ("": nothing); nobody before Stripe was read."""
    first_at, read_at = connection.execute(
        select(func.min(_stripe.created_at), func.max(_stripe.read_at))
    ).one()
    if read_at is None:
        return {}
    span = ReadSpan(max(first_at, now - WINDOW_S), read_at)
    found: dict[str, list[Difference]] = defaultdict(list)
    for each in _differences(connection, span):
        if each.trouble not in _TOLD_ELSEWHERE:
            found[each.machine_id].append(each)
    compared = connection.execute(select(ledgers.c.machine_id).distinct()).scalars()
    return {machine_id: _text(found.get(machine_id, [])) for machine_id in {*compared, *found}}


def _text(found: list[Difference]) -> str:
    if not found:
        return ""
    sums = in_words(added_up(each.money for each in found))
    if len(found) == 1:
        return f"payment {found[0].payment_id} ({sums}): {found[0].trouble}"
    return f"{len(found)} payments ({sums}), the last: {found[-1].trouble}"


def _differences(connection: Connection, span: ReadSpan) -> Iterator[Difference]:
    columns = [*(each.label(f"sale_{each.name}") for each in sales.c), *stripe_payments.c]
    of_both = (
        select(*columns)
        .join_from(stripe_payments, sales, _sale.payment_id == _stripe.payment_id, isouter=True)
        .where(_stripe.created_at >= span.since_s)
        .where(or_(_differ(), and_(_sale.payment_id.is_(None), _stripe.captured > 0, _was_heard())))
        .order_by(_stripe.created_at)
    )
    of_one = (
        select(*columns)
        .join_from(sales, stripe_payments, _sale.payment_id == _stripe.payment_id, isouter=True)
        .where(_sale.at >= span.since_s, _sale.kind == "phone", _sale.charged > 0)
        .where(_stripe.payment_id.is_(None))
        .order_by(_sale.at)
    )
    for query in (of_both, of_one):
        for row in connection.execute(query):
            payment_id = row.payment_id or row.sale_payment_id
            found = difference(payment_id, _sale_side(row), _stripe_side(row), span)
            if found is not None:
                yield found


def _differ() -> ColumnElement[bool]:
    return or_(
        _stripe.captured != _sale.charged, _stripe.machine_id != _sale.machine_id, _stripe.disputed > 0
    )


def _was_heard() -> ColumnElement[bool]:
    """A cabinet was heard after a payment, and had a journal before it: what it has not named, it has not."""
    of_it = entries.c.machine_id == _stripe.machine_id
    began = select(func.min(entries.c.at)).where(of_it).scalar_subquery()
    heard = select(func.max(ledgers.c.heard_at)).where(ledgers.c.machine_id == _stripe.machine_id)
    return and_(began < _stripe.created_at, heard.scalar_subquery() > _stripe.created_at + 3600)


def _sale_side(row: Row[Any]) -> SaleSide | None:
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


def _stripe_side(row: Row[Any]) -> StripeSide | None:
    if row.payment_id is None:
        return None
    return StripeSide(
        row.machine_id,
        row.created_at,
        row.status,
        row.currency,
        row.amount,
        row.captured,
        row.refunded,
        row.disputed,
    )
