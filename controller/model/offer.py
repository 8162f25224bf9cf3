"""CORE. What the machine sells: the door's address and its prices, as the relay tells them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Price:
    """So many credits for `amount` minor units of `currency`."""

    credits: int
    amount: int
    currency: str


@dataclass(frozen=True)
class Offer:
    """The address that the QR shows, and the prices beside it (none for a fixed payment link)."""

    address: str
    prices: tuple[Price, ...]
