"""CORE. A payment as it stands in the ledger, for whoever reads it beside the running daemon."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from controller.model.payment import is_free

# The money did not go where these receipts say.
_NOT_CHARGED = ("conflict", "unknown")


@dataclass(frozen=True)
class LedgerRow:
    """A payment as it stands in the ledger; `received_at` in the time zone that its day is told in.

    `amount` in minor units of `currency`; `answer` is the relay's to the receipt, and `charged_by_relay` what
    it then charged, unless an older relay did not say. Of `pulses` in all, `intended` were ordered, of which
    `fired` left the pin and were counted, if there is a coin meter, which missed the `uncounted`; of
    `ambiguous` ones nobody knows. A `test` was paid by nobody.
    """

    payment_id: str
    received_at: datetime
    credits: int
    amount: int | None
    currency: str | None
    has_receipt: bool
    test: bool
    pulses: int
    intended: int
    fired: int
    ambiguous: int
    uncounted: int
    outcome: str | None
    credits_delivered: int
    reason: str | None
    answer: str | None
    charged_by_relay: int | None

    @property
    def state(self) -> str:
        """How it ended on the coin line, or "open"; "test" for test credits, which are no payment."""
        return "test" if self.test else self.outcome or "open"

    @property
    def is_free(self) -> bool:
        """Whether it was a free credit, which is no sale."""
        return is_free(self.payment_id)

    @property
    def receipt(self) -> str:
        """The relay's answer, or "owed"; "none" where there is none to send (yet)."""
        if self.answer is not None:
            return self.answer
        return "owed" if self.has_receipt and self.outcome else "none"

    @property
    def charged(self) -> int:
        """What was charged for the delivered credits, in minor units: as the relay said, else their price."""
        if self.amount is None or self.receipt in _NOT_CHARGED:
            return 0
        price_of_them = self.amount * self.credits_delivered // self.credits
        return price_of_them if self.charged_by_relay is None else self.charged_by_relay

    @property
    def is_too_little_to_charge(self) -> bool:
        """Whether credits were given away because their price is below Stripe's least charge."""
        is_settled = self.receipt in ("settled", "already") and not self.is_free
        return is_settled and self.charged_by_relay == 0 and self.credits_delivered > 0

    @property
    def day(self) -> date:
        """The day it is booked on."""
        return self.received_at.date()
