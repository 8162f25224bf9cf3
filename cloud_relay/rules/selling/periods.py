"""CORE. What is sold at a time in place of the usual offers: a happy hour, a bonus, free play."""

from __future__ import annotations

from dataclasses import dataclass, replace

from cloud_relay.rules.orders import credits_in_words
from cloud_relay.rules.selling.offers import Offer
from cloud_relay.rules.selling.when import When


@dataclass(frozen=True)
class FreePlay:
    """Credits that nobody pays for: so many for each phone, once in so many minutes."""

    credits: int
    minutes: int

    @property
    def words(self) -> str:
        """The credits in words."""
        return credits_in_words(self.credits)


@dataclass(frozen=True)
class Bonus:
    """Of each `paid` credits so many are given, for the same amount: `3 for 2`."""

    given: int
    paid: int

    def of(self, offer: Offer) -> Offer:
        """The offer with what it gives on top."""
        more = offer.credits // self.paid * (self.given - self.paid)
        return replace(offer, credits=offer.credits + more)


@dataclass(frozen=True)
class Period:
    """What is sold at a time in place of the usual offers: other offers, a bonus on them, or free credits.

    `machines` None means all of them.
    """

    name: str
    when: When
    machines: frozenset[str] | None
    offers: tuple[Offer, ...] = ()
    bonus: Bonus | None = None
    free: FreePlay | None = None

    def is_for(self, machine_id: str) -> bool:
        """Whether it is for this machine."""
        return self.machines is None or machine_id in self.machines

    def offers_of(self, usual: tuple[Offer, ...]) -> tuple[Offer, ...]:
        """What a machine with these usual offers sells then."""
        return tuple(map(self.bonus.of, usual)) if self.bonus else self.offers
