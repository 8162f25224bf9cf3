"""CORE. What the machine sells: the door's address and its prices, as the relay tells them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Price:
    """So many credits for `amount` minor units of `currency`; 0 is for nothing."""

    credits: int
    amount: int
    currency: str


@dataclass(frozen=True)
class Offer:
    """The address that the QR shows, and the prices beside it (none for a fixed payment link).

    `note` says why they are not the usual ones: `Happy hour until 18:00`.
    """

    address: str
    prices: tuple[Price, ...]
    note: str = ""
