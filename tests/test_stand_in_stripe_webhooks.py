from __future__ import annotations

from collections.abc import Iterator

import pytest
import stripe
from conftest import wait_until
from stand_in_stripe_help import API_KEY, SECRET, Receiver, client_of, receiving, session_params

from simulator.stripe.pace import Pace, quick_retries
from simulator.stripe.server import StandInStripe, stand_in_stripe

UPDATED = "payment_intent.amount_capturable_updated"
HURRIED = Pace(quick_retries(0.01), list_page_s=0)
COMPLETED = "checkout.session.completed"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A webhook endpoint that takes everything."""
    with receiving() as running:
        yield running


@pytest.fixture
def stand_in(receiver: Receiver) -> Iterator[StandInStripe]:
    """A stand-in that sends to the receiver only what a reservation and its end need."""
    with stand_in_stripe(
        api_key=API_KEY,
        webhook_url=receiver.url,
        webhook_secret=SECRET,
        pace=HURRIED,
        enabled_events=frozenset({UPDATED, "payment_intent.succeeded", "payment_intent.canceled"}),
    ) as running:
        yield running


def reserve(stand_in: StandInStripe) -> str:
    """A payment, reserved and not yet captured."""
    return stand_in.pay(client_of(stand_in).v1.checkout.sessions.create(session_params()).id)


def settled(stand_in: StandInStripe, receiver: Receiver, count: int) -> list[str]:
    """The types of the first so many deliveries, once all is delivered."""
    wait_until(
        lambda: len(stand_in.webhooks.log) >= count and not stand_in.webhooks.undelivered,
        f"{count} deliveries",
    )
    return receiver.types()


def test_a_webhook_carries_a_seal_that_the_library_accepts(
    stand_in: StandInStripe, receiver: Receiver
) -> None:
    """Verified by Stripe's own code, with the PaymentIntent as it was."""
    intent_id = reserve(stand_in)
    settled(stand_in, receiver, 1)
    (event,) = receiver.events()
    assert (event.type, event.livemode) == (UPDATED, False)
    assert (event.data.object.id, event.data.object.amount_capturable) == (intent_id, 250)


def test_a_webhook_is_repeated_until_it_is_taken(stand_in: StandInStripe, receiver: Receiver) -> None:
    """Two failures, then a success, and no more after it; the log has all three."""
    receiver.statuses = [500, 303]
    reserve(stand_in)
    assert settled(stand_in, receiver, 3) == [UPDATED] * 3
    log = [(each.event_type, each.attempt, each.status_code, each.accepted) for each in stand_in.webhooks.log]
    assert log == [(UPDATED, 1, 500, False), (UPDATED, 2, 303, False), (UPDATED, 3, 200, True)]


def test_webhooks_wait_for_an_address(receiver: Receiver) -> None:
    """The relay may start after the stand-in."""
    with stand_in_stripe(api_key=API_KEY, webhook_url=None, webhook_secret=SECRET) as stand_in:
        reserve(stand_in)
        assert stand_in.webhooks.undelivered == 2
        stand_in.webhooks.url = receiver.url
        assert sorted(settled(stand_in, receiver, 2)) == [COMPLETED, UPDATED]


def test_a_dead_receiver_is_tried_again(receiver: Receiver) -> None:
    """Nobody listens at first; the log names the failure."""
    with stand_in_stripe(
        api_key=API_KEY, webhook_url="http://127.0.0.1:1/", webhook_secret=SECRET, pace=HURRIED
    ) as stand_in:
        reserve(stand_in)
        wait_until(lambda: stand_in.webhooks.log, "a first attempt")
        stand_in.webhooks.url = receiver.url
        wait_until(lambda: not stand_in.webhooks.undelivered, "all deliveries")
        first = stand_in.webhooks.log[0]
    assert (first.status_code, first.error) == (None, "ConnectionError")
    assert sorted(receiver.types()) == [COMPLETED, UPDATED]


def test_every_webhook_can_come_twice(stand_in: StandInStripe, receiver: Receiver) -> None:
    """The same event, under the same id."""
    stand_in.webhooks.deliver_copies(2)
    reserve(stand_in)
    settled(stand_in, receiver, 2)
    first, second = receiver.events()
    assert first.id == second.id


def test_a_webhook_can_be_lost(stand_in: StandInStripe, receiver: Receiver) -> None:
    """It never comes, though the event is in the list."""
    stand_in.webhooks.deliver_copies(0)
    reserve(stand_in)
    assert stand_in.webhooks.undelivered == 0
    assert client_of(stand_in).v1.events.list({"type": UPDATED}).data[0].type == UPDATED


def test_held_webhooks_come_when_let_go(stand_in: StandInStripe, receiver: Receiver) -> None:
    """Nothing is sent while they are held, and all of it afterwards."""
    stand_in.webhooks.hold_back()
    client_of(stand_in).v1.payment_intents.capture(reserve(stand_in))
    assert (stand_in.webhooks.undelivered, receiver.types()) == (2, [])
    stand_in.webhooks.let_go()
    assert sorted(settled(stand_in, receiver, 2)) == [UPDATED, "payment_intent.succeeded"]


def test_held_webhooks_can_be_let_go_one_by_one_newest_first(
    stand_in: StandInStripe, receiver: Receiver
) -> None:
    """The capture's event arrives before the reservation's."""
    stand_in.webhooks.hold_back()
    client_of(stand_in).v1.payment_intents.capture(reserve(stand_in))
    receiver.linger_s = [0.1]
    stand_in.webhooks.let_go(newest_first=True)
    assert settled(stand_in, receiver, 2) == ["payment_intent.succeeded", UPDATED]


def test_an_old_event_can_be_delivered_again(stand_in: StandInStripe, receiver: Receiver) -> None:
    """Byte for byte, under a fresh seal."""
    reserve(stand_in)
    settled(stand_in, receiver, 1)
    stand_in.deliver_again(stand_in.webhooks.log[0].event_id)
    settled(stand_in, receiver, 2)
    assert receiver.received[0][0] == receiver.received[1][0]


def test_events_are_listed_newest_first(stand_in: StandInStripe) -> None:
    """And can be retrieved, for whoever missed the webhook."""
    reserve(stand_in)
    client = client_of(stand_in)
    listed = client.v1.events.list({"types": [UPDATED, COMPLETED]}).data
    assert [event.type for event in listed] == [COMPLETED, UPDATED]
    assert client.v1.events.retrieve(listed[0].id).data.object.payment_status == "unpaid"


def test_a_wrong_secret_does_not_fit(stand_in: StandInStripe, receiver: Receiver) -> None:
    """The seal is worth something."""
    reserve(stand_in)
    settled(stand_in, receiver, 1)
    body, seal = receiver.received[0]
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(body, seal, "whsec_other")


def test_events_that_an_endpoint_did_not_take_are_listed_as_such(
    stand_in: StandInStripe, receiver: Receiver
) -> None:
    """Those that are on their way or given up; taken by one endpoint is not taken by all."""
    v1 = client_of(stand_in).v1
    stand_in.webhooks.endpoints.add(None, SECRET, frozenset({UPDATED}))
    reserve(stand_in)
    wait_until(lambda: UPDATED in receiver.types(), "the webhook")
    undelivered = v1.events.list({"delivery_success": False, "types": [UPDATED, COMPLETED]}).data
    assert [event.type for event in undelivered] == [UPDATED]
    stand_in.webhooks.endpoints.change(stand_in.webhooks.endpoints.all[1].id, url=receiver.url)
    stand_in.webhooks.retry_now()
    wait_until(
        lambda: v1.events.list({"delivery_success": True, "type": UPDATED}).data, "the other's delivery"
    )
    assert v1.events.list({"delivery_success": False, "type": UPDATED}).data == []
