"""CORE. Two books of one payment, Stripe's and the cabinet's: where they differ, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from fleet.reports.amounts import Money

_HOUR_S = 3600
# A cabinet's receipt and its journal take seconds; a plug pulled at closing time tells in the morning.
TOLD_AFTER_S = 24 * _HOUR_S


class Trouble(StrEnum):
    """Why somebody should look at a payment."""

    UNTOLD = "charged, and no cabinet tells of it"
    UNCHARGED = "the cabinet says charged, Stripe did not charge it"
    UNKNOWN = "the cabinet says charged, Stripe has no such payment of ours"
    OTHER_AMOUNT = "Stripe charged another amount"
    OTHER_MACHINE = "Stripe says that it was another machine's"
    CONFLICT = "the receipt came after the money was given back"
    HELD = "reserved, and not settled"
    REFUND_FAILED = "a refund did not reach the player"
    DISPUTED = "the player's bank disputes it"


WHAT_TO_DO = {
    Trouble.UNTOLD: "If its cabinet has told of later sales, the player got nothing: refund it. If the "
    "cabinet is offline, wait for it.",
    Trouble.UNCHARGED: "Credits were given and not paid, and nothing can be charged any more. Where it "
    "happens again, see the machine's faults.",
    Trouble.UNKNOWN: "See whether the fleet's STRIPE_READ_KEY and RELAY_TAGS are of the relay's account. If "
    "they are, the cabinet tells of what it never sold: revoke its token, and look at it.",
    Trouble.OTHER_AMOUNT: "Look at the payment in Stripe's dashboard. If too much was charged, refund it.",
    Trouble.OTHER_MACHINE: "A cabinet tells of another's sale: a card was copied, or a token stolen. Revoke "
    "its token, and set it up anew.",
    Trouble.CONFLICT: "The player played and was not charged; that is final. Where it happens again, see why "
    "the machine was offline for so long.",
    Trouble.HELD: "It is charged when the cabinet is back and sends its receipt, and else released by "
    "itself. If the player waits for the money, release it.",
    Trouble.REFUND_FAILED: "Give the player the money another way, or refund it again.",
    Trouble.DISPUTED: "Answer it in Stripe's dashboard, with the sale's pulses as evidence; refund nothing.",
}


@dataclass(frozen=True)
class SaleSide:
    """What a cabinet's journal says of a payment; `charged` is None until the relay has answered."""

    machine_id: str
    at_s: float
    amount: int | None
    currency: str
    outcome: str
    answer: str
    charged: int | None


@dataclass(frozen=True)
class StripeSide:
    """What Stripe says of a payment, in minor units."""

    machine_id: str
    at_s: float
    status: str
    currency: str
    amount: int
    captured: int
    refunded: int
    disputed: int
    refund_failed: bool = False

    @property
    def kept(self) -> int:
        """What was charged and not refunded."""
        return self.captured - self.refunded


@dataclass(frozen=True)
class Difference:
    """A payment that somebody should look at, with both sides; `money` is what it is about."""

    payment_id: str
    trouble: Trouble
    sale: SaleSide | None
    stripe: StripeSide | None
    money: Money

    @property
    def what_to_do(self) -> str:
        """The remedy, in a sentence or two."""
        return WHAT_TO_DO[self.trouble]

    @property
    def machine_id(self) -> str:
        """Whose payment it is: what Stripe says counts, for a cabinet can only tell of itself."""
        side = self.stripe or self.sale
        return side.machine_id if side else ""

    @property
    def may_be_refunded(self) -> bool:
        """Whether there is money that can go back to the player."""
        if self.stripe is None or self.trouble is Trouble.DISPUTED:
            return False
        return self.stripe.kept > 0 or self.stripe.status == "requires_capture"


@dataclass(frozen=True)
class ReadSpan:
    """What Stripe's book covers: payments from `since_s` on, as they stood at `until_s`."""

    since_s: float
    until_s: float


def difference(
    payment_id: str, sale: SaleSide | None, stripe: StripeSide | None, span: ReadSpan
) -> Difference | None:
    """What is to be looked at in a payment; None where both books agree, or one has not been told yet."""
    trouble = _trouble(sale, stripe, span)
    if trouble is None:
        return None
    return Difference(payment_id, trouble, sale, stripe, _money(sale, stripe))


def _trouble(sale: SaleSide | None, stripe: StripeSide | None, span: ReadSpan) -> Trouble | None:
    if stripe is None:
        return _without_stripe(sale, span) if sale else None
    if stripe.disputed:
        return Trouble.DISPUTED
    if stripe.refund_failed:
        return Trouble.REFUND_FAILED
    if sale is None:
        return _without_sale(stripe, span)
    if sale.machine_id != stripe.machine_id:
        return Trouble.OTHER_MACHINE
    if sale.answer == "conflict":
        return Trouble.CONFLICT
    return _of_both(sale, stripe, span)


def _without_stripe(sale: SaleSide, span: ReadSpan) -> Trouble | None:
    if sale.answer == "conflict":
        return Trouble.CONFLICT
    is_covered = span.since_s <= sale.at_s < span.until_s - _HOUR_S
    return Trouble.UNKNOWN if sale.charged and is_covered else None


def _without_sale(stripe: StripeSide, span: ReadSpan) -> Trouble | None:
    age_s = span.until_s - stripe.at_s
    if stripe.status == "requires_capture":
        return Trouble.HELD if age_s > _HOUR_S else None
    return Trouble.UNTOLD if stripe.kept > 0 and age_s > TOLD_AFTER_S else None


def _of_both(sale: SaleSide, stripe: StripeSide, span: ReadSpan) -> Trouble | None:
    if stripe.status == "requires_capture":
        return Trouble.HELD if span.until_s - stripe.at_s > _HOUR_S else None
    if sale.charged is None or sale.at_s > span.until_s - _HOUR_S:
        return None  # the relay's answer, or Stripe's state after it, is not in the books yet
    # A receipt of an immediate sale is settled by a refund: both of Stripe's figures can be what it says.
    agrees = sale.charged in (stripe.captured, stripe.kept) and sale.currency == stripe.currency
    if agrees:
        return None
    return Trouble.OTHER_AMOUNT if stripe.captured else Trouble.UNCHARGED


def _money(sale: SaleSide | None, stripe: StripeSide | None) -> Money:
    """What is at stake."""
    if stripe is not None:
        return Money(stripe.disputed or stripe.captured or stripe.amount, stripe.currency)
    if sale is not None:
        return Money(sale.charged or sale.amount or 0, sale.currency)
    return Money(0, "")
