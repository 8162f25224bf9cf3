from __future__ import annotations

import json
import typing
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import stripe
from stand_in_stripe_help import API_KEY, SECRET, Clock, client_of, session_params
from stripes_tour import tour
from stripes_types import faults_of

from simulator.stripe.model.objects.charges import ChargeStatus, RefundStatus
from simulator.stripe.model.objects.intents import IntentStatus
from simulator.stripe.model.objects.sessions import SessionStatus
from simulator.stripe.pace import QUICK
from simulator.stripe.server import StandInStripe, stand_in_stripe

LISTS = {
    "payment_intents": "data.latest_charge",
    "charges": "data.balance_transaction",
    "checkout/sessions": "data.payment_intent.latest_charge",
    "payment_links": "data.line_items",
    "refunds": "data.charge",
    "balance_transactions": "data.source",
    "disputes": "data.charge",
    "radar/early_fraud_warnings": "data.charge",
    "events": None,
    "webhook_endpoints": None,
}


@pytest.fixture(scope="module")
def seasoned() -> Iterator[StandInStripe]:
    """A stand-in behind which lies every state that it knows."""
    clock = Clock()
    with stand_in_stripe(
        api_key=API_KEY, webhook_url=None, webhook_secret=SECRET, pace=QUICK, clock=clock
    ) as stand_in:
        tour(stand_in, client_of(stand_in), clock)
        yield stand_in


def get(stand_in: StandInStripe, path: str, **params: str) -> dict[str, Any]:
    """What the API answers, as it goes over the wire."""
    answer = requests.get(f"{stand_in.api_url}/v1/{path}", params, auth=(API_KEY, ""), timeout=60)
    assert answer.status_code == 200, answer.text
    return typing.cast("dict[str, Any]", answer.json())


@pytest.mark.parametrize("path", LISTS)
def test_every_object_is_what_stripes_library_declares(seasoned: StandInStripe, path: str) -> None:
    """Nothing required is missing, nothing is unknown, and every value has its type."""
    listed = get(seasoned, path, limit="100")["data"]
    assert listed
    assert [fault for told in listed for fault in faults_of(told)] == []


@pytest.mark.parametrize(("path", "expanded"), [(path, each) for path, each in LISTS.items() if each])
def test_what_is_expanded_is_right_too(seasoned: StandInStripe, path: str, expanded: str) -> None:
    """Objects within objects, as deep as they go."""
    listed = get(seasoned, path, limit="100", **{"expand[0]": expanded})["data"]
    assert [fault for told in listed for fault in faults_of(told)] == []


def test_every_event_tells_an_object_that_the_library_knows(seasoned: StandInStripe) -> None:
    """Each with the state it had then, and of a type that the library lists."""
    events = [event.as_json() for event in seasoned.book.events.values() if not event.only_older]
    faults = [fault for event in events for fault in faults_of(event["data"]["object"]) + faults_of(event)]
    assert faults == []


def test_an_event_destination_is_declared_too(seasoned: StandInStripe) -> None:
    """Every endpoint is one, as the v2 API tells it."""
    listed = requests.get(
        f"{seasoned.api_url}/v2/core/event_destinations",
        {"include[0]": "webhook_endpoint.url"},
        auth=(API_KEY, ""),
        timeout=60,
    ).json()["data"]
    assert [fault for told in listed for fault in faults_of(told)] == []
    assert len(listed) == len(get(seasoned, "webhook_endpoints")["data"])


@pytest.mark.parametrize("path", ["account", "balance"])
def test_account_and_balance_are_declared_too(seasoned: StandInStripe, path: str) -> None:
    """As far as a check of the account needs them."""
    assert faults_of(get(seasoned, path)) == []


def test_a_price_and_its_product_are_declared_too(seasoned: StandInStripe) -> None:
    """With what is shown only when it is asked for."""
    price_id = next(price.id for price in seasoned.book.prices.values() if price.currency_options)
    told = get(seasoned, f"prices/{price_id}", **{"expand[0]": "product", "expand[1]": "currency_options"})
    assert (faults_of(told), told["currency_options"]["eur"]["unit_amount"]) == ([], 90)


def test_a_charge_shows_its_refunds_when_asked(seasoned: StandInStripe) -> None:
    """A page of them, within the charge."""
    refund = next(iter(seasoned.book.refunds.values()))
    told = get(seasoned, f"charges/{refund.charge}", **{"expand[0]": "refunds"})
    assert (faults_of(told), [each["id"] for each in told["refunds"]["data"]]) == ([], [refund.id])


@pytest.mark.parametrize(
    ("table", "statuses"),
    [
        ("intents", typing.get_args(IntentStatus)),
        ("charges", typing.get_args(ChargeStatus)),
        ("sessions", typing.get_args(SessionStatus)),
        ("refunds", [each for each in typing.get_args(RefundStatus) if each != "canceled"]),
        ("disputes", ["needs_response", "warning_needs_response", "won", "lost", "warning_closed"]),
    ],
)
def test_no_state_is_left_out(seasoned: StandInStripe, table: str, statuses: list[str]) -> None:
    """The tour has been in every state that the stand-in can reach."""
    assert {each.status for each in getattr(seasoned.book, table).values()} == set(statuses)


def test_an_error_is_what_the_library_declares(seasoned: StandInStripe) -> None:
    """With the PaymentIntent that it is about."""
    intent = next(each for each in seasoned.book.intents.values() if each.status == "canceled")
    url = f"{seasoned.api_url}/v1/payment_intents/{intent.id}/capture"
    error = requests.post(url, auth=(API_KEY, ""), timeout=60).json()["error"]
    assert faults_of(error, stripe.ErrorObject) == []
    assert error["doc_url"] == "https://stripe.com/docs/error-codes/payment-intent-unexpected-state"


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"colour": "red"}, "payment_intent.colour: unknown to PaymentIntent"),
        ({"amount": None}, "payment_intent.amount: None is none of <class 'int'>"),
        ({"amount": "250"}, "payment_intent.amount: '250' is none of <class 'int'>"),
        ({"amount": True}, "payment_intent.amount: True is none of <class 'int'>"),
        ({"metadata": {"credits": 3}}, "payment_intent.metadata.credits: 3 is none of <class 'str'>"),
        ({"payment_method_types": "card"}, "payment_intent.payment_method_types: 'card' is none of"),
        ({"status": "lapsed"}, "payment_intent.status: 'lapsed' is none of"),
        ({"object": "payment"}, "payment: no object of Stripe's"),
        ({"processing": {"type": "cash"}}, "payment_intent.processing.type: 'cash' is none of"),
        ({"latest_charge": {"object": "charge"}}, "payment_intent.latest_charge.amount: missing"),
    ],
)
def test_the_measure_itself_finds_what_is_wrong(
    seasoned: StandInStripe, change: dict[str, Any], fault: str
) -> None:
    """Each kind of fault is told by its path; an object that the library does not know at all is one."""
    told = next(iter(seasoned.book.intents.values())).as_json() | change
    assert any(fault in each for each in faults_of(told)), faults_of(told)


def test_the_measure_finds_what_is_missing(seasoned: StandInStripe) -> None:
    """Every field that the library requires, one after the other."""
    told = client_of(seasoned).v1.checkout.sessions.create(session_params()).to_dict()
    told = json.loads(json.dumps(told))
    for name in ("created", "expires_at", "custom_text", "shipping_options", "mode"):
        without = {key: value for key, value in told.items() if key != name}
        assert f"checkout.session.{name}: missing" in faults_of(without)
