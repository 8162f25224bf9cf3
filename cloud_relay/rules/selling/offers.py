"""CORE. What each machine sells, from the OFFERS setting."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar, cast

from cloud_relay.rules.orders import MOST_CREDITS, Order, credits_in_words, is_machine_id
from cloud_relay.rules.prices import price
from cloud_relay.rules.selling.currencies import is_currency, price_problem

_CURRENCY = re.compile(r"[a-z]{3}")
_MOST_OFFERS = 6
_LONGEST_NAME = 60

T = TypeVar("T")


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
        ValueError: it is not what it should be; each line of the message names a place and the remedy.
    """
    try:
        root = _object(json.loads(text), "OFFERS")
    except json.JSONDecodeError as why:
        raise ValueError(f"is not JSON: {why}") from None
    problems = _Problems()
    no_offers: tuple[Offer, ...] = ()
    no_machines: dict[str, Any] = {}
    default = problems.tried(lambda: _offers(root, "", None), no_offers)
    machines = problems.tried(lambda: _object(root.get("machines", {}), "machines"), no_machines)
    lists = {
        key: problems.tried(partial(_price_list, key, value, root, default), PriceList("", ()))
        for key, value in machines.items()
    }
    problems.finish()
    return Offers(default, lists)


class _Problems:
    """Everything that is wrong, so that a person mends it in one go."""

    def __init__(self) -> None:
        self._lines: list[str] = []

    def tried(self, read: Callable[[], T], otherwise: T) -> T:
        """What `read` gives; after a problem `otherwise`, which `finish` keeps from callers."""
        try:
            return read()
        except ValueError as why:
            self._lines += str(why).splitlines()
            return otherwise

    def finish(self) -> None:
        """Raise ValueError if there was any problem, a line for each."""
        if self._lines:
            raise ValueError("\n".join(self._lines))


def _price_list(
    machine_id: str, value: object, root: dict[str, Any], default: tuple[Offer, ...]
) -> PriceList:
    place = f"machines.{machine_id[:80]}"
    if not is_machine_id(machine_id):
        raise ValueError(f"{place}: a machine id is 1 to 64 of A-Z a-z 0-9 _ -")
    own, problems = _object(value, place), _Problems()
    name = problems.tried(lambda: _name(own.get("name", machine_id), place), machine_id)
    offers = default
    if "offers" in own or "currency" in own:
        offers = problems.tried(lambda: _offers(own, place + ".", root.get("currency")), default)
    problems.finish()
    return PriceList(name, offers)


def _name(value: object, place: str) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > _LONGEST_NAME:
        raise ValueError(f"{place}.name: write 1 to {_LONGEST_NAME} characters")
    return value


def _offers(own: dict[str, Any], place: str, currency: object) -> tuple[Offer, ...]:
    currency, problems = own.get("currency", currency), _Problems()
    if not isinstance(currency, str) or _CURRENCY.fullmatch(currency) is None:
        raise ValueError(f"{place}currency is {currency!r}: write three small letters such as usd")
    if not is_currency(currency):
        raise ValueError(
            f"{place}currency is {currency!r}: Stripe charges in no such currency. "
            "Write one of docs.stripe.com/currencies, such as usd"
        )
    offers = own.get("offers")
    if not isinstance(offers, list) or not 1 <= len(offers) <= _MOST_OFFERS:
        raise ValueError(f"{place}offers: write a list of 1 to {_MOST_OFFERS} offers")
    read = [
        problems.tried(partial(_offer, offer, f"{place}offers[{place_in_list}]", currency), None)
        for place_in_list, offer in enumerate(offers)
    ]
    problems.finish()
    return tuple(offer for offer in read if offer is not None)


def _offer(value: object, place: str, currency: str) -> Offer:
    own, problems = _object(value, place), _Problems()
    credits = problems.tried(lambda: _credits(own.get("credits"), place), 0)
    amount = problems.tried(lambda: _amount(own.get("amount"), place, currency), 0)
    problems.finish()
    return Offer(credits, amount, currency)


def _credits(value: object, place: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_CREDITS:
        raise ValueError(f"{place}.credits is {value!r:.80}: write whole credits, 1 to {MOST_CREDITS}")
    return value


def _amount(value: object, place: str, currency: str) -> int:
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    amount = cast("int", value) if is_whole else -1
    if problem := price_problem(amount, currency):
        raise ValueError(f"{place}.amount is {value!r:.80}: {problem}")
    return amount


def _object(value: object, place: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{place} is {type(value).__name__}: write a JSON object")
    return value
