from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
import stripe
from stand_in_stripe_help import API_KEY, SECRET, Clock, client_of, offer, session_params

from simulator.stripe.pace import QUICK
from simulator.stripe.server import LiveKeyRefused, StandInStripe, stand_in_stripe

WEEK_S = 7 * 24 * 3600


@pytest.fixture
def clock() -> Clock:
    """The stand-in's clock, which stands still."""
    return Clock()


@pytest.fixture
def stand_in(clock: Clock) -> Iterator[StandInStripe]:
    """A stand-in without a webhook endpoint."""
    with stand_in_stripe(
        api_key=API_KEY, webhook_url=None, webhook_secret=SECRET, pace=QUICK, clock=clock
    ) as running:
        yield running


@pytest.fixture
def client(stand_in: StandInStripe) -> stripe.StripeClient:
    """Stripe's own client, talking to it."""
    return client_of(stand_in)


def reserve(stand_in: StandInStripe, client: stripe.StripeClient, amount: int = 250) -> str:
    """A payment of so much, reserved and not yet captured."""
    return stand_in.pay(client.v1.checkout.sessions.create(session_params(amount)).id)


def test_paying_a_session_with_manual_capture_only_reserves(
    stand_in: StandInStripe, client: stripe.StripeClient, clock: Clock
) -> None:
    """The session is complete but unpaid, and the PaymentIntent waits for its capture for seven days."""
    session = client.v1.checkout.sessions.create(session_params())
    intent_id = stand_in.pay(session.url)
    session = client.v1.checkout.sessions.retrieve(session.id)
    intent = client.v1.payment_intents.retrieve(intent_id, {"expand": ["latest_charge"]})
    assert (session.status, session.payment_status, session.payment_intent) == (
        "complete",
        "unpaid",
        intent_id,
    )
    assert (intent.status, intent.amount, intent.amount_capturable, intent.amount_received) == (
        "requires_capture",
        250,
        250,
        0,
    )
    assert intent.latest_charge.captured is False
    assert intent.latest_charge.payment_method_details.card.capture_before == clock.now_s + WEEK_S
    assert stand_in.money() == {"reserved": 250, "charged": 0, "released": 0, "refunded": 0}


def test_metadata_of_a_session_is_not_that_of_its_payment(
    stand_in: StandInStripe, client: stripe.StripeClient
) -> None:
    """The session keeps its own; the PaymentIntent has what payment_intent_data said."""
    session = client.v1.checkout.sessions.create(session_params())
    intent = client.v1.payment_intents.retrieve(stand_in.pay(session.id))
    assert session.metadata.to_dict() == {"machine_id": "galaga-01"}
    assert intent.metadata.to_dict() == {"credits": "3"}


def test_a_payment_by_link_is_taken_at_once(stand_in: StandInStripe, client: stripe.StripeClient) -> None:
    """The ancestor's links: link metadata on the session only, money charged, session paid."""
    price = stand_in.create_price(100, "usd")
    link = client.v1.payment_links.create(
        {"line_items": [{"price": price, "quantity": 2}], "metadata": {"machine_id": "galaga-01"}}
    )
    intent = client.v1.payment_intents.retrieve(stand_in.pay(link.url))
    (session,) = client.v1.checkout.sessions.list({"payment_link": link.id}).data
    assert (intent.status, intent.amount_received, intent.metadata.to_dict()) == ("succeeded", 200, {})
    assert (session.payment_status, session.metadata.to_dict()) == ("paid", {"machine_id": "galaga-01"})
    assert stand_in.money() == {"reserved": 0, "charged": 200, "released": 0, "refunded": 0}


def test_capturing_a_part_releases_the_rest(stand_in: StandInStripe, client: stripe.StripeClient) -> None:
    """Nothing is booked as refunded: since API 2025-03-31 a release is no refund."""
    intent_id = reserve(stand_in, client)
    intent = client.v1.payment_intents.capture(
        intent_id, {"amount_to_capture": 83, "expand": ["latest_charge"]}
    )
    charge = intent.latest_charge
    assert (intent.status, intent.amount_received, intent.amount_capturable) == ("succeeded", 83, 0)
    assert (charge.captured, charge.amount_captured, charge.amount_refunded) == (True, 83, 0)
    assert stand_in.money() == {"reserved": 0, "charged": 83, "released": 167, "refunded": 0}


def test_a_payment_is_captured_once(stand_in: StandInStripe, client: stripe.StripeClient) -> None:
    """A second capture is refused, with the PaymentIntent inside the error, and takes nothing."""
    intent_id = reserve(stand_in, client)
    client.v1.payment_intents.capture(intent_id, {"amount_to_capture": 100})
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.payment_intents.capture(intent_id, {"amount_to_capture": 100})
    assert refused.value.code == "payment_intent_unexpected_state"
    assert refused.value.error.payment_intent.status == "succeeded"
    assert stand_in.money() == {"reserved": 0, "charged": 100, "released": 150, "refunded": 0}


def test_concurrent_captures_have_one_winner(stand_in: StandInStripe, client: stripe.StripeClient) -> None:
    """Of eight captures at the same time exactly one takes the money."""
    intent_id = reserve(stand_in, client)
    start, outcomes = threading.Barrier(8), list[str | None]()

    def capture(amount: int) -> None:
        start.wait()
        try:
            client_of(stand_in).v1.payment_intents.capture(intent_id, {"amount_to_capture": amount})
        except stripe.InvalidRequestError as refused:
            outcomes.append(refused.code)
        else:
            outcomes.append("captured")

    threads = [threading.Thread(target=capture, args=(100 + number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, outcomes)) == ["captured"] + ["payment_intent_unexpected_state"] * 7


def test_cancelling_releases_the_reservation(
    stand_in: StandInStripe, client: stripe.StripeClient, clock: Clock
) -> None:
    """Nothing is charged, and the reason given is kept."""
    intent_id = reserve(stand_in, client)
    intent = client.v1.payment_intents.cancel(intent_id, {"cancellation_reason": "abandoned"})
    assert (intent.status, intent.cancellation_reason) == ("canceled", "abandoned")
    assert (intent.canceled_at, intent.amount_capturable) == (clock.now_s, 0)
    assert stand_in.money() == {"reserved": 0, "charged": 0, "released": 250, "refunded": 0}


@pytest.mark.parametrize("first", ["capture", "cancel"])
def test_a_settled_payment_cannot_be_cancelled(
    stand_in: StandInStripe, client: stripe.StripeClient, first: str
) -> None:
    """Capture and cancel exclude each other; the error carries the PaymentIntent."""
    intent_id = reserve(stand_in, client)
    settled = getattr(client.v1.payment_intents, first)(intent_id)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.payment_intents.cancel(intent_id)
    assert refused.value.code == "payment_intent_unexpected_state"
    assert refused.value.error.payment_intent.status == settled.status


def test_an_unpaid_payment_of_a_session_cannot_be_cancelled(
    stand_in: StandInStripe, client: stripe.StripeClient
) -> None:
    """Only expiring its session can end it."""
    intent_id = stand_in.decline(client.v1.checkout.sessions.create(session_params()).id)
    with pytest.raises(stripe.InvalidRequestError, match="expire the session") as refused:
        client.v1.payment_intents.cancel(intent_id)
    assert refused.value.error.payment_intent.status == "requires_payment_method"


@pytest.mark.parametrize(("amount", "code"), [(251, "amount_too_large"), (49, "amount_too_small")])
def test_a_capture_outside_the_bounds_is_refused(
    stand_in: StandInStripe, client: stripe.StripeClient, amount: int, code: str
) -> None:
    """Not more than was reserved, not less than Stripe's minimum; the reservation stays."""
    intent_id = reserve(stand_in, client)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.payment_intents.capture(intent_id, {"amount_to_capture": amount})
    assert (refused.value.code, refused.value.param) == (code, "amount_to_capture")
    assert stand_in.money()["reserved"] == 250


def test_a_session_below_the_minimum_is_refused(client: stripe.StripeClient) -> None:
    """0.49 USD cannot be charged to any card."""
    with pytest.raises(stripe.InvalidRequestError, match=r"at least \$0\.50") as refused:
        client.v1.checkout.sessions.create(session_params(49))
    assert refused.value.code == "amount_too_small"


def test_a_refund_in_parts_ends_at_what_was_captured(
    stand_in: StandInStripe, client: stripe.StripeClient
) -> None:
    """A part, then the remainder without naming it; the released rest is not refunded again."""
    intent_id = reserve(stand_in, client)
    client.v1.payment_intents.capture(intent_id, {"amount_to_capture": 200})
    client.v1.refunds.create({"payment_intent": intent_id, "amount": 50})
    rest = client.v1.refunds.create({"payment_intent": intent_id})
    assert rest.amount == 150
    assert stand_in.money() == {"reserved": 0, "charged": 200, "released": 50, "refunded": 200}
    listed = client.v1.refunds.list({"payment_intent": intent_id}).data
    assert [refund.amount for refund in listed] == [150, 50]


def test_more_than_is_left_cannot_be_refunded(stand_in: StandInStripe, client: stripe.StripeClient) -> None:
    """The error names what was asked and what is left."""
    intent_id = stand_in.pay(client.v1.checkout.sessions.create(session_params(250, "automatic")).id)
    client.v1.refunds.create({"payment_intent": intent_id, "amount": 100})
    with pytest.raises(stripe.InvalidRequestError, match=r"\(\$2\.00\) .* \(\$1\.50\)") as refused:
        client.v1.refunds.create({"payment_intent": intent_id, "amount": 200})
    assert (refused.value.code, refused.value.param) == ("amount_too_large", "amount")


def test_a_refunded_charge_cannot_be_refunded_again(
    stand_in: StandInStripe, client: stripe.StripeClient
) -> None:
    """Which whoever asks may read as success."""
    intent_id = stand_in.pay(client.v1.checkout.sessions.create(session_params(250, "automatic")).id)
    client.v1.refunds.create({"payment_intent": intent_id})
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.refunds.create({"payment_intent": intent_id})
    assert refused.value.code == "charge_already_refunded"


def test_a_reservation_cannot_be_refunded(stand_in: StandInStripe, client: stripe.StripeClient) -> None:
    """It has to be cancelled instead."""
    intent_id = reserve(stand_in, client)
    with pytest.raises(stripe.InvalidRequestError, match=f"cancel {intent_id} instead"):
        client.v1.refunds.create({"payment_intent": intent_id})
    assert stand_in.money()["reserved"] == 250


def test_a_declined_card_leaves_the_session_open(
    stand_in: StandInStripe, client: stripe.StripeClient
) -> None:
    """The next card pays the same PaymentIntent."""
    session = client.v1.checkout.sessions.create(session_params())
    declined = client.v1.payment_intents.retrieve(stand_in.decline(session.id))
    assert (declined.status, declined.last_payment_error.code) == ("requires_payment_method", "card_declined")
    assert client.v1.checkout.sessions.retrieve(session.id).status == "open"
    assert stand_in.pay(session.id) == declined.id
    assert stand_in.money() == {"reserved": 250, "charged": 0, "released": 0, "refunded": 0}


def test_a_session_closes_at_its_expiry(
    stand_in: StandInStripe, client: stripe.StripeClient, clock: Clock
) -> None:
    """It has no address any more, and its declined payment is canceled without touching money."""
    session = client.v1.checkout.sessions.create(session_params(expires_at=clock.now_s + 1800))
    intent_id = stand_in.decline(session.id)
    clock.now_s += 1800
    session = client.v1.checkout.sessions.retrieve(session.id)
    assert (session.status, session.url) == ("expired", None)
    assert client.v1.payment_intents.retrieve(intent_id).status == "canceled"
    assert stand_in.money() == {"reserved": 0, "charged": 0, "released": 0, "refunded": 0}


def test_a_complete_session_cannot_be_expired(stand_in: StandInStripe, client: stripe.StripeClient) -> None:
    """Its payment goes on living."""
    session = client.v1.checkout.sessions.create(session_params())
    stand_in.pay(session.id)
    with pytest.raises(stripe.InvalidRequestError, match="has a status of complete"):
        client.v1.checkout.sessions.expire(session.id)


def test_a_reservation_lapses_after_seven_days(
    stand_in: StandInStripe, client: stripe.StripeClient, clock: Clock
) -> None:
    """Stripe itself cancels it, and a capture comes too late."""
    intent_id = reserve(stand_in, client)
    clock.now_s += WEEK_S
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.payment_intents.capture(intent_id)
    intent = refused.value.error.payment_intent
    assert (intent.status, intent.cancellation_reason) == ("canceled", "expired")


@pytest.mark.parametrize("expires_in_s", [1800 - 61, 24 * 3600 + 61])
def test_a_session_lives_half_an_hour_to_a_day(
    client: stripe.StripeClient, clock: Clock, expires_in_s: int
) -> None:
    """Anything else is refused by name."""
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.checkout.sessions.create(session_params(expires_at=clock.now_s + expires_in_s))
    assert refused.value.param == "expires_at"


def test_a_link_that_is_switched_off_cannot_be_paid(
    stand_in: StandInStripe, client: stripe.StripeClient
) -> None:
    """Nor is it among the active ones."""
    link = client.v1.payment_links.create({"line_items": [offer()]})
    client.v1.payment_links.update(link.id, {"active": False})
    with pytest.raises(Exception, match="no longer active"):
        stand_in.pay(link.url)
    assert client.v1.payment_links.list({"active": True}).data == []


def test_a_live_key_is_refused_at_the_start() -> None:
    """Nobody runs the stand-in with a key that moves money; and the key is not repeated."""
    with (
        pytest.raises(LiveKeyRefused, match="given a key of kind sk_live_: use") as refused,
        stand_in_stripe(api_key="sk_live_abc", webhook_url=None, webhook_secret=SECRET),
    ):
        pytest.fail("it started")
    assert "abc" not in str(refused.value)
