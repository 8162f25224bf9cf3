"""The stand-in Stripe's side of setting up: endpoints, products, prices, payment methods."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
import stripe
from conftest import wait_until
from stand_in_stripe_help import API_KEY, Desk, client_of, desk, receiving, session_params
from stripes_types import faults_of

pytestmark = pytest.mark.cloud
UPDATED = "payment_intent.amount_capturable_updated"
URL = "https://pay.example.com/addCredit"
MINIMAL: dict[str, Any] = {"url": URL, "enabled_events": [UPDATED]}


@pytest.fixture
def at_work() -> Iterator[Desk]:
    """A stand-in whose clock stands still."""
    with desk() as running:
        yield running


def told(at_work: Desk, path: str) -> dict[str, Any]:
    """An object as it goes over the wire."""
    answer = requests.get(f"{at_work.stand_in.api_url}/v1/{path}", auth=(API_KEY, ""), timeout=60)
    return dict(answer.json())


def test_an_endpoint_tells_its_secret_once(at_work: Desk) -> None:
    """And signs with it from then on."""
    with receiving() as receiver:
        made = at_work.client.v1.webhook_endpoints.create({**MINIMAL, "url": receiver.url})
        assert made.secret is not None
        assert (made.status, made.api_version, made.livemode) == ("enabled", None, False)
        assert faults_of(told(at_work, f"webhook_endpoints/{made.id}")) == []
        assert told(at_work, f"webhook_endpoints/{made.id}").get("secret") is None
        at_work.reserved()
        wait_until(lambda: receiver.received, "an event")
        body, seal = receiver.received[0]
        assert stripe.WebhookSignature.verify_header(body, seal, made.secret, tolerance=None)


def test_an_endpoint_is_changed_but_for_its_version(at_work: Desk) -> None:
    """Address, events, state, description and metadata; there is no such parameter as its version."""
    v1 = at_work.client.v1
    made = v1.webhook_endpoints.create(
        {**MINIMAL, "api_version": "2024-06-20", "metadata": {"a": "1", "b": "2"}}
    )
    changes: Any = {
        "url": "https://other.example.com/",
        "enabled_events": ["*"],
        "disabled": True,
        "description": "Hall",
        "metadata": {"a": "", "c": "3"},
    }
    v1.webhook_endpoints.update(made.id, changes)
    found = v1.webhook_endpoints.retrieve(made.id)
    assert (found.url, found.enabled_events, found.status, found.description, found.api_version) == (
        "https://other.example.com/",
        ["*"],
        "disabled",
        "Hall",
        "2024-06-20",
    )
    assert found.metadata.to_dict() == {"b": "2", "c": "3"}
    assert v1.webhook_endpoints.update(made.id, {"disabled": False}).status == "enabled"
    newer: Any = {"api_version": stripe.api_version}
    with pytest.raises(stripe.InvalidRequestError, match="Received unknown parameter: api_version"):
        v1.webhook_endpoints.update(made.id, newer)


@pytest.mark.parametrize(
    ("params", "param", "message"),
    [
        ({"enabled_events": [UPDATED]}, "url", "Missing required param: url."),
        ({"url": URL}, "enabled_events", "Missing required param: enabled_events."),
        ({**MINIMAL, "url": "pay.example.com"}, "url", "Invalid URL: An explicit scheme"),
        ({**MINIMAL, "url": "https://"}, "url", "Not a valid URL"),
        ({**MINIMAL, "url": f"https://{'x' * 5000}.com"}, "url", "must be at most 5000 characters"),
        ({**MINIMAL, "enabled_events": ["payment.paid"]}, "enabled_events[0]", "Invalid enabled_events[0]"),
        ({**MINIMAL, "enabled_events": ["*", UPDATED]}, "enabled_events", "you may not specify other events"),
        ({**MINIMAL, "api_version": "2024-06-21"}, "api_version", "Invalid API version: 2024-06-21"),
        ({**MINIMAL, "secret": "whsec_mine"}, "secret", "Received unknown parameter: secret"),
    ],
)
def test_an_endpoint_that_stripe_would_not_make_is_refused(
    at_work: Desk, params: Any, param: str, message: str
) -> None:
    """With the parameter that is wrong."""
    with pytest.raises(stripe.InvalidRequestError) as refused:
        at_work.client.v1.webhook_endpoints.create(params)
    assert refused.value.param == param
    assert message in str(refused.value)


def test_every_event_that_the_relay_wants_and_every_version_is_known(at_work: Desk) -> None:
    """By the library's own lists."""
    types, versions = at_work.stand_in.book.event_types, at_work.stand_in.book.api_versions
    assert {UPDATED, "radar.early_fraud_warning.created", "refund.failed"} <= types
    assert {stripe.api_version, "2024-06-20"} <= versions


def test_sixteen_endpoints_are_the_most(at_work: Desk) -> None:
    """The one that the stand-in was started with is one of them."""
    for _ in range(15):
        at_work.client.v1.webhook_endpoints.create(MINIMAL)  # type: ignore[arg-type]
    with pytest.raises(stripe.InvalidRequestError, match="You have reached the maximum of 16 test webhook"):
        at_work.client.v1.webhook_endpoints.create(MINIMAL)  # type: ignore[arg-type]


def test_a_product_has_the_id_that_its_maker_chose(at_work: Desk) -> None:
    """Once; it can be archived, renamed and brought back."""
    v1 = at_work.client.v1
    v1.products.create({"id": "credit", "name": "Credit"})
    with pytest.raises(stripe.InvalidRequestError) as refused:
        v1.products.create({"id": "credit", "name": "Credit"})
    assert refused.value.code == "resource_already_exists"
    at_work.clock.now_s += 5
    changed = v1.products.update("credit", {"active": False, "name": "Old", "metadata": {"hall": "1"}})
    assert (changed.active, changed.name, changed.updated - changed.created) == (False, "Old", 5)
    assert faults_of(told(at_work, "products/credit")) == []
    assert [each.id for each in v1.products.list({"active": False}).data] == ["credit"]
    assert v1.products.list({"ids": ["none"]}).data == []
    with pytest.raises(stripe.InvalidRequestError, match="No such product: 'other'"):
        v1.products.retrieve("other")
    with pytest.raises(stripe.InvalidRequestError, match="No such product: 'other'"):
        v1.prices.create({"product": "other", "currency": "usd", "unit_amount": 100})


def test_a_price_is_found_by_its_lookup_key(at_work: Desk) -> None:
    """Which one price has at a time, and which can be moved to another."""
    v1 = at_work.client.v1
    v1.products.create({"id": "credit", "name": "Credit"})

    def price(amount: int, **more: Any) -> stripe.Price:
        return v1.prices.create({"product": "credit", "currency": "usd", "unit_amount": amount, **more})

    first = price(100, lookup_key="one")
    assert faults_of(told(at_work, f"prices/{first.id}")) == []
    assert [each.id for each in v1.prices.list({"lookup_keys": ["one", "two"]}).data] == [first.id]
    with pytest.raises(stripe.InvalidRequestError) as refused:
        price(200, lookup_key="one")
    assert str(refused.value).endswith(f"A price (`{first.id}`) already uses that lookup key.")
    second = price(200, lookup_key="one", transfer_lookup_key=True)
    assert [each.id for each in v1.prices.list({"lookup_keys": ["one"]}).data] == [second.id]
    assert v1.prices.retrieve(first.id).lookup_key is None
    v1.prices.update(first.id, {"lookup_key": "one", "transfer_lookup_key": True, "active": False})
    found = {each.id: (each.lookup_key, each.active) for each in v1.prices.list().data}
    assert found == {first.id: ("one", False), second.id: (None, True)}
    assert v1.prices.list({"lookup_keys": ["one"], "active": True}).data == []
    dearer: Any = {"unit_amount": 300}
    with pytest.raises(stripe.InvalidRequestError, match="Received unknown parameter: unit_amount"):
        v1.prices.update(first.id, dearer)


def test_payment_methods_are_told_as_checkout_goes_by_them(at_work: Desk) -> None:
    """Without cards no session that takes cards alone can be made."""
    v1 = at_work.client.v1
    (default,) = v1.payment_method_configurations.list().data
    assert faults_of(told(at_work, f"payment_method_configurations/{default.id}")) == []
    assert default.card is not None
    assert (default.is_default, default.card.available, default.card.display_preference.value) == (
        True,
        True,
        "on",
    )
    cards: Any = session_params(allowed_payment_method_types=["card"])
    v1.checkout.sessions.create(cards)
    at_work.stand_in.turn_off("card")
    assert v1.payment_method_configurations.retrieve(default.id).card.available is False  # type: ignore[union-attr]
    with pytest.raises(stripe.InvalidRequestError, match="No valid payment method types"):
        v1.checkout.sessions.create(cards)


@pytest.mark.parametrize(
    ("resource", "ask"),
    [
        ("webhook", lambda v1: v1.webhook_endpoints.create(MINIMAL)),
        ("webhook", lambda v1: v1.webhook_endpoints.update("we_1", {"disabled": True})),
        ("product", lambda v1: v1.products.create({"name": "Credit"})),
        ("plan", lambda v1: v1.prices.update("price_1", {"active": False})),
        ("payment_method_configuration", lambda v1: v1.payment_method_configurations.list()),
    ],
)
def test_each_of_them_needs_its_permission(
    at_work: Desk, resource: str, ask: Callable[[stripe.V1Services], object]
) -> None:
    """Looked at before the id."""
    at_work.stand_in.api_keys.allow("rk_test_bare", {resource: "none"})
    with pytest.raises(stripe.PermissionError, match=f"rak_{resource}_"):
        ask(client_of(at_work.stand_in, "rk_test_bare").v1)
