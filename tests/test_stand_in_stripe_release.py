from __future__ import annotations

from collections.abc import Iterator

import pytest
import stripe
from stand_in_stripe_help import Desk, desk


@pytest.fixture
def at_work() -> Iterator[Desk]:
    """A stand-in whose clock stands still."""
    with desk() as running:
        yield running


WEEK_S = 7 * 24 * 3600
OLD = "2024-06-20"


def test_a_partial_capture_makes_no_refund(at_work: Desk) -> None:
    """No Refund, no event of one, nothing in `amount_refunded`: the rest was never charged."""
    intent_id = at_work.reserved()
    at_work.client.v1.payment_intents.capture(intent_id, {"amount_to_capture": 83})
    charge = at_work.intent(intent_id).latest_charge
    assert (charge.amount, charge.amount_captured, charge.amount_refunded, charge.refunded) == (
        250,
        83,
        0,
        False,
    )
    assert at_work.client.v1.refunds.list().data == []
    assert at_work.event_types()[-2:] == ["charge.captured", "payment_intent.succeeded"]


def test_a_cancel_makes_no_refund(at_work: Desk) -> None:
    """The charge stays as it was approved, with nothing captured of it."""
    intent_id = at_work.reserved()
    at_work.client.v1.payment_intents.cancel(intent_id)
    charge = at_work.intent(intent_id).latest_charge
    assert (charge.status, charge.captured, charge.amount_captured) == ("succeeded", False, 0)
    assert (charge.amount_refunded, charge.refunded) == (0, False)
    assert at_work.client.v1.refunds.list().data == []
    assert at_work.event_types()[-2:] == ["checkout.session.completed", "payment_intent.canceled"]


def test_a_lapsed_reservation_is_expired(at_work: Desk) -> None:
    """Its charge says so in an event, and its payment in the reason."""
    intent_id = at_work.reserved()
    at_work.clock.now_s += WEEK_S
    intent = at_work.intent(intent_id)
    assert (intent.status, intent.cancellation_reason) == ("canceled", "expired")
    assert (intent.latest_charge.status, intent.latest_charge.refunded) == ("succeeded", False)
    assert at_work.event_types()[-2:] == ["charge.expired", "payment_intent.canceled"]


def test_what_was_released_cannot_be_refunded(at_work: Desk) -> None:
    """There is no charge to refund, whoever asks."""
    intent_id = at_work.reserved()
    at_work.client.v1.payment_intents.cancel(intent_id)
    with pytest.raises(stripe.InvalidRequestError, match="does not have a successful charge to refund"):
        at_work.client.v1.refunds.create({"payment_intent": intent_id})


def test_a_partly_captured_payment_is_refunded_by_what_was_captured(at_work: Desk) -> None:
    """The whole remainder is 83 of 250, and then the charge counts as refunded."""
    intent_id = at_work.reserved()
    at_work.client.v1.payment_intents.capture(intent_id, {"amount_to_capture": 83})
    assert at_work.client.v1.refunds.create({"payment_intent": intent_id}).amount == 83
    charge = at_work.intent(intent_id).latest_charge
    assert (charge.amount_refunded, charge.refunded) == (83, True)
    assert at_work.event_types()[-2:] == ["charge.refunded", "refund.created"]


def test_an_account_of_an_older_version_is_told_of_releases_as_refunds() -> None:
    """`charge.refunded` with what was released in `amount_refunded`, and a lapse that is `automatic`."""
    with desk(api_version=OLD) as at_work:
        part = at_work.reserved()
        at_work.client.v1.payment_intents.capture(part, {"amount_to_capture": 83})
        at_work.reserved()
        at_work.clock.now_s += WEEK_S
        charges = [event.data.object for event in at_work.events("charge.refunded")]
        assert [(each.amount_refunded, each.refunded) for each in charges] == [(167, False), (250, True)]
        (canceled,) = at_work.events("payment_intent.canceled")
        assert (canceled.api_version, canceled.data.object.cancellation_reason) == (OLD, "automatic")
