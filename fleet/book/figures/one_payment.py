"""EDGE. All that both books have of one payment."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, RowMapping, Table, select

from fleet.book.tables import sales, stripe_movements, stripe_payments, stripe_returns
from fleet.book.typed.scopes import Scope


@dataclass(frozen=True)
class OnePayment:
    """Rows of a payment; more than one sale where several cabinets claim it."""

    sales: list[RowMapping]
    payments: list[RowMapping]
    returns: list[RowMapping]
    movements: list[RowMapping]

    @property
    def machine_id(self) -> str | None:
        """Whose it is: what Stripe says counts."""
        rows = [*self.payments, *self.sales]
        return rows[0]["machine_id"] if rows else None

    @property
    def may_be_given_back(self) -> bool:
        """Whether Stripe has anything of it that can go back; without a look at Stripe nobody knows."""
        if not self.payments:
            return bool(self.sales)
        paid = self.payments[0]
        return bool(paid["status"] == "requires_capture" or paid["captured"] > paid["refunded"])


def one_payment(connection: Connection, payment_id: str, scope: Scope) -> OnePayment | None:
    """What there is within the scope; None where that is nothing."""

    def rows(table: Table) -> list[RowMapping]:
        query = select(table).where(table.c.payment_id == payment_id, *scope.of(table))
        return list(connection.execute(query.order_by(*table.primary_key)).mappings())

    found = OnePayment(rows(sales), rows(stripe_payments), rows(stripe_returns), rows(stripe_movements))
    return found if found.sales or found.payments else None
