"""CORE. (payment as Stripe has it, receipt) -> what to do to the money, in order, and what to answer."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cloud_relay.rules.charges import share_of
from cloud_relay.rules.receipts import Receipt


@dataclass(frozen=True)
class Payment:
    """A PaymentIntent as Stripe has it now; amounts in minor units.

    `immediate`: charged without a reservation. `settled`: the receipt that a mark in its metadata names.
    `released_by_hand`: somebody cancelled it who is not the relay, and no bank did.
    """

    payment_id: str
    status: str
    amount: int
    currency: str
    received: int
    refunded: int
    immediate: bool
    settled: str | None
    released_by_hand: bool = False

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
class Capture:
    """Charge this much of what is reserved; Stripe releases the rest."""

    amount: int


@dataclass(frozen=True)
class Release:
    """Cancel: nothing is charged."""


@dataclass(frozen=True)
class Refund:
    """Give this much of a charge back; `refunded_before` is what the amount was reckoned from."""

    amount: int
    refunded_before: int


@dataclass(frozen=True)
class MarkSettled:
    """Note the receipt's words beside the payment, where the money alone would not tell."""

    receipt: str


Move = Capture | Release | Refund | MarkSettled


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
class Answer:
    """How a receipt ended, and what is charged for it, in minor units; None where it settled nothing."""

    result: Result
    charged: int | None = None


@dataclass(frozen=True)
class Settlement:
    """What a receipt comes to: the moves, to be made in this order, and the answer once they are made."""

    answer: Answer
    moves: tuple[Move, ...] = ()


def settlement_of(payment: Payment, receipt: Receipt) -> Settlement:
    """What the receipt asks for, given what has already happened to the money.

    The first receipt stays, though a cabinet may report otherwise after a reboot: it has moved the money, and
    a second refund could give back what was played. What staff did by hand in Stripe's dashboard is no
    receipt: it is no conflict, a kindness stays, and what it charged for nothing goes back.
    """
    if payment.status == "processing":
        return Settlement(Answer(Result.RETRY))
    wanted = share_of(payment.amount, receipt.credits_delivered, receipt.credits_paid, payment.currency)
    if payment.status == "requires_capture":
        # `share_of` says 0 for what is under Stripe's least charge.
        return Settlement(Answer(Result.SETTLED, wanted), (Capture(wanted) if wanted else Release(),))
    if payment.settled is not None:
        return _as_it_stands(payment, wanted, agrees=_agrees(payment, receipt, wanted))
    if payment.status == "succeeded":
        return _of_charge(payment, receipt, wanted)
    if payment.released_by_hand and wanted:
        return Settlement(Answer(Result.SETTLED, 0), (MarkSettled(receipt.words),))
    return _as_it_stands(payment, wanted, agrees=not wanted)


def settlement_uncharged(receipt: Receipt) -> Settlement:
    """What a capture comes to that Stripe refused as too little: nothing is charged."""
    # Stripe's least charge is also that of our account's own currency, which we do not know. The mark
    # comes first, so that a repeated receipt is not taken for a conflict with the release.
    return Settlement(Answer(Result.SETTLED, 0), (MarkSettled(receipt.words), Release()))


def answer_after_doubt(payment: Payment, receipt: Receipt) -> Answer:
    """What the payment itself says once an answer of Stripe's was lost; `retry` while it waits for us."""
    found = settlement_of(payment, receipt)
    return Answer(Result.RETRY) if found.moves else found.answer


def _of_charge(payment: Payment, receipt: Receipt, wanted: int) -> Settlement:
    """Charged at once, or captured by hand: what was not delivered goes back, and a mark says so.

    What somebody refunded by hand counts towards what has to go back.
    """
    rest = max(0, payment.received - payment.refunded - wanted)
    refund = (Refund(rest, payment.refunded),) if rest else ()
    charged = min(payment.received, wanted)
    return Settlement(Answer(Result.SETTLED, charged), (*refund, MarkSettled(receipt.words)))


def _agrees(payment: Payment, receipt: Receipt, wanted: int) -> bool:
    """Whether a receipt costs what an earlier one did, whose words are beside the payment."""
    count = (payment.settled or "").partition(" ")[2]
    if not count.isdecimal() or int(count) > receipt.credits_paid:
        return False
    return wanted == share_of(payment.amount, int(count), receipt.credits_paid, payment.currency)


def _as_it_stands(payment: Payment, wanted: int, *, agrees: bool) -> Settlement:
    charged = min(payment.received, wanted)
    return Settlement(Answer(Result.ALREADY, charged) if agrees else Answer(Result.CONFLICT))
