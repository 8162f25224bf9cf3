"""CORE. The Stripe account as a sale meets it: whether it may charge, in what, and what the payer reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

WALLETS = {"apple_pay": "Apple Pay", "google_pay": "Google Pay"}
"""What comes with cards on a phone, by Stripe's name and by the one that people know."""


@dataclass(frozen=True)
class Account:
    """As far as its key shows it; `currency` is what it is paid out in.

    `prefix` stands before each machine's name on a bank's statement; empty where there is none.
    """

    may_charge: bool
    country: str
    currency: str
    prefix: str


@dataclass(frozen=True)
class SoldPrice:
    """A price at Stripe: so many minor units, once or again and again; None is no fixed amount."""

    amount: int | None
    currency: str
    is_active: bool
    is_once: bool

    @property
    def is_sellable(self) -> bool:
        """Whether a payment link can sell it, once and for a fixed amount."""
        return self.is_active and self.is_once and self.amount is not None


@dataclass(frozen=True)
class LastEvent:
    """The newest event that the relay should have heard of, and whether every endpoint took it."""

    event_id: str
    created_s: float
    is_taken: bool


Methods = Mapping[str, bool]
"""Payment methods by Stripe's names, and whether each may be offered."""
