"""CORE: (payment as Stripe has it, receipt) -> what to do to the money, or to answer."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from cloud_relay.rules.money import share_of


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

    @property
    def words(self) -> str:
        """What it says, as Stripe's metadata keeps it: `partial 2`."""
        return f"{self.outcome} {self.credits_delivered}"


@dataclass(frozen=True)
class Payment:
    """A PaymentIntent as Stripe has it now; amounts in minor units.

    `immediate`: charged without a reservation. `settled`: the receipt that a mark in its metadata names.
    """

    payment_id: str
    status: str
    amount: int
    currency: str
    received: int
    refunded: int
    immediate: bool
    settled: str | None

    @property
    def is_open(self) -> bool:
        """Whether nobody has settled it: reserved, or charged at once with something of it left."""
        if self.immediate:
            return self.status == "succeeded" and self.refunded < self.received and self.settled is None
        return self.status == "requires_capture"

    @property
    def words(self) -> str:
        """Where its money is: `canceled, 0 of 250 usd charged`."""
        return f"{self.status}, {self.received} of {self.amount} {self.currency} charged"


@dataclass(frozen=True)
class Conflict:
    """A receipt against what had happened to its money; `said` is its words."""

    payment_id: str
    machine_id: str
    said: str


@dataclass(frozen=True)
class Settlement:
    """How a receipt ended, and what it charged, in minor units; None where it settled nothing."""

    result: Result
    charged: int | None = None


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
    if payment.status == "processing":
        return Result.RETRY
    wanted = wanted_by(receipt, payment)
    if payment.immediate:
        return _step_for_immediate(payment, receipt, wanted)
    if payment.status == "requires_capture":
        return _capture_or_release(wanted)
    return Result.ALREADY if payment.settled == receipt.words else _money_has_moved(payment, wanted)


def wanted_by(receipt: Receipt, payment: Payment) -> int:
    """What a receipt asks to be charged, in minor units."""
    return share_of(payment.amount, receipt.credits_delivered, receipt.credits_paid, payment.currency)


def settled_before(payment: Payment, receipt: Receipt) -> Settlement:
    """The settlement of a receipt that finds its payment as it wants it.

    What somebody refunded of an immediate payment by hand is a kindness of its own.
    """
    charged = wanted_by(receipt, payment) if payment.immediate else payment.received
    return Settlement(Result.ALREADY, charged)


def _capture_or_release(wanted: int) -> Capture | Release:
    """Under Stripe's least charge nothing is charged: `share_of` says 0 there."""
    return Capture(wanted) if wanted else Release()


def _money_has_moved(payment: Payment, wanted: int) -> Result:
    """A reservation moves once; a receipt that wants it otherwise is a conflict, and final.

    Whether some of it was refunded plays no part: a goodwill refund makes no conflict of a delivered game.
    """
    return Result.ALREADY if payment.received == wanted else Result.CONFLICT


def _step_for_immediate(payment: Payment, receipt: Receipt, wanted: int) -> Refund | Result:
    if payment.settled is not None:
        return _first_word_counts(payment, receipt)
    if payment.status != "succeeded":
        return Result.CONFLICT if wanted else Result.ALREADY
    return Refund(_exact_remainder(payment, wanted), receipt.words)


def _first_word_counts(payment: Payment, receipt: Receipt) -> Result:
    """After a reboot a cabinet may report otherwise what it reported before: the first receipt stays.

    It has moved the money, and a second refund could give back what was played.
    """
    return Result.ALREADY if payment.settled == receipt.words else Result.CONFLICT


def _exact_remainder(payment: Payment, wanted: int) -> int:
    """What has to go back so that `wanted` stays charged, whatever somebody refunded by hand before."""
    return max(0, payment.received - payment.refunded - wanted)


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
    if not isinstance(value, str) or not is_payment_id(value):
        raise BadReceipt(f"paymentId is {value!r:.80}: write a PaymentIntent id such as pi_3Abc")
    return value


def is_payment_id(text: str) -> bool:
    """Whether `text` can be a PaymentIntent's id; another could lead to other places of Stripe's API."""
    return text.startswith("pi_") and text[3:].isascii() and text[3:].replace("_", "").isalnum()
