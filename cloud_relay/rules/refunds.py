"""CORE. What has become of a payment's refunds: one can be pending, or fail after it had succeeded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cloud_relay.rules.prices import price

# What Stripe calls the states of a refund: https://docs.stripe.com/api/refunds/object
_ON_ITS_WAY = ("pending", "requires_action")
_FAILED = ("failed", "canceled")
REFUSED = "refused"
_OF_A_DISPUTE = (
    "the player's bank disputes it, has the money and decides. Answer it in Stripe's dashboard; "
    "once it is won, refund again"
)
# Stripe's codes for what it never does: https://docs.stripe.com/error-codes
REFUSALS = {
    "charge_disputed": _OF_A_DISPUTE,
    "refund_disputed_payment": _OF_A_DISPUTE,
    "charge_not_refundable": "this charge cannot be refunded. Give the player the money another way",
}


@dataclass(frozen=True)
class MadeRefund:
    """One refund as Stripe has it, in minor units; `reason` says why it failed or waits."""

    refund_id: str
    amount: int
    currency: str
    status: str
    reason: str

    @property
    def is_on_its_way(self) -> bool:
        """Whether the player's bank has not said yes yet."""
        return self.status in _ON_ITS_WAY

    @property
    def has_failed(self) -> bool:
        """Whether its money is with us again."""
        return self.status in _FAILED


def failed_for_good(refunds: Sequence[MadeRefund]) -> list[MadeRefund]:
    """The refunds that failed and were not made good, `refunds` oldest first.

    A later one of the same amount makes a failed one good.
    """
    failed: list[MadeRefund] = []
    for refund in refunds:
        if refund.has_failed:
            failed.append(refund)
            continue
        good = next((one for one in failed if one.amount == refund.amount), None)
        if good is not None:
            failed.remove(good)
    return failed


def refund_mark(refunds: Sequence[MadeRefund], noted: str, *, all_is_back: bool) -> str:
    """The note about a payment's refunds, oldest first; empty where there is nothing to do.

    `noted` is the note so far: a refund that was refused is not among the refunds. `all_is_back` says that
    nothing of the charge is left.
    """
    waiting = [refund for refund in refunds if refund.is_on_its_way]
    if not all_is_back and (failed := failed_for_good(refunds)):
        return _in_words("failed", failed[-1])
    if waiting:
        return _in_words("pending", waiting[-1])
    return noted if noted.startswith(REFUSED) and not all_is_back else ""


def _in_words(state: str, refund: MadeRefund) -> str:
    reason = f", {refund.reason}" if refund.reason else ""
    return f"{state}: {price(refund.amount, refund.currency)}{reason} ({refund.refund_id})"


def refusal(code: str) -> str:
    """Why Stripe refuses a refund for good, and what to do: its code, and our words."""
    return f"{code}: {REFUSALS[code]}"
