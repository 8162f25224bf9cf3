"""CORE. The account that everything belongs to, and the webhook endpoints that it knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from simulator.stripe.model.errors import Json


@dataclass(frozen=True)
class Account:
    """Whose account it is; `api_version` is its default, which events and plain endpoints have.

    A charge's descriptor on the payer's statement is `statement_prefix`, "* " and the payment's suffix.
    What is charged in a currency of `exchange_rates` is converted to the default one.
    """

    api_version: str
    id: str = "acct_1StandIn"
    country: str = "US"
    default_currency: str = "usd"
    statement_descriptor: str = "ARCADE"
    statement_prefix: str = "ARCADE"
    charges_enabled: bool = True
    payouts_enabled: bool = True
    exchange_rates: Mapping[str, float] = field(default_factory=dict)

    def as_json(self) -> Json:
        """The API's object."""
        return {
            "id": self.id,
            "object": "account",
            "business_type": "company",
            "capabilities": {"card_payments": "active" if self.charges_enabled else "inactive"},
            "charges_enabled": self.charges_enabled,
            "country": self.country,
            "created": 1_700_000_000,
            "default_currency": self.default_currency,
            "details_submitted": True,
            "email": "operator@example.test",
            "payouts_enabled": self.payouts_enabled,
            "settings": self._settings_json(),
            "type": "standard",
        }

    def _settings_json(self) -> Json:
        return {
            "branding": {"icon": None, "logo": None, "primary_color": None, "secondary_color": None},
            "card_payments": {
                "statement_descriptor_prefix": self.statement_prefix,
                "statement_descriptor_prefix_kana": None,
                "statement_descriptor_prefix_kanji": None,
            },
            "dashboard": {"display_name": "Arcade", "timezone": "Etc/UTC"},
            "payments": {
                "statement_descriptor": self.statement_descriptor,
                "statement_descriptor_kana": None,
                "statement_descriptor_kanji": None,
            },
        }


def balance_json(captured: dict[str, int]) -> Json:
    """The balance: what was captured and not given back, by currency."""
    sums = [
        {"amount": amount, "currency": currency, "source_types": {"card": amount}}
        for currency, amount in sorted(captured.items())
    ]
    nothing = [{**each, "amount": 0, "source_types": {"card": 0}} for each in sums]
    return {"object": "balance", "available": sums, "livemode": False, "pending": nothing}


@dataclass(frozen=True)
class WebhookEndpoint:
    """Where events go: those in `enabled_events`, where "*" is all.

    They speak the endpoint's API version, or the account's where it has none.
    """

    id: str
    created: int
    url: str | None
    secret: str = field(repr=False)
    enabled_events: frozenset[str]
    api_version: str | None = None
    status: Literal["enabled", "disabled"] = "enabled"
    payload: Literal["snapshot", "thin"] = "snapshot"
    description: str | None = None
    metadata: dict[str, str] = field(default_factory=dict)

    def wants(self, event_type: str) -> bool:
        """Whether it is subscribed to events of this type; thin ones tell of the v2 API only."""
        if self.payload == "thin":
            return False
        subscribed = "*" in self.enabled_events or event_type in self.enabled_events
        return subscribed and self.status == "enabled"

    def as_json(self) -> Json:
        """The API's object; its secret is told only when it is made."""
        return {
            "id": self.id,
            "object": "webhook_endpoint",
            "api_version": self.api_version,
            "application": None,
            "created": self.created,
            "description": self.description,
            "enabled_events": sorted(self.enabled_events),
            "livemode": False,
            "metadata": self.metadata,
            "status": self.status,
            "url": self.url or "",
        }

    def as_destination_json(self, *, with_url: bool) -> Json:
        """The v2 API's object, which all endpoints have; its address is told only to who asks for it."""
        snapshot_version = self.api_version if self.payload == "snapshot" else None
        made = datetime.fromtimestamp(self.created, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        return {
            "id": self.id,
            "object": "v2.core.event_destination",
            "amazon_eventbridge": None,
            "azure_event_grid": None,
            "created": made,
            "description": self.description or "",
            "enabled_events": sorted(self.enabled_events),
            "event_payload": self.payload,
            "events_from": ["@self"],
            "livemode": False,
            "metadata": self.metadata,
            "name": self.id,
            "snapshot_api_version": snapshot_version,
            "status": self.status,
            "status_details": None,
            "type": "webhook_endpoint",
            "updated": made,
            "webhook_endpoint": {"signing_secret": None, "url": self.url} if with_url else None,
        }
