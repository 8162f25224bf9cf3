from __future__ import annotations

from collections.abc import Iterator

import pytest
import stripe
from stand_in_stripe_help import Desk, desk, offer, session_params

from simulator.stripe.model.errors import Refusal


@pytest.fixture
def at_work() -> Iterator[Desk]:
    """A stand-in whose clock stands still."""
    with desk() as running:
        yield running


def ordered(at_work: Desk, method: str = "us_bank_account") -> str:
    """A debit by an old link, whose money has not come yet."""
    link = at_work.client.v1.payment_links.create({"line_items": [offer()], "metadata": {"machine_id": "m"}})
    return at_work.stand_in.pay_later(link.url, method)


def test_a_deferred_method_completes_the_session_unpaid(at_work: Desk) -> None:
    """The payment is processing, its charge pending, and no money is anywhere yet."""
    intent = at_work.intent(ordered(at_work))
    (session,) = at_work.client.v1.checkout.sessions.list({"payment_intent": intent.id}).data
    assert (session.status, session.payment_status) == ("complete", "unpaid")
    assert (intent.status, intent.latest_charge.status, intent.latest_charge.paid) == (
        "processing",
        "pending",
        False,
    )
    assert at_work.stand_in.money() == {"reserved": 0, "charged": 0, "released": 0, "refunded": 0}


def test_its_money_comes_later(at_work: Desk) -> None:
    """With an event of the session's own, which is paid only now."""
    intent_id = ordered(at_work)
    at_work.clock.now_s += 3 * 24 * 3600
    at_work.stand_in.money_came(intent_id)
    intent = at_work.intent(intent_id)
    assert (intent.status, intent.amount_received, intent.latest_charge.captured) == ("succeeded", 250, True)
    assert at_work.event_types()[-3:] == [
        "charge.succeeded",
        "payment_intent.succeeded",
        "checkout.session.async_payment_succeeded",
    ]
    session = at_work.events("checkout.session.async_payment_succeeded")[0].data.object
    assert (session.payment_status, session.metadata.to_dict()) == ("paid", {"machine_id": "m"})


def test_its_money_can_stay_away(at_work: Desk) -> None:
    """The session stays complete and unpaid, and the payment waits for another method."""
    intent_id = ordered(at_work, "sepa_debit")
    at_work.stand_in.money_never_came(intent_id)
    intent = at_work.intent(intent_id)
    assert (intent.status, intent.latest_charge.status) == ("requires_payment_method", "failed")
    session = at_work.events("checkout.session.async_payment_failed")[0].data.object
    assert (session.status, session.payment_status) == ("complete", "unpaid")


def test_nothing_is_refunded_before_it_came(at_work: Desk) -> None:
    """There is no successful charge yet."""
    with pytest.raises(stripe.InvalidRequestError, match="does not have a successful charge to refund"):
        at_work.client.v1.refunds.create({"payment_intent": ordered(at_work)})


@pytest.mark.parametrize("more", [{}, {"allowed_payment_method_types": ["card"]}])
def test_methods_that_cannot_reserve_are_dropped_by_a_reserving_session(
    at_work: Desk, more: dict[str, object]
) -> None:
    """Whether or not the session names its methods."""
    session = at_work.client.v1.checkout.sessions.create(session_params(**more))
    assert "sepa_debit" not in session.payment_method_types
    with pytest.raises(Refusal, match="does not take sepa_debit: it takes card"):
        at_work.stand_in.pay_later(session.id, "sepa_debit")


def test_money_comes_once(at_work: Desk) -> None:
    """A bank that has spoken says no more."""
    intent_id = ordered(at_work)
    at_work.stand_in.money_came(intent_id)
    with pytest.raises(Refusal, match="has a status of succeeded"):
        at_work.stand_in.money_never_came(intent_id)
