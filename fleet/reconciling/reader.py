"""EDGE. Reads Stripe with a key that can only read: few questions, and each answer whole."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from cloud_relay.errors import NotAtStripe
from cloud_relay.rules.fitness import KeyFound
from cloud_relay.rules.orders import Ownership
from cloud_relay.settings import StripeSettings
from cloud_relay.stripe.client import at_stripe, stripe_client
from cloud_relay.stripe.fitness import Fitness
from fleet.rules.stripe_objects import (
    CHANGES,
    Json,
    Movement,
    StripePayment,
    changed_payment,
    movement_of,
    payment_of,
)

# Nobody waits for it, and a page of a hundred with all that is expanded takes Stripe seconds.
_TIMEOUT_S, _RETRIES, _PAGE = (5, 60), 2, 100
_OF_A_CHARGE = ("latest_charge.balance_transaction", "latest_charge.refunds")


@dataclass(frozen=True)
class StripeReading:
    """How Stripe is read: with which key, whose payments, and by which way."""

    key: str = field(repr=False)
    ownership: Ownership
    stand_in_url: str | None = None
    proxy: str | None = field(default=None, repr=False)

    @property
    def as_relay(self) -> StripeSettings:
        """The way to Stripe in the words of the relay's client."""
        return StripeSettings(self.key, (), "", self.stand_in_url, self.proxy, self.ownership)


class Unjudged(Fitness):
    """What a relay could not sell by, such as its clock, keeps nobody from reading."""

    def __init__(self) -> None:
        super().__init__(lambda _: KeyFound(is_known=False), time.time)

    def answered(self, sent_s: float, date: str) -> None:
        """Nothing depends on it."""


class StripeReader:
    """Asks Stripe for what changed; every method can raise StripeUnavailable."""

    def __init__(self, reading: StripeReading) -> None:
        self._ownership = reading.ownership
        fitness = Unjudged()
        self._client = stripe_client(reading.as_relay, fitness, timeout_s=_TIMEOUT_S, retries=_RETRIES)

    def changed_since(self, since_s: float) -> list[str]:
        """The payments of which something was told since then, oldest first; Stripe keeps it 30 days."""
        tags = frozenset(self._ownership.tags)
        params = {"types": list(CHANGES), "created": {"gte": int(since_s)}}
        pages = self._pages("list events", "/v1/events", params)
        told = [changed_payment(event, tags) for page in pages for event in page]
        return list(dict.fromkeys(payment_id for payment_id in reversed(told) if payment_id))

    def payment(self, payment_id: str) -> StripePayment | None:
        """One payment as it is now; None where it is not ours, or not there."""
        try:
            with at_stripe("read a payment", payment_id):
                intent = self._client.v1.payment_intents.retrieve(
                    payment_id, params={"expand": list(_OF_A_CHARGE)}
                ).to_dict()
        except NotAtStripe:
            return None
        return self._ours(intent)

    def payments_between(self, first_s: float, last_s: float) -> Iterator[list[StripePayment]]:
        """Our payments that were made between those times, by page, newest first."""
        params = {
            "created": {"gte": int(first_s), "lte": int(last_s)},
            "expand": [f"data.{each}" for each in _OF_A_CHARGE],
        }
        for page in self._pages("list payments", "/v1/payment_intents", params):
            yield [payment for payment in map(self._ours, page) if payment]

    def movements_since(self, since_s: float) -> Iterator[list[Movement]]:
        """What payments moved on the account's balance since then, whosever they are, by page."""
        params = {"created": {"gte": int(since_s)}, "expand": ["data.source"]}
        for page in self._pages("list balance transactions", "/v1/balance_transactions", params):
            yield [movement for movement in map(movement_of, page) if movement]

    def _ours(self, intent: Json) -> StripePayment | None:
        if not self._ownership.owns(intent.get("metadata") or {}):
            return None
        charge = intent.get("latest_charge")
        disputed = isinstance(charge, Mapping) and charge.get("disputed")
        return payment_of(intent, self._disputes(intent["id"]) if disputed else ())

    def _disputes(self, payment_id: str) -> list[dict[str, Any]]:
        params = {"payment_intent": payment_id}
        pages = self._pages("list disputes", "/v1/disputes", params)
        return [dispute for page in pages for dispute in page]

    def _pages(self, what: str, path: str, params: dict[str, Any]) -> Iterator[list[dict[str, Any]]]:
        params = {**params, "limit": _PAGE}
        while True:
            with at_stripe(what):
                # As plain dicts: the library's objects take a page's time again.
                page = cast("dict[str, Any]", self._client.raw_request("get", path, **params).data)
            yield page["data"]
            if not page["has_more"] or not page["data"]:
                return
            params["starting_after"] = page["data"][-1]["id"]
