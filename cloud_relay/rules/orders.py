"""CORE. What a payment bought, as its metadata at Stripe has it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

MOST_CREDITS = 100
RELAY_TAG = "relay"
_MACHINE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_WHOLE_NUMBER = re.compile(r"[0-9]{1,9}")
_DECIMAL = re.compile(r"[0-9]{1,6}(\.[0-9]{1,6})?")


class BadOrder(ValueError):
    """The metadata is ours but cannot be believed; the message names the field and its value."""


class UnsellableCredits(ValueError):
    """The money buys no whole credit, or more credits than a machine takes at once."""


@dataclass(frozen=True)
class Order:
    """Whole credits for one machine, and their price in minor units."""

    machine_id: str
    credits: int
    amount: int
    currency: str

    def metadata(self) -> dict[str, str]:
        """The order as Stripe keeps it beside the payment: `order_from` reads it back."""
        return order_metadata(self.machine_id, self.credits, "1", self.amount, self.currency)


def is_machine_id(text: object) -> bool:
    """Whether `text` can name a machine; another could cross into other cabinets' topics."""
    return isinstance(text, str) and _MACHINE_ID.fullmatch(text) is not None


def order_metadata(
    machine_id: str, quantity: int, credits_per_unit: str, amount: int, currency: str
) -> dict[str, str]:
    """The metadata that names an order; Stripe keeps strings only."""
    return {
        "machine_id": machine_id,
        "quantity": str(quantity),
        "credits_per_unit": credits_per_unit,
        "amount": str(amount),
        "currency": currency,
    }


@dataclass(frozen=True)
class Ownership:
    """Whose a payment is. Several relays may share one Stripe account, and each hears of every payment.

    `tag` is made from the secret that all of this relay's processes have, and `other_tags` from those that it
    had before, or that some do not have yet. Links of older relays carry none: `takes_untagged` counts them
    as this relay's own.
    """

    tag: str
    takes_untagged: bool = True
    other_tags: tuple[str, ...] = ()

    @property
    def tags(self) -> tuple[str, ...]:
        """All tags under which this relay sells or has sold, today's first."""
        return (self.tag, *self.other_tags)

    def owns(self, metadata: Mapping[str, str]) -> bool:
        """Whether a payment is for a machine of this relay; anything else is left alone."""
        if "machine_id" not in metadata:
            return False
        return self.is_tagged(metadata) or (self.takes_untagged and RELAY_TAG not in metadata)

    def is_tagged(self, metadata: Mapping[str, str]) -> bool:
        """Whether this very relay sold it."""
        return metadata.get(RELAY_TAG) in self.tags

    def mark(self, metadata: Mapping[str, str]) -> dict[str, str]:
        """The metadata of what this relay sells."""
        return {**metadata, RELAY_TAG: self.tag}


def order_from(metadata: Mapping[str, str], amount: int, currency: str) -> Order:
    """The order of a payment of `amount`.

    Raises:
        BadOrder: a field is missing or malformed, or the amount is not what was ordered.
        UnsellableCredits: it comes to no whole credit, or to more than a machine takes at once.
    """
    machine_id = _machine_id_in(metadata)
    ordered = (_whole_number_in(metadata, "amount"), metadata.get("currency"))
    if ordered != (amount, currency):
        raise BadOrder(f"paid {amount} {currency}, but {ordered[0]} {ordered[1]} was ordered")
    return Order(machine_id, _credits_in(metadata), amount, currency)


def immediate_order_from(
    metadata: Mapping[str, str], amount: int, currency: str, credit_amount: int
) -> Order:
    """The order of a payment charged at once, by a link that may name only the machine.

    Such a link buys one credit for each `credit_amount` minor units. Raises as `order_from` does.
    """
    if "amount" in metadata:
        return order_from(metadata, amount, currency)
    machine_id = _machine_id_in(metadata)
    if "quantity" in metadata:
        return Order(machine_id, _credits_in(metadata), amount, currency)
    return Order(machine_id, sellable_credits(amount // credit_amount), amount, currency)


def credits_bought(quantity: int, credits_per_unit: str) -> int:
    """Whole credits for `quantity` units; part of a credit is not sold.

    Raises:
        BadOrder: credits_per_unit is no positive decimal number.
        UnsellableCredits: fewer than 1 or more than 100 credits.
    """
    if _DECIMAL.fullmatch(credits_per_unit) is None:
        raise BadOrder(f"credits_per_unit is {credits_per_unit!r}: write a number such as 1 or 0.5")
    return sellable_credits(int(quantity * Fraction(credits_per_unit)))


def credits_in_words(credits: int) -> str:
    """A number of credits as people say it: `1 credit`, `3 credits`."""
    return f"{credits} credit" + ("" if credits == 1 else "s")


def sellable_credits(credits: int) -> int:
    """`credits`, if a machine can take that many at once.

    Raises:
        UnsellableCredits: fewer than 1 or more than 100.
    """
    if not 1 <= credits <= MOST_CREDITS:
        raise UnsellableCredits(f"{credits} credits cannot be sold: 1 to {MOST_CREDITS} can")
    return credits


def _credits_in(metadata: Mapping[str, str]) -> int:
    quantity = _whole_number_in(metadata, "quantity")
    return credits_bought(quantity, metadata.get("credits_per_unit", "1"))


def _machine_id_in(metadata: Mapping[str, str]) -> str:
    machine_id = metadata.get("machine_id", "")
    if not is_machine_id(machine_id):
        raise BadOrder(f"machine_id is {machine_id[:80]!r}: 1 to 64 of A-Z a-z 0-9 _ -")
    return machine_id


def _whole_number_in(metadata: Mapping[str, str], key: str) -> int:
    text = metadata.get(key, "")
    if _WHOLE_NUMBER.fullmatch(text) is None:
        raise BadOrder(f"{key} is {text[:80]!r}: a whole number was expected")
    return int(text)
