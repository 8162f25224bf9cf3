"""CORE. Webhook endpoints made and changed by the API.

Source: https://docs.stripe.com/api/webhook_endpoints . An endpoint's secret is told when it is made, and not
again; its API version is chosen then, and never changed. Stripe also refuses addresses that only the caller's
own machine reaches; the stand-in delivers there, and takes them.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from simulator.stripe.model.book import Book
from simulator.stripe.model.errors import Json, Refusal
from simulator.stripe.model.objects.table import WebhookEndpoint
from simulator.stripe.model.params import merge_metadata

MOST = 16
"""So many an account may have in each mode: https://docs.stripe.com/webhooks ."""
LONGEST_URL = 5000
ALL = "*"


def create_endpoint(book: Book, params: Json, now_s: int) -> WebhookEndpoint:
    """A further endpoint, with a secret of its own."""
    if len(book.endpoints) >= MOST:
        raise Refusal(f"You have reached the maximum of {MOST} test webhook endpoints.")
    version = params.get("api_version")
    if version is not None and version not in book.api_versions:
        raise Refusal(f"Invalid API version: {version}", None, "api_version")
    endpoint = WebhookEndpoint(
        book.new_id("we"),
        now_s,
        _url(params["url"]),
        book.new_id("whsec", 32),
        _events(book, params["enabled_events"]),
        version,
        description=params.get("description"),
        metadata=merge_metadata({}, params.get("metadata", {})),
    )
    return book.save(endpoint, now_s)


def update_endpoint(book: Book, endpoint_id: str, params: Json, now_s: int) -> WebhookEndpoint:
    """Change its address, events, state or notes."""
    endpoint = book.get(WebhookEndpoint, endpoint_id, param="webhook_endpoint")
    changes: dict[str, Any] = {key: params[key] for key in ("description",) if key in params}
    if "url" in params:
        changes["url"] = _url(params["url"])
    if "enabled_events" in params:
        changes["enabled_events"] = _events(book, params["enabled_events"])
    if "disabled" in params:
        changes["status"] = "disabled" if params["disabled"] else "enabled"
    if "metadata" in params:
        changes["metadata"] = merge_metadata(endpoint.metadata, params["metadata"])
    return book.save(replace(endpoint, **changes), now_s)


def _url(url: str) -> str:
    if not re.match(r"https?://", url):
        explain = "An explicit scheme (such as https) must be provided."
        raise Refusal(f"Invalid URL: {explain}", "url_invalid", "url")
    if not re.match(r"https?://[^/?#\s]+", url) or re.search(r"\s", url):
        raise Refusal("Not a valid URL", "url_invalid", "url")
    return url


def _events(book: Book, events: list[str]) -> frozenset[str]:
    for at, event in enumerate(events):
        if event != ALL and event not in book.event_types:
            name = f"enabled_events[{at}]"
            raise Refusal(f"Invalid {name}: must be one of {', '.join(sorted(book.event_types))}", None, name)
    if ALL in events and len(events) > 1:
        raise Refusal("If you specify '*', you may not specify other events.", None, "enabled_events")
    return frozenset(events)
