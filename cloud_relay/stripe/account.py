"""EDGE. What the operator's check reads of the Stripe account."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import stripe

from cloud_relay.rules.setting_up.account import Account, LastEvent, Methods, SoldPrice
from cloud_relay.rules.setting_up.neighbours import Endpoint
from cloud_relay.stripe.client import at_stripe
from cloud_relay.stripe.probes import Answer, Probe, answer_to, probing_client

if TYPE_CHECKING:
    from cloud_relay.settings import StripeSettings
    from cloud_relay.stripe.fitness import Fitness

_PAGE = 100
FINGERPRINT = "secret_print"
"""Where an endpoint's metadata keeps which secret was told when it was made."""

API_VERSION = stripe.api_version
"""What the relay speaks, and reads in events."""


class StripeAccount:
    """The account, as far as the key shows it. Methods raise StripeUnavailable where it does not."""

    def __init__(self, settings: StripeSettings, fitness: Fitness) -> None:
        self._client = probing_client(settings, fitness)
        self._endpoints: list[Endpoint] | None = None
        self.is_away = False
        """Whether a try got no answer at all: each further question would wait as long."""

    def answer_to(self, probe: Probe) -> Answer:
        """Try one call."""
        answer = answer_to(probe, self._client)
        self.is_away = answer.is_away
        return answer

    def account(self) -> Account:
        """The account itself; restricted keys mostly may not read it."""
        with at_stripe("read the account"):
            told = self._client.v1.accounts.retrieve_current().to_dict()
        cards = (told.get("settings") or {}).get("card_payments") or {}
        return Account(
            may_charge=bool(told.get("charges_enabled")),
            country=str(told.get("country")),
            currency=str(told.get("default_currency")),
            prefix=cards.get("statement_descriptor_prefix") or "",
        )

    def payment_methods(self) -> Methods:
        """What is offered at checkout: by the account's default configuration."""
        with at_stripe("list payment method configurations"):
            listed = self._client.v1.payment_method_configurations.list({"limit": _PAGE})
            told = [each.to_dict() for each in listed.auto_paging_iter()]
        ours = [
            each for each in told if each["active"] and each["is_default"] and not each.get("application")
        ]
        # A method is an object that says whether it is `available`: preferred, and granted to the account.
        return {
            name: bool(method["available"])
            for each in ours
            for name, method in each.items()
            if isinstance(method, dict) and "available" in method
        }

    def price(self, price_id: str) -> SoldPrice:
        """A price, whatever it sells. Raises NotAtStripe where there is none."""
        with at_stripe("read a price"):
            return sold_price(self._client.v1.prices.retrieve(price_id))

    def last_event(self, types: Iterable[str]) -> LastEvent | None:
        """The newest event of these types; Stripe keeps them for thirty days."""
        params: Any = {"types": list(types), "limit": 1}
        with at_stripe("list events"):
            newest = self._client.v1.events.list(params).data
            params["delivery_success"] = False
            failed = self._client.v1.events.list(params).data
        if not newest:
            return None
        is_taken = not failed or failed[0].id != newest[0].id
        return LastEvent(newest[0].id, newest[0].created, is_taken)

    def endpoints(self) -> list[Endpoint]:
        """All webhook endpoints of the account that get snapshot events, as they were at first."""
        if self._endpoints is None:
            self._endpoints = self._listed_endpoints()
        return list(self._endpoints)

    def _listed_endpoints(self) -> list[Endpoint]:
        with at_stripe("list webhook endpoints"):
            listed = self._client.v1.webhook_endpoints.list({"limit": _PAGE})
            return [endpoint_from(each) for each in listed.auto_paging_iter()]

    def thin_endpoints(self) -> list[Endpoint]:
        """Those that get thin events; only the newer list has them."""
        with at_stripe("list event destinations"):
            listed = self._client.v2.core.event_destinations.list({"include": ["webhook_endpoint.url"]})
            return [
                Endpoint(
                    (each.webhook_endpoint.url if each.webhook_endpoint else None) or "",
                    frozenset(each.enabled_events),
                    None,
                    each.status == "enabled",
                    is_thin=True,
                    id=each.id,
                )
                for each in listed.auto_paging_iter()
                if each.type == "webhook_endpoint" and each.event_payload == "thin"
            ]

    def sold_since(self, since_s: float, most_pages: int) -> tuple[list[dict[str, str]], bool]:
        """The metadata of payments and of sessions since then, the newest first; whether that is all of them.

        A session's stands for its payment where that has none of its own, as with links that charge at once.
        """
        by_payment: dict[str, dict[str, str]] = {}
        sessions, all_sessions = self._pages(self._client.v1.checkout.sessions.list, since_s, most_pages)
        for session in sessions:
            if session["payment_intent"]:
                by_payment[session["payment_intent"]] = session["metadata"] or {}
        payments, all_payments = self._pages(self._client.v1.payment_intents.list, since_s, most_pages)
        for payment in payments:
            by_payment[payment["id"]] = {**by_payment.get(payment["id"], {}), **(payment["metadata"] or {})}
        return list(by_payment.values()), all_sessions and all_payments

    def _pages(
        self, list_page: Callable[..., Any], since_s: float, most_pages: int
    ) -> tuple[list[dict[str, Any]], bool]:
        params: dict[str, Any] = {"created": {"gte": int(since_s)}, "limit": _PAGE}
        found: list[dict[str, Any]] = []
        for _ in range(most_pages):
            with at_stripe("list payments"):
                page = list_page(params=params)
                found += [each.to_dict() for each in page.data]
            if not page.has_more:
                return found, True
            params["starting_after"] = found[-1]["id"]
        return found, False


def endpoint_from(told: stripe.WebhookEndpoint) -> Endpoint:
    """An endpoint for snapshot events, as the API tells it."""
    metadata = told.metadata.to_dict() if told.metadata else {}
    return Endpoint(
        told.url,
        frozenset(told.enabled_events),
        told.api_version,
        told.status == "enabled",
        id=told.id,
        created_s=told.created,
        secret_print=metadata.get(FINGERPRINT),
    )


def sold_price(told: stripe.Price) -> SoldPrice:
    """A price, as the API tells it."""
    return SoldPrice(told.unit_amount, told.currency, told.active, told.type == "one_time")
