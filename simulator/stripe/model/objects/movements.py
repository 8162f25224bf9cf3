"""CORE. Movements of money on the account's balance, with what Stripe keeps of each."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.stripe.model.errors import Json

_AVAILABLE_AFTER_S = 2 * 24 * 3600


@dataclass(frozen=True)
class BalanceTransaction:
    """Money that came or went, in the currency that the account settles in.

    `rate` is how much of that a unit of the source's currency is, None where both are one currency.
    """

    id: str
    created: int
    amount: int
    fee: int
    currency: str
    type: str
    reporting_category: str
    source: str
    rate: float | None = None

    def as_json(self) -> Json:
        """The API's object."""
        kept = {
            "amount": self.fee,
            "application": None,
            "currency": self.currency,
            "description": "Stripe processing fees",
            "type": "stripe_fee",
        }
        return {
            "id": self.id,
            "object": "balance_transaction",
            "amount": self.amount,
            "available_on": self.created + _AVAILABLE_AFTER_S,
            "balance_type": "payments",
            "created": self.created,
            "currency": self.currency,
            "description": None,
            "exchange_rate": self.rate,
            "fee": self.fee,
            "fee_details": [kept] if self.fee else [],
            "net": self.amount - self.fee,
            "reporting_category": self.reporting_category,
            "source": self.source,
            "status": "pending",
            "type": self.type,
        }
