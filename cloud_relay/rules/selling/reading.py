"""CORE. Reads parts of the OFFERS setting, and names everything that is wrong with its place and remedy."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, TypeVar, cast

from cloud_relay.rules.orders import MOST_CREDITS
from cloud_relay.rules.selling.currencies import is_currency, price_problem
from cloud_relay.rules.selling.offers import Offer

_CURRENCY = re.compile(r"[a-z]{3}")
_MOST_OFFERS = 6

T = TypeVar("T")


class Problems:
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

    def add(self, lines: Iterable[str]) -> None:
        """These are wrong as well."""
        self._lines += lines

    def finish(self) -> None:
        """Raise ValueError if there was any problem, a line for each."""
        if self._lines:
            raise ValueError("\n".join(self._lines))


def object_at(value: object, place: str) -> dict[str, Any]:
    """A JSON object."""
    if not isinstance(value, dict):
        raise ValueError(f"{place} is {type(value).__name__}: write a JSON object")
    return value


def list_at(value: object, place: str, most: int) -> list[Any]:
    """A list that is not too long."""
    if not isinstance(value, list) or len(value) > most:
        raise ValueError(f"{place} is {_kind(value)}: write a list of {most} at most")
    return value


def refuse_unknown(own: Mapping[str, Any], place: str, known: tuple[str, ...]) -> None:
    """Refuse keys that nobody reads: a period whose `day` is passed over would be on every day."""
    for key in own:
        if key not in known:
            raise ValueError(f"{place}.{key[:80]} is not known here: write {', '.join(known)}")


def words_at(value: object, place: str, most: int) -> str:
    """A text that people read."""
    if not isinstance(value, str) or not value.strip() or len(value) > most:
        raise ValueError(f"{place}: write 1 to {most} characters")
    return value


def whole_at(value: object, place: str, least: int, most: int, what: str) -> int:
    """A whole number; `what` is counted."""
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise ValueError(f"{place} is {value!r:.80}: write whole {what}, {least} to {most}")
    return value


def offers_at(own: Mapping[str, Any], place: str, currency: object) -> tuple[Offer, ...]:
    """The offers of a price list, a period or a code; `currency` is what holds where it names none."""
    currency, problems = own.get("currency", currency), Problems()
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
    own, problems = object_at(value, place), Problems()
    credits = problems.tried(
        lambda: whole_at(own.get("credits"), f"{place}.credits", 1, MOST_CREDITS, "credits"), 0
    )
    amount = problems.tried(lambda: _amount(own.get("amount"), place, currency), 0)
    problems.finish()
    return Offer(credits, amount, currency)


def _amount(value: object, place: str, currency: str) -> int:
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    amount = cast("int", value) if is_whole else -1
    if problem := price_problem(amount, currency):
        raise ValueError(f"{place}.amount is {value!r:.80}: {problem}")
    return amount


def _kind(value: object) -> str:
    return f"a list of {len(value)}" if isinstance(value, list) else type(value).__name__
