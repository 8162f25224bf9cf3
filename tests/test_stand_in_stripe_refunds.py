from __future__ import annotations

from collections.abc import Iterator

import pytest
import stripe
from stand_in_stripe_help import Desk, desk

from simulator.stripe.model.errors import Refusal


@pytest.fixture
def at_work() -> Iterator[Desk]:
    """A stand-in whose clock stands still."""
    with desk() as running:
        yield running


def test_a_pending_refund_is_already_given_back(at_work: Desk) -> None:
    """It counts in the charge, and says why it is pending; then it succeeds."""
    intent_id = at_work.charged()
    at_work.stand_in.begin_refunds_as("pending")
    refund = at_work.client.v1.refunds.create({"payment_intent": intent_id})
    assert (refund.status, refund.pending_reason) == ("pending", "processing")
    assert at_work.intent(intent_id).latest_charge.amount_refunded == 250
    at_work.stand_in.finish_refund(refund.id, "succeeded")
    assert at_work.client.v1.refunds.retrieve(refund.id).status == "succeeded"
    assert at_work.event_types()[-2:] == ["refund.updated", "charge.refund.updated"]


@pytest.mark.parametrize("begins", ["pending", "succeeded"])
def test_a_refund_can_fail_later(at_work: Desk, begins: str) -> None:
    """Even one that had succeeded: the money is the account's again, and can be refunded anew."""
    intent_id = at_work.charged()
    at_work.stand_in.begin_refunds_as(begins)
    refund = at_work.client.v1.refunds.create({"payment_intent": intent_id})
    at_work.stand_in.finish_refund(refund.id, "failed", "lost_or_stolen_card")
    failed = at_work.client.v1.refunds.retrieve(refund.id)
    assert (failed.status, failed.failure_reason) == ("failed", "lost_or_stolen_card")
    charge = at_work.intent(intent_id).latest_charge
    assert (charge.amount_refunded, charge.refunded) == (0, False)
    assert at_work.event_types()[-3:] == ["refund.failed", "refund.updated", "charge.refund.updated"]
    assert at_work.client.v1.refunds.create({"payment_intent": intent_id}).amount == 250


def test_a_disputed_charge_is_not_refunded(at_work: Desk) -> None:
    """The bank has the money already."""
    intent_id = at_work.charged()
    dispute = at_work.stand_in.dispute(intent_id)
    charge = at_work.intent(intent_id).latest_charge
    with pytest.raises(stripe.InvalidRequestError) as refused:
        at_work.client.v1.refunds.create({"payment_intent": intent_id})
    assert (refused.value.code, refused.value.user_message) == (
        "charge_disputed",
        f"Charge {charge.id} has been charged back; cannot issue a refund.",
    )
    assert charge.disputed
    listed = at_work.client.v1.disputes.list({"payment_intent": intent_id}).data
    assert [(each.id, each.status, each.amount) for each in listed] == [(dispute.id, "needs_response", 250)]


def test_an_inquiry_leaves_the_money_and_the_refund(at_work: Desk) -> None:
    """The bank only asks; whoever refunds now is spared the dispute."""
    intent_id = at_work.charged()
    dispute = at_work.stand_in.dispute(intent_id, inquiry=True)
    told = at_work.client.v1.disputes.retrieve(dispute.id)
    assert (told.status, told.is_charge_refundable) == ("warning_needs_response", True)
    assert at_work.client.v1.refunds.create({"payment_intent": intent_id}).amount == 250


@pytest.mark.parametrize(
    ("status", "events"),
    [
        ("won", ["charge.dispute.closed", "charge.dispute.funds_reinstated"]),
        ("lost", ["charge.dispute.funds_withdrawn", "charge.dispute.closed"]),
    ],
)
def test_a_dispute_ends(at_work: Desk, status: str, events: list[str]) -> None:
    """Won, it gives the money back; lost, it does not; and it ends once."""
    dispute = at_work.stand_in.dispute(at_work.charged())
    at_work.stand_in.close_dispute(dispute.id, status)
    assert at_work.client.v1.disputes.retrieve(dispute.id).status == status
    assert at_work.event_types()[-2:] == events
    with pytest.raises(Refusal, match="already closed"):
        at_work.stand_in.close_dispute(dispute.id, status)


def test_a_warning_of_fraud_is_moot_once_refunded(at_work: Desk) -> None:
    """Until then there is something to do about it."""
    intent_id = at_work.charged()
    at_work.stand_in.warn_of_fraud(intent_id)
    warnings = at_work.client.v1.radar.early_fraud_warnings
    (told,) = warnings.list({"payment_intent": intent_id}).data
    assert (told.fraud_type, told.actionable) == ("made_with_stolen_card", True)
    at_work.client.v1.refunds.create({"payment_intent": intent_id})
    assert warnings.retrieve(told.id).actionable is False
    assert at_work.event_types()[-1] == "radar.early_fraud_warning.updated"


def test_what_was_never_charged_is_not_disputed(at_work: Desk) -> None:
    """A reservation is no charge yet."""
    with pytest.raises(Refusal, match="nothing was charged"):
        at_work.stand_in.dispute(at_work.reserved())
