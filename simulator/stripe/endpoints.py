"""EDGE. The account's webhook endpoints, made and changed as in Stripe's dashboard."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from simulator.stripe.model.objects.table import WebhookEndpoint

ENABLED_EVENTS = frozenset(
    {
        "charge.refunded",
        "checkout.session.async_payment_succeeded",
        "checkout.session.completed",
        "checkout.session.expired",
        "payment_intent.amount_capturable_updated",
        "payment_intent.canceled",
        "payment_intent.succeeded",
    }
)
"""What an endpoint is subscribed to unless told otherwise."""


class Endpoints:
    """All endpoints, in the table that the API lists them from; for threads."""

    def __init__(self, table: dict[str, WebhookEndpoint], new_id: Callable[[str], str]) -> None:
        self._table = table
        self._new_id = new_id
        self._lock = threading.Lock()

    @property
    def all(self) -> list[WebhookEndpoint]:
        """Every endpoint, the oldest first."""
        with self._lock:
            return list(self._table.values())

    @property
    def first(self) -> WebhookEndpoint:
        """The one that the stand-in was started with."""
        return self.all[0]

    def get(self, endpoint_id: str) -> WebhookEndpoint:
        """An endpoint as it is now. Raises KeyError for an unknown id."""
        with self._lock:
            return self._table[endpoint_id]

    def add(
        self,
        url: str | None,
        secret: str,
        enabled_events: frozenset[str] = ENABLED_EVENTS,
        *,
        api_version: str | None = None,
        created: int = 1_700_000_000,
    ) -> WebhookEndpoint:
        """A further endpoint, which gets every event it is subscribed to from now on.

        Without `api_version` its events speak the account's; `url` may be None and be set later.
        """
        endpoint_id = self._new_id("we")
        made = WebhookEndpoint(endpoint_id, created, url, secret, enabled_events, api_version)
        with self._lock:
            self._table[endpoint_id] = made
        return made

    def change(self, endpoint_id: str, **changes: Any) -> WebhookEndpoint:
        """Change some fields: `url`, `secret`, `enabled_events`, `api_version`, `status` or `payload`."""
        with self._lock:
            self._table[endpoint_id] = replace(self._table[endpoint_id], **changes)
            return self._table[endpoint_id]
