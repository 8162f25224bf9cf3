"""CORE. What a restricted key may do: nothing, read, or write, for each resource.

Source: https://docs.stripe.com/keys/restricted-api-keys ; write permission implies read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, TypeAlias

from simulator.stripe.model.errors import Json, Refusal
from simulator.stripe.model.lists import EXPANDED_KINDS, INCLUDED

Permission: TypeAlias = Literal["none", "read", "write"]
Permissions: TypeAlias = Mapping[str, Permission]
"""By resource, as RESOURCES names them; a resource that is absent may be written."""

RESOURCES = {
    "prices": "plan", "products": "product", "payment_links": "payment_links",
    "checkout/sessions": "checkout_session", "payment_intents": "payment_intent", "charges": "charge",
    "refunds": "charge", "disputes": "dispute", "radar/early_fraud_warnings": "early_fraud_warning",
    "events": "event", "webhook_endpoints": "webhook",
    "payment_method_configurations": "payment_method_configuration",
    "core/event_destinations": "webhook", "account": "accounts_kyc_basic", "balance": "balance",
    "balance_transactions": "balance_transaction_source",
}  # fmt: skip
"""The resource behind each path; a refund is a matter of its charge."""
READ_ONLY: Permissions = dict.fromkeys(RESOURCES.values(), "read")
"""What a key may do that is made to look, and not to touch."""
_OF_EXPANDED = {"product": "product", "payment_link": "payment_links"}
_OF_INCLUDED = {"refunds": "charge"}


def check_permission(
    may: Permissions, method: str, path: str, expanded: Iterable[str], key: str, account_id: str
) -> None:
    """Raises Refusal (403) where the key may not make this call, or not see what it expands."""
    needed: Permission = "read" if method == "GET" else "write"
    _demand(may, resource_of(path), needed, key, account_id)
    for step in (step for each in expanded for step in each.split(".")):
        if step in EXPANDED_KINDS:
            kind = EXPANDED_KINDS[step]
            _demand(may, _OF_EXPANDED.get(kind, kind), "read", key, account_id)
        if step in INCLUDED & _OF_INCLUDED.keys():
            _demand(may, _OF_INCLUDED[step], "read", key, account_id)


def resource_of(path: str) -> str:
    """The resource of a call, by its path: `/v1/refunds/re_1` is a matter of `charge`."""
    return RESOURCES[collection_of(path)]


def collection_of(path: str) -> str:
    """The name of the objects in a path: `/v1/checkout/sessions/cs_1` gives `checkout/sessions`."""
    steps = path.removeprefix("/v1/").removeprefix("/v2/").split("/")
    return "/".join(steps[: 2 if steps[0] in ("checkout", "core", "radar") else 1])


def _demand(may: Permissions, resource: str, needed: Permission, key: str, account_id: str) -> None:
    has = may.get(resource, "write")
    if has == "none" or (needed == "write" and has == "read"):
        message = (
            f"The provided key '{masked(key)}' does not have the required permissions for this endpoint on "
            f"account '{account_id}'. Having the 'rak_{resource}_{needed}' permission would allow this "
            "request to continue."
        )
        raise Refusal(message, status=403)


def masked(key: str) -> str:
    """A key as Stripe repeats it: its kind and its end."""
    kind = "_".join(key.split("_")[:2])
    return f"{kind}_{'*' * 85}{key[-6:]}"


def expanded_by(params: Json) -> list[str]:
    """The paths that a request wants expanded."""
    return list(params.get("expand", []))
