"""CORE. A payment, the train of coin pulses that it buys, and the receipt that settles it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

# What the relay calls a credit that nobody paid for; a PaymentIntent's id begins otherwise.
_FREE = "free_"


def is_free(payment_id: str) -> bool:
    """Whether this names a free credit: it is given as a paid one, and no money hangs on it."""
    return payment_id.startswith(_FREE)


class PulseFate(StrEnum):
    """What became of a coin pulse that was intended."""

    FIRED = "fired"
    """The pulse left the pin as it should, and no coin meter is wired that could say more."""
    CONFIRMED = "confirmed"
    """The board's coin meter counted it."""
    UNCOUNTED = "uncounted"
    """The pulse left the pin, and the coin meter did not count it in time."""
    AMBIGUOUS = "ambiguous"
    """Nobody knows whether the board took it: the process died around it, its width was wrong, or the coin
    meter's count may have been that of a cash coin."""

    @property
    def is_delivered(self) -> bool:
        """Whether it counts towards a credit that is charged."""
        return self in (PulseFate.FIRED, PulseFate.CONFIRMED)


class Outcome(StrEnum):
    """How a payment ended on the coin line; it decides what the player is charged."""

    DELIVERED = "delivered"
    PARTIAL = "partial"
    UNDELIVERED = "undelivered"


class PaymentState(StrEnum):
    """How far one payment is; the words are those of the log."""

    UNKNOWN = "unknown"
    AWAITING_RELAY = "written down, and the relay is asked for its time left"
    WAITING = "written down, its first pulse to come"
    FIRING = "on the coin line, with a pulse ordered"
    COUNTING = "on the coin line, with a pulse that the coin meter may yet count"
    BETWEEN = "on the coin line, between two pulses"
    OWED = "ended, its receipt owed"
    SETTLED = "ended and settled"


@dataclass(frozen=True)
class Payment:
    """What was bought, for `amount` minor units of `currency` (both None where the sender named no price).

    `has_receipt` is False for a message that named no payment: its outcome is reported to nobody. A `test`
    was paid by nobody: the technician asked for it.
    """

    id: str
    credits: int
    amount: int | None
    currency: str | None
    has_receipt: bool
    test: bool = False


@dataclass(frozen=True)
class Train:
    """The coin pulses of one payment, and how far they have got.

    The first pulse may start until `deadline_s`, seconds since the boot `boot_id`, suspend included; None is
    "not known, the relay is being asked", and until it answers the train neither starts nor is given up.
    The pulses up to number `intended` were written down, and then ordered. They leave the pin one by one in
    that order: of those whose fate is known `fired` count as delivered, the others are `ambiguous` or
    `uncounted`, and the rest are `ordered`.
    """

    payment: Payment
    pulses: int
    deadline_s: float | None
    boot_id: str
    intended: int = 0
    fired: int = 0
    ambiguous: int = 0
    uncounted: int = 0

    @property
    def ordered(self) -> range:
        """The pulses that were ordered and whose fate is not known yet, by number."""
        return range(self.fired + self.ambiguous + self.uncounted + 1, self.intended + 1)

    @property
    def in_flight(self) -> bool:
        """Whether a pulse was ordered whose fate is not known yet."""
        return bool(self.ordered)

    @property
    def may_move(self) -> bool:
        """Whether its next pulse is only a matter of the line: it has begun, or may begin."""
        return self.intended > 0 or self.deadline_s is not None

    @property
    def between_credits(self) -> bool:
        """Whether the pulses ordered so far make whole credits."""
        return self.intended * self.payment.credits % self.pulses == 0

    @property
    def finished(self) -> bool:
        """Whether there is no pulse left to order and none to wait for."""
        return self.intended == self.pulses and not self.in_flight

    @property
    def credits_delivered(self) -> int:
        """Whole credits that the fired pulses make."""
        return self.fired * self.payment.credits // self.pulses

    @property
    def credits_ordered(self) -> int:
        """Whole credits that come on top, if the ordered pulses are delivered."""
        with_ordered = (self.fired + len(self.ordered)) * self.payment.credits // self.pulses
        return with_ordered - self.credits_delivered

    def after(self, fate: PulseFate) -> Train:
        """The train once the fate of the next pulse to end is known."""
        if fate.is_delivered:
            return replace(self, fired=self.fired + 1)
        if fate is PulseFate.UNCOUNTED:
            return replace(self, uncounted=self.uncounted + 1)
        return replace(self, ambiguous=self.ambiguous + 1)

    @property
    def outcome(self) -> Outcome:
        """What the fired pulses amount to."""
        if self.credits_delivered == self.payment.credits:
            return Outcome.DELIVERED
        return Outcome.PARTIAL if self.credits_delivered else Outcome.UNDELIVERED


@dataclass(frozen=True)
class Receipt:
    """What the coin line did for a payment, as the relay needs it to charge or to release the money."""

    payment_id: str
    outcome: Outcome
    credits_delivered: int
    credits_paid: int


@dataclass(frozen=True)
class OwedReceipt:
    """A receipt that the relay has not answered yet, and when to try again (seconds since boot).

    `trouble` is why it was not answered last.
    """

    receipt: Receipt
    next_try_s: float
    tries: int = 0
    in_flight: bool = False
    trouble: str | None = None


@dataclass(frozen=True)
class KnownPayment:
    """What the ledger says of a payment that came before.

    Its receipt once the train has ended; None before that, and where there is nobody to report to.
    """

    receipt: Receipt | None
