"""CORE. Payments that links of an older relay charge at once: which are this relay's, and their marks.

A link's metadata reaches its Checkout Session only. So the relay writes it beside the payment, where its
lists of payments find it: from then on it is looked after until a receipt or a refund has settled it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cloud_relay.rules.orders import (
    RELAY_TAG,
    BadOrder,
    Order,
    Ownership,
    UnsellableCredits,
    immediate_order_from,
)

COMPLETED = "checkout.session.completed"
MONEY_CAME = "checkout.session.async_payment_succeeded"
SALES = (COMPLETED, MONEY_CAME)

# What stands beside the payment: that it is looked after, when its session was made, and of a deferred
# method also when it was ordered and when its money came. The times are Unix seconds.
IMMEDIATE, SESSION_MADE, ORDERED_AT, MONEY_CAME_AT = "immediate", "session_made", "ordered", "money_came"
LOOKED_AFTER = "1"
_OF_THE_ORDER = ("machine_id", "quantity", "credits_per_unit", "amount", "currency", RELAY_TAG)


@dataclass(frozen=True)
class ImmediateSale:
    """A Checkout Session that was paid at once, or whose money is to come; times in Unix seconds.

    Of a deferred method `ordered_s` is when it was ordered, and `came_s` when its money came: an event tells
    one of them.
    """

    payment_id: str
    metadata: Mapping[str, str]
    amount: int
    currency: str
    made_s: int
    paid: bool
    ordered_s: int | None = None
    came_s: int | None = None

    @property
    def marks(self) -> dict[str, str]:
        """What is written beside the payment."""
        order = {key: self.metadata[key] for key in _OF_THE_ORDER if key in self.metadata}
        times = {SESSION_MADE: self.made_s, ORDERED_AT: self.ordered_s, MONEY_CAME_AT: self.came_s}
        told = {key: str(seconds) for key, seconds in times.items() if seconds is not None}
        return {**order, IMMEDIATE: LOOKED_AFTER, **told}

    def order(self, credit_amount: int) -> Order:
        """What it bought; raises as `immediate_order_from` does."""
        return immediate_order_from(self.metadata, self.amount, self.currency, credit_amount)

    def is_ours(self, ownership: Ownership, credit_amount: int) -> bool:
        """Whether its money is this relay's to settle.

        One without a relay's tag whose order cannot be believed may be somebody else's.
        """
        try:
            self.order(credit_amount)
        except UnsellableCredits:
            return True
        except BadOrder:
            return ownership.is_tagged(self.metadata)
        return True


def sale_in(event: Mapping[str, Any], ownership: Ownership) -> ImmediateSale | None:
    """The sale in an event of a Checkout Session; None where it is not ours, or surely a reservation."""
    session = event["data"]["object"]
    metadata = session.get("metadata") or {}
    payment_id, paid = session.get("payment_intent"), session["payment_status"] == "paid"
    if not ownership.owns(metadata) or not payment_id or _is_reservation(session):
        return None
    return ImmediateSale(
        payment_id=payment_id,
        metadata=metadata,
        amount=session["amount_total"],
        currency=session["currency"],
        made_s=session["created"],
        paid=paid,
        ordered_s=None if paid else event["created"],
        came_s=event["created"] if event["type"] == MONEY_CAME else None,
    )


def window_begins_s(metadata: Mapping[str, str], charged_s: int) -> int:
    """When the credit window of an immediate payment began: with its charge, or with its order.

    A voucher's charge is made when it is paid in a shop, days after its player stood before the machine.
    """
    ordered_s = seconds_in(metadata, ORDERED_AT)
    if ordered_s is None and seconds_in(metadata, MONEY_CAME_AT) is not None:
        ordered_s = seconds_in(metadata, SESSION_MADE)  # the webhook of its order was lost
    return charged_s if ordered_s is None else min(charged_s, ordered_s)


def _is_reservation(session: Mapping[str, Any]) -> bool:
    # No card defers: what nothing but a card may pay, and is complete and unpaid, is reserved. Of the rest
    # only the payment itself tells.
    return session["payment_status"] != "paid" and session.get("payment_method_types") == ["card"]


def seconds_in(metadata: Mapping[str, str], key: str) -> int | None:
    """A time that stands beside a payment; None where there is none, or somebody has changed it."""
    text = metadata.get(key, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 12 else None
