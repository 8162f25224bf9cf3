"""CORE. What each machine sells, from the OFFERS setting."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cloud_relay.rules.charges import least_charge
from cloud_relay.rules.orders import MOST_CREDITS, Order, is_machine_id
from cloud_relay.rules.prices import price

_CURRENCY = re.compile(r"[a-z]{3}")
_MOST_OFFERS = 6
_LONGEST_NAME = 60
_MOST_AMOUNT = 99_999_999  # Stripe takes eight digits


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
        return f"{self.credits} credit" + ("" if self.credits == 1 else "s")

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


@dataclass(frozen=True)
class Offers:
    """The price lists of all machines: their own, or the default one."""

    default: tuple[Offer, ...]
    machines: Mapping[str, PriceList]

    def of(self, machine_id: str) -> PriceList:
        """A machine's price list; one without its own goes by its id."""
        return self.machines.get(machine_id) or PriceList(machine_id, self.default)


def read_offers(text: str) -> Offers:
    """The OFFERS setting.

    Raises:
        ValueError: it is not what it should be; the message names the place and the remedy.
    """
    try:
        root = _object(json.loads(text), "OFFERS")
    except json.JSONDecodeError as why:
        raise ValueError(f"is not JSON: {why}") from None
    default = _offers(root, "", None)
    machines = _object(root.get("machines", {}), "machines")
    lists = {key: _price_list(key, value, root, default) for key, value in machines.items()}
    return Offers(default, lists)


def _price_list(
    machine_id: str, value: object, root: dict[str, Any], default: tuple[Offer, ...]
) -> PriceList:
    place = f"machines.{machine_id[:80]}"
    if not is_machine_id(machine_id):
        raise ValueError(f"{place}: a machine id is 1 to 64 of A-Z a-z 0-9 _ -")
    own = _object(value, place)
    name = own.get("name", machine_id)
    if not isinstance(name, str) or not name.strip() or len(name) > _LONGEST_NAME:
        raise ValueError(f"{place}.name: write 1 to {_LONGEST_NAME} characters")
    if "offers" not in own and "currency" not in own:
        return PriceList(name, default)
    return PriceList(name, _offers(own, place + ".", root.get("currency")))


def _offers(own: dict[str, Any], place: str, currency: object) -> tuple[Offer, ...]:
    currency = own.get("currency", currency)
    if not isinstance(currency, str) or _CURRENCY.fullmatch(currency) is None:
        raise ValueError(f"{place}currency is {currency!r}: write three small letters such as usd")
    offers = own.get("offers")
    if not isinstance(offers, list) or not 1 <= len(offers) <= _MOST_OFFERS:
        raise ValueError(f"{place}offers: write a list of 1 to {_MOST_OFFERS} offers")
    return tuple(
        _offer(offer, f"{place}offers[{place_in_list}]", currency)
        for place_in_list, offer in enumerate(offers)
    )


def _offer(value: object, place: str, currency: str) -> Offer:
    own = _object(value, place)
    credits = _whole_number(own, "credits", place, (1, MOST_CREDITS), "credits")
    limits = (least_charge(currency), _MOST_AMOUNT)
    amount = _whole_number(own, "amount", place, limits, f"minor units of {currency}")
    return Offer(credits, amount, currency)


def _whole_number(own: dict[str, Any], key: str, place: str, limits: tuple[int, int], unit: str) -> int:
    value, (least, most) = own.get(key), limits
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise ValueError(f"{place}.{key} is {value!r:.80}: write whole {unit}, {least} to {most}")
    return value


def _object(value: object, place: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{place} is {type(value).__name__}: write a JSON object")
    return value
