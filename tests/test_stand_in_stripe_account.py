from __future__ import annotations

from collections.abc import Iterator

import pytest
import stripe
from conftest import wait_until
from stand_in_stripe_help import SECRET, Desk, Receiver, desk, receiving

UPDATED = "payment_intent.amount_capturable_updated"
OLD = "2024-06-20"


@pytest.fixture
def at_work() -> Iterator[Desk]:
    """A stand-in whose clock stands still."""
    with desk() as running:
        yield running


@pytest.fixture
def halls() -> Iterator[tuple[Receiver, Receiver]]:
    """Two webhook endpoints."""
    with receiving() as one, receiving() as other:
        yield one, other


def test_every_endpoint_of_the_account_gets_every_event(
    at_work: Desk, halls: tuple[Receiver, Receiver]
) -> None:
    """Whoever made the payment; each under its own secret."""
    one, other = halls
    endpoints = at_work.stand_in.webhooks.endpoints
    at_work.stand_in.webhooks.url = one.url
    added = endpoints.add(other.url, "whsec_other", frozenset({UPDATED}))
    intent_id = at_work.reserved()
    wait_until(lambda: one.received and other.received, "both endpoints to hear")
    wait_until(lambda: not at_work.stand_in.webhooks.undelivered, "all deliveries")
    body, seal = other.received[0]
    assert intent_id.encode() in body
    assert stripe.WebhookSignature.verify_header(body, seal, "whsec_other", tolerance=None)
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.WebhookSignature.verify_header(body, seal, SECRET, tolerance=None)
    heard = {each.endpoint_id for each in at_work.stand_in.webhooks.log if each.event_type == UPDATED}
    assert heard == {endpoints.first.id, added.id}


def test_one_endpoints_failure_is_not_the_others(at_work: Desk, halls: tuple[Receiver, Receiver]) -> None:
    """Only what was not taken is sent again."""
    one, other = halls
    one.statuses = [500]
    endpoints = at_work.stand_in.webhooks.endpoints
    endpoints.change(endpoints.first.id, url=one.url, enabled_events=frozenset({UPDATED}))
    endpoints.add(other.url, SECRET, frozenset({UPDATED}))
    at_work.reserved()
    wait_until(lambda: len(at_work.stand_in.webhooks.log) == 2, "two attempts")
    at_work.clock.now_s += 1
    wait_until(lambda: len(at_work.stand_in.webhooks.log) == 3, "three attempts")
    assert (len(one.received), len(other.received)) == (2, 1)


def test_the_endpoints_are_listed_for_a_check(at_work: Desk) -> None:
    """With address, events, version and status, and without their secrets."""
    endpoints = at_work.stand_in.webhooks.endpoints
    endpoints.change(endpoints.first.id, url="http://one.test/addCredit", enabled_events=frozenset({UPDATED}))
    added = endpoints.add("http://other.test/addCredit", SECRET, frozenset({"*"}), api_version=OLD)
    endpoints.change(added.id, status="disabled")
    listed = at_work.client.v1.webhook_endpoints.list().data
    assert [(each.url, each.enabled_events, each.api_version, each.status) for each in listed] == [
        ("http://other.test/addCredit", ["*"], OLD, "disabled"),
        ("http://one.test/addCredit", [UPDATED], None, "enabled"),
    ]
    assert SECRET not in str(listed)
    assert at_work.client.v1.webhook_endpoints.retrieve(added.id).url == "http://other.test/addCredit"


def test_a_thin_endpoint_is_only_in_the_newer_list(at_work: Desk) -> None:
    """It hears of no payment: thin events tell of the v2 API. Its address is told to who asks for it."""
    endpoints = at_work.stand_in.webhooks.endpoints
    endpoints.change(endpoints.first.id, url="http://one.test/addCredit", payload="thin")
    added = endpoints.add("http://other.test/addCredit", SECRET)
    assert [each.id for each in at_work.client.v1.webhook_endpoints.list().data] == [added.id]
    listed = at_work.client.v2.core.event_destinations.list({"include": ["webhook_endpoint.url"]}).data
    assert [(each.webhook_endpoint.url, each.event_payload) for each in listed if each.webhook_endpoint] == [
        ("http://one.test/addCredit", "thin"),
        ("http://other.test/addCredit", "snapshot"),
    ]
    bare = at_work.client.v2.core.event_destinations.list().data
    assert [each.webhook_endpoint for each in bare] == [None, None]
    at_work.reserved()
    assert {each.endpoint_id for each in at_work.stand_in.webhooks.log} <= {added.id}


def test_a_disabled_endpoint_hears_nothing(at_work: Desk) -> None:
    """Not even later."""
    endpoints = at_work.stand_in.webhooks.endpoints
    endpoints.change(endpoints.first.id, status="disabled")
    at_work.reserved()
    assert at_work.stand_in.webhooks.undelivered == 0


def test_an_endpoint_of_an_older_version_hears_what_that_version_tells(
    at_work: Desk, halls: tuple[Receiver, Receiver]
) -> None:
    """A release is a refund to it, with an event of its own; to the other it is none."""
    one, other = halls
    endpoints, both = at_work.stand_in.webhooks.endpoints, frozenset({"charge.refunded", "charge.captured"})
    endpoints.change(endpoints.first.id, url=one.url, enabled_events=both)
    endpoints.add(other.url, SECRET, both, api_version=OLD)
    at_work.client.v1.payment_intents.capture(at_work.reserved(), {"amount_to_capture": 83})
    wait_until(lambda: not at_work.stand_in.webhooks.undelivered, "all deliveries")
    assert [event.type for event in one.unsealed()] == ["charge.captured"]
    assert sorted(event.type for event in other.unsealed()) == ["charge.captured", "charge.refunded"]
    told = [(event.api_version, event.data.object.amount_refunded) for event in other.unsealed()]
    assert told == [(OLD, 167)] * 2
    assert at_work.events("charge.refunded") == []


def test_the_account_tells_what_a_check_asks(at_work: Desk) -> None:
    """Whose it is, whether it may charge, and what stands on a payer's statement."""
    told = at_work.client.v1.accounts.retrieve_current()
    assert (told.id, told.default_currency, told.charges_enabled) == ("acct_1StandIn", "usd", True)
    assert told.settings.card_payments.statement_descriptor_prefix == "ARCADE"
    at_work.stand_in.change_account(charges_enabled=False)
    assert at_work.client.v1.accounts.retrieve_current().charges_enabled is False


def test_the_balance_is_what_was_captured_and_not_given_back(at_work: Desk) -> None:
    """By currency."""
    at_work.client.v1.refunds.create({"payment_intent": at_work.charged(), "amount": 100})
    available = at_work.client.v1.balance.retrieve().available
    assert [(each.amount, each.currency) for each in available] == [(150, "usd")]


@pytest.mark.parametrize(
    "listed", ["payment_intents", "charges", "checkout.sessions", "events", "disputes", "refunds"]
)
def test_every_list_is_bounded_and_paged_alike(at_work: Desk, listed: str) -> None:
    """By time, by limit, and by a cursor in either direction; `has_more` says whether there is more."""
    for _ in range(3):
        intent_id = at_work.charged()
        at_work.client.v1.refunds.create({"payment_intent": intent_id, "amount": 50})
        at_work.stand_in.dispute(intent_id)
        at_work.clock.now_s += 10
    service = at_work.client.v1
    for step in listed.split("."):
        service = getattr(service, step)
    every = service.list({"limit": 100}).data
    since_s = at_work.clock.now_s - 10
    recent = service.list({"created": {"gte": since_s}, "limit": 100})
    assert [each.id for each in recent.data] == [each.id for each in every if each.created >= since_s]
    page = service.list({"limit": 1, "starting_after": every[0].id})
    assert ([each.id for each in page.data], page.has_more) == ([every[1].id], True)
    last = service.list({"limit": 1, "starting_after": every[-2].id})
    assert ([each.id for each in last.data], last.has_more) == ([every[-1].id], False)
    back = service.list({"limit": 1, "ending_before": every[2].id})
    assert ([each.id for each in back.data], back.has_more) == ([every[1].id], True)
