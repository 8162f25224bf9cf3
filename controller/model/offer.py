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
class PricePeriod:
    """A period by its name, and what the machine's clock shows when it ends or begins; empty if not soon."""

    name: str
    at: str = ""


@dataclass(frozen=True)
class Offer:
    """The address that the QR shows, and the prices beside it (none for a fixed payment link).

    `note` says why they are not the usual ones: `Happy hour until 18:00`. `period` is the one that is on,
    with its end, and `coming` the one that follows within a day, with its beginning.
    """

    address: str
    prices: tuple[Price, ...]
    note: str = ""
    period: PricePeriod | None = None
    coming: PricePeriod | None = None
