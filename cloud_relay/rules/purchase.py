"""CORE. What a player bought, and what has become of the money so far."""

from __future__ import annotations

from dataclasses import dataclass

from cloud_relay.rules.charges import share_of
from cloud_relay.rules.open_payment import OpenPayment
from cloud_relay.rules.refunds import MadeRefund, failed_for_good


@dataclass(frozen=True)
class Purchase:
    """A Checkout Session of ours with its payment, as Stripe has them; amounts in minor units.

    `credits` is None where the metadata does not show it; `charged_s` is the charge's own time, in Unix
    seconds. `refunded` is what was given back of `received`; what a capture or a cancel released is no part
    of it, since Stripe's API 2025-03-31. `settled` is the receipt that a mark in the metadata names, such as
    `partial 2`; `disputed` says that a later one contradicted it. `waiting` is
    the payment while nobody has settled it. `released_by_hand`: staff cancelled the reservation.
    `refunds` are all there were, oldest first; `at_the_bank`: the player disputes it there; `unsellable`:
    it could never be credited.
    """

    machine_id: str
    session_status: str
    payment_status: str | None
    immediate: bool
    amount: int
    currency: str
    credits: int | None
    received: int
    refunded: int
    settled: str | None
    disputed: bool
    charged_s: int | None
    waiting: OpenPayment | None = None
    released_by_hand: bool = False
    refunds: tuple[MadeRefund, ...] = ()
    at_the_bank: bool = False
    unsellable: bool = False

    @property
    def is_settled(self) -> bool:
        """Whether the machine's receipt has moved the money (only a charge can tell that it has)."""
        if self.payment_status != "succeeded":
            return False
        return not self.immediate or self.arrived

    @property
    def is_refunded(self) -> bool:
        """Whether the whole of a charge was given back."""
        return self.payment_status == "succeeded" and self.refunded >= self.received

    @property
    def is_owed(self) -> bool:
        """Whether all of a charge has to go back, and has not."""
        undelivered = self.immediate and self._outcome == "undelivered"
        return undelivered and self.payment_status == "succeeded" and not self.is_refunded

    @property
    def refunding(self) -> int:
        """How much of `refunded` the player's bank has not confirmed yet."""
        return sum(refund.amount for refund in self.refunds if refund.is_on_its_way)

    @property
    def refund_failed(self) -> int:
        """How much was to go back, did not reach the player and was not made good."""
        if self.is_refunded:
            return 0
        return sum(refund.amount for refund in failed_for_good(self.refunds))

    @property
    def is_whole(self) -> bool:
        """Whether all that was paid for arrived, by the receipt or by the price."""
        return self.price == self.amount and (self._outcome != "partial" or self._count == self.credits)

    @property
    def price(self) -> int:
        """What the credits that arrived cost, and were charged; only of use once it is settled.

        Staff may have charged less by hand; and what should have gone back may still be charged.
        """
        if self._outcome == "delivered":
            return self.received
        if self._outcome == "partial" and self._count is not None:
            cost = min(self.received, self._costs(self._count))
            return max(cost, self.received - self.refunded)
        return self.amount - self.refunded if self.immediate else self.received

    @property
    def given_back_since(self) -> int:
        """What was refunded of that price afterwards."""
        return self.refunded - (self.received - self.price)

    @property
    def credits_delivered(self) -> int | None:
        """The credits that arrived, by the receipt, else by the price; None where neither shows them."""
        if self._count is not None:
            return self._count
        fitting = [count for count in range(1, (self.credits or 0) + 1) if self._costs(count) == self.price]
        return fitting[0] if len(fitting) == 1 else None

    @property
    def arrived(self) -> bool:
        """Whether a receipt says that credits reached the machine."""
        return self._outcome in ("delivered", "partial")

    @property
    def _count(self) -> int | None:
        count = (self.settled or "").partition(" ")[2]
        return int(count) if count.isdecimal() else None

    @property
    def _outcome(self) -> str:
        return (self.settled or "").partition(" ")[0]

    def _costs(self, credits: int) -> int:
        return share_of(self.amount, credits, self.credits or credits, self.currency)
