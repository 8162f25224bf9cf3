"""CORE. An offer of a machine, and its usual price list."""

from __future__ import annotations

from dataclasses import dataclass

from cloud_relay.rules.orders import Order, credits_in_words
from cloud_relay.rules.prices import price


@dataclass(frozen=True)
class Offer:
    """So many credits for so much money, in minor units."""

    credits: int
    amount: int
    currency: str

    @property
    def key(self) -> str:
        """What the door's button sends: with the price, so that an old page cannot buy unseen."""
        return f"{self.credits}-{self.amount}-{self.currency}"

    @property
    def words(self) -> str:
        """The credits in words."""
        return credits_in_words(self.credits)

    @property
    def price(self) -> str:
        """The price as a player reads it."""
        return price(self.amount, self.currency)

    def order_for(self, machine_id: str) -> Order:
        """The order that this offer makes for a machine."""
        return Order(machine_id, self.credits, self.amount, self.currency)


@dataclass(frozen=True)
class PriceList:
    """One machine's name for people, and its offers."""

    name: str
    offers: tuple[Offer, ...]
