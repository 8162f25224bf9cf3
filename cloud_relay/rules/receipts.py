"""CORE. A cabinet's receipt: what its coin line did with one payment, read from its JSON."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from cloud_relay.rules.orders import MOST_CREDITS
from cloud_relay.rules.phones.free_tickets import is_free_credit


class BadReceipt(ValueError):
    """A receipt that can never be settled; the message names the field and its value."""


class Outcome(StrEnum):
    """What the coin line did with a payment."""

    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    PARTIAL = "partial"


@dataclass(frozen=True)
class Receipt:
    """How many of the paid credits a cabinet's coin line gave."""

    payment_id: str
    outcome: Outcome
    credits_delivered: int
    credits_paid: int

    @property
    def words(self) -> str:
        """The receipt as Stripe's metadata keeps it: `partial 2`."""
        return f"{self.outcome} {self.credits_delivered}"


def read_receipt(
    body: object, credits_ordered: int | None = None, *, order_is_known: bool = False
) -> Receipt:
    """A receipt from its JSON.

    `credits_ordered` stands in where the body has no `creditsPaid`. Where the `order_is_known` the two must
    be the same: "delivered 1 of 1" of a payment for three would charge it whole.

    Raises:
        BadReceipt: a field is missing, malformed or contradicts another.
    """
    fields = body if isinstance(body, dict) else {}
    outcomes = [outcome.value for outcome in Outcome]
    if fields.get("outcome") not in outcomes:
        raise BadReceipt(f"outcome is {fields.get('outcome')!r:.80}: write one of {outcomes}")
    outcome = Outcome(fields["outcome"])
    delivered = _count(fields, "creditsDelivered", None)
    paid = _count(fields, "creditsPaid", credits_ordered)
    if order_is_known and paid != credits_ordered:
        raise BadReceipt(f"creditsPaid is {paid}, and {credits_ordered} credits were ordered")
    if not _consistent(outcome, delivered, paid):
        raise BadReceipt(f"{outcome} contradicts creditsDelivered {delivered} of {paid}")
    return Receipt(read_payment_id(fields), outcome, delivered, paid)


def read_payment_id(body: object) -> str:
    """The `paymentId` of a receipt.

    Raises:
        BadReceipt: it is missing or is not a PaymentIntent's id.
    """
    value = body.get("paymentId") if isinstance(body, dict) else None
    if not isinstance(value, str) or not (is_payment_id(value) or is_free_credit(value)):
        raise BadReceipt(f"paymentId is {value!r:.80}: write a PaymentIntent id such as pi_3Abc")
    return value


def is_payment_id(text: str) -> bool:
    """Whether `text` can be a PaymentIntent's id; another could lead to other places of Stripe's API."""
    return text.startswith("pi_") and text[3:].isascii() and text[3:].replace("_", "").isalnum()


def _consistent(outcome: Outcome, delivered: int, paid: int) -> bool:
    if outcome is Outcome.DELIVERED:
        return 0 < delivered == paid
    if outcome is Outcome.UNDELIVERED:
        return delivered == 0 < paid
    return 0 <= delivered <= paid and paid > 0


def _count(fields: dict[str, Any], key: str, otherwise: int | None) -> int:
    value = fields.get(key)
    value = otherwise if value is None else value
    if isinstance(value, bool) or not isinstance(value, int):
        raise BadReceipt(f"{key} is {value!r:.80}: write a whole number of credits")
    if not 0 <= value <= MOST_CREDITS:
        raise BadReceipt(f"{key} is none of 0 to {MOST_CREDITS}: a payment buys no more")
    return value
