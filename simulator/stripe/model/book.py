"""CORE. The stand-in's book of record: every object by its id, and what has happened to it.

It does no I/O, holds no lock and reads no clock: its keeper (keeper.py) sees to those.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import Any, Literal, Protocol, TypeVar

from simulator.stripe.model.errors import Json, missing_object
from simulator.stripe.model.objects.event import as_before_basil
from simulator.stripe.model.objects.table import (
    Account,
    BalanceTransaction,
    Charge,
    CheckoutSession,
    Dispute,
    EarlyFraudWarning,
    Event,
    PaymentIntent,
    PaymentLink,
    PaymentMethodConfiguration,
    Price,
    Product,
    Refund,
    WebhookEndpoint,
)

_T = TypeVar("_T")

KINDS = {
    Product: "product",
    Price: "price",
    PaymentLink: "payment_link",
    CheckoutSession: "checkout.session",
    PaymentIntent: "payment_intent",
    Charge: "charge",
    Refund: "refund",
    BalanceTransaction: "balance transaction",
    Dispute: "dispute",
    EarlyFraudWarning: "early_fraud_warning",
    Event: "event",
    WebhookEndpoint: "webhook endpoint",
    PaymentMethodConfiguration: "payment_method_configuration",
}
"""The name that Stripe's errors give to each kind of object."""


class Listed(Protocol):
    """Anything that the API can show."""

    @property
    def id(self) -> str:
        """What names the object, and also its place in a list."""

    @property
    def created(self) -> int:
        """When it was made, in Unix seconds."""

    def as_json(self) -> Json:
        """The API's object."""


class Book:
    """Objects by kind and id, in the order of their making.

    `new_token` gives the random part of an id, of so many characters. `checkout_url` is where the
    payment pages are served, and `api_version` is the account's default. `next_refunds` is how the
    refunds that are made from now on begin. `event_types` and `api_versions` are those that Stripe knows.
    """

    def __init__(
        self,
        new_token: Callable[[int], str],
        *,
        checkout_url: str,
        api_version: str,
        event_types: frozenset[str] = frozenset(),
        api_versions: frozenset[str] = frozenset(),
    ) -> None:
        self.account = Account(api_version)
        self.event_types = event_types
        self.api_versions = api_versions
        self.next_refunds: Literal["succeeded", "pending"] = "succeeded"
        self.checkout_url = checkout_url.rstrip("/")
        self.products: dict[str, Product] = {}
        self.prices: dict[str, Price] = {}
        self.links: dict[str, PaymentLink] = {}
        self.sessions: dict[str, CheckoutSession] = {}
        self.intents: dict[str, PaymentIntent] = {}
        self.charges: dict[str, Charge] = {}
        self.refunds: dict[str, Refund] = {}
        self.movements: dict[str, BalanceTransaction] = {}
        self.disputes: dict[str, Dispute] = {}
        self.fraud_warnings: dict[str, EarlyFraudWarning] = {}
        self.events: dict[str, Event] = {}
        self.endpoints: dict[str, WebhookEndpoint] = {}
        self.changed_at: dict[str, int] = {}
        self._new_token = new_token
        self._taken: set[tuple[str, str]] = set()
        self._unsent: list[Event] = []
        self._deadlines: list[tuple[int, str]] = []
        default = PaymentMethodConfiguration("pmc_1StandIn", 1_700_000_000)
        self.methods: dict[str, PaymentMethodConfiguration] = {default.id: default}

    @property
    def methods_on(self) -> frozenset[str]:
        """What Checkout offers: by the default configuration."""
        default = (each for each in self.methods.values() if each.is_default and each.active)
        return frozenset[str]().union(*(each.on for each in default))

    def new_id(self, prefix: str, length: int = 24) -> str:
        """An id that nothing has yet: `pi_` and so many characters."""
        return f"{prefix}_{self._new_token(length)}"

    def table(self, kind: type[_T]) -> dict[str, _T]:
        """All objects of one kind by id, oldest first."""
        tables: dict[type, dict[str, Any]] = {
            Product: self.products,
            Price: self.prices,
            PaymentLink: self.links,
            CheckoutSession: self.sessions,
            PaymentIntent: self.intents,
            Charge: self.charges,
            Refund: self.refunds,
            BalanceTransaction: self.movements,
            Dispute: self.disputes,
            EarlyFraudWarning: self.fraud_warnings,
            Event: self.events,
            WebhookEndpoint: self.endpoints,
            PaymentMethodConfiguration: self.methods,
        }
        return tables[kind]

    def get(self, kind: type[_T], object_id: str, *, param: str, status: int = 404) -> _T:
        """The object of that id; raises Refusal (`resource_missing`) when there is none."""
        found = self.table(kind).get(object_id)
        if found is None:
            raise missing_object(KINDS[kind], object_id, param=param, status=status)
        return found

    def save(self, thing: _T, now_s: int) -> _T:
        """Put an object in the place of its former state; gives it back."""
        self.table(type(thing))[thing.id] = thing  # type: ignore[attr-defined]
        self.changed_at[thing.id] = now_s  # type: ignore[attr-defined]
        return thing

    def record(self, event_type: str, thing: Listed, now_s: int, *, only_older: bool = False) -> None:
        """Note that something happened to an object, for the events list and the webhooks.

        `only_older`: it happens only to readers of an API version before BASIL.
        """
        told = thing.as_json()
        older = as_before_basil(thing, told)
        version = self.account.api_version
        event = Event(self.new_id("evt"), now_s, event_type, version, told, older, only_older)
        self.save(event, now_s)
        self._unsent.append(event)

    def take_unsent_events(self) -> list[Event]:
        """The events recorded since this was last asked."""
        taken, self._unsent = self._unsent, []
        return taken

    def note_delivery(self, event_id: str, endpoint_id: str) -> None:
        """Note that an endpoint has taken an event."""
        self._taken.add((event_id, endpoint_id))

    def is_delivered(self, event: Event) -> bool:
        """Whether every endpoint that is subscribed to it has taken an event."""
        wanting = (each.id for each in self.endpoints.values() if each.wants(event.type))
        return all((event.id, endpoint_id) in self._taken for endpoint_id in wanting)

    def remind(self, at_s: int, object_id: str) -> None:
        """Have this id come up in `due` when that time has come."""
        heapq.heappush(self._deadlines, (at_s, object_id))

    def due(self, now_s: int) -> list[str]:
        """The ids whose reminders have come up, each once, earliest first."""
        found = []
        while self._deadlines and self._deadlines[0][0] <= now_s:
            found.append(heapq.heappop(self._deadlines)[1])
        return found
