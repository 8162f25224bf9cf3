"""EDGE. What the operator's check reads of the Stripe account."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import stripe

from cloud_relay.rules.neighbours import Endpoint
from cloud_relay.stripe.client import at_stripe
from cloud_relay.stripe.probes import Answer, Probe, answer_to, probing_client

if TYPE_CHECKING:
    from cloud_relay.settings import StripeSettings
    from cloud_relay.stripe.fitness import Fitness

_PAGE = 100

API_VERSION = stripe.api_version
"""What the relay speaks, and reads in events."""


class StripeAccount:
    """The account, as far as the key shows it. Methods raise StripeUnavailable where it does not."""

    def __init__(self, settings: StripeSettings, fitness: Fitness) -> None:
        self._client = probing_client(settings, fitness)

    def answer_to(self, probe: Probe) -> Answer:
        """Try one call."""
        return answer_to(probe, self._client)

    def endpoints(self) -> list[Endpoint]:
        """All webhook endpoints of the account that get snapshot events."""
        with at_stripe("list webhook endpoints"):
            listed = self._client.v1.webhook_endpoints.list({"limit": _PAGE})
            return [
                Endpoint(each.url, frozenset(each.enabled_events), each.api_version, each.status == "enabled")
                for each in listed.auto_paging_iter()
            ]

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
