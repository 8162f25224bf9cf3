"""CORE: (payment as Stripe has it, receipt) -> what to do to the money, or to answer."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from cloud_relay.money import share_of


class BadReceipt(ValueError):
    """A receipt that can never be settled; the message names the field and its value."""


class Outcome(StrEnum):
    """What the coin line did with a payment."""

    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    PARTIAL = "partial"


class Result(StrEnum):
    """What the relay answers to a receipt.

    `conflict` is final: the money went the other way before. `retry`: ask again later.
    """

    SETTLED = "settled"
    ALREADY = "already"
    CONFLICT = "conflict"
    UNKNOWN = "unknown"
    RETRY = "retry"


@dataclass(frozen=True)
class Receipt:
    """A cabinet's word on one payment: how many of the paid credits its coin line gave."""

    payment_id: str
    outcome: Outcome
    credits_delivered: int
    credits_paid: int


@dataclass(frozen=True)
class Payment:
    """A PaymentIntent as Stripe has it now; amounts in minor units."""

    payment_id: str
    status: str
    amount: int
    currency: str
    received: int
    refunded: int
    immediate: bool
    settled: str | None


@dataclass(frozen=True)
class Capture:
    """Charge this much of what is reserved; Stripe releases the rest."""

    amount: int


@dataclass(frozen=True)
class Release:
    """Cancel: nothing is charged."""


@dataclass(frozen=True)
class Refund:
    """Give this much of an immediate payment back, and mark it as settled."""

    amount: int
    settled: str


Step = Capture | Release | Refund | Result


def read_receipt(said: object, credits_ordered: int | None = None) -> Receipt:
    """A receipt from its JSON.

    `credits_ordered` stands in where the cabinet did not say `creditsPaid`.

    Raises:
        BadReceipt: a field is missing, malformed or contradicts another.
    """
    fields = said if isinstance(said, dict) else {}
    outcomes = [outcome.value for outcome in Outcome]
    if fields.get("outcome") not in outcomes:
        raise BadReceipt(f"outcome is {fields.get('outcome')!r:.80}: write one of {outcomes}")
    outcome = Outcome(fields["outcome"])
    delivered = _count(fields, "creditsDelivered", None)
    paid = _count(fields, "creditsPaid", credits_ordered)
    if not _consistent(outcome, delivered, paid):
        raise BadReceipt(f"{outcome} contradicts creditsDelivered {delivered} of {paid}")
    return Receipt(read_payment_id(fields), outcome, delivered, paid)


def next_step(payment: Payment, receipt: Receipt) -> Step:
    """What the receipt asks for, given what has already happened to the money."""
    wanted = share_of(payment.amount, receipt.credits_delivered, receipt.credits_paid, payment.currency)
    if payment.status == "processing":
        return Result.RETRY
    if payment.immediate:
        return _step_for_immediate(payment, receipt, wanted)
    if payment.status == "requires_capture":
        return Capture(wanted) if wanted else Release()
    # Whether some of it was refunded plays no part: Stripe counts what a capture or a cancel releases as
    # refunded too, and a goodwill refund afterwards makes no conflict of a delivered game.
    return Result.ALREADY if payment.received == wanted else Result.CONFLICT


def _step_for_immediate(payment: Payment, receipt: Receipt, wanted: int) -> Step:
    if payment.settled is not None:
        return Result.ALREADY if payment.settled == receipt.outcome else Result.CONFLICT
    if payment.status != "succeeded":
        return Result.CONFLICT if wanted else Result.ALREADY
    return Refund(max(0, payment.received - payment.refunded - wanted), receipt.outcome)


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
    return value


def read_payment_id(said: object) -> str:
    """The `paymentId` of a receipt.

    Raises:
        BadReceipt: it is missing or is not a PaymentIntent's id.
    """
    value = said.get("paymentId") if isinstance(said, dict) else None
    if not isinstance(value, str) or not _is_payment_id(value):
        raise BadReceipt(f"paymentId is {value!r:.80}: write a PaymentIntent id such as pi_3Abc")
    return value


def _is_payment_id(text: str) -> bool:
    return text.startswith("pi_") and text[3:].isascii() and text[3:].replace("_", "").isalnum()
