"""The stand-in's balance transactions: what each event of a payment moves, and what Stripe keeps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import stripe
from stand_in_stripe_help import Desk, client_of, desk, session_params


@pytest.fixture
def at_work() -> Iterator[Desk]:
    """A stand-in whose clock stands still."""
    with desk() as running:
        yield running


def movements(desk: Desk, **filters: Any) -> list[tuple[str, str, int, int, str]]:
    """Category, type, amount, fee and currency of each movement, oldest first."""
    listed = desk.client.v1.balance_transactions.list({"limit": 100, **filters}).data
    return [
        (each.reporting_category, each.type, each.amount, each.fee, each.currency)
        for each in reversed(listed)
    ]


def test_a_charge_moves_its_amount_less_a_fee(at_work: Desk) -> None:
    """The charge names its movement, and the movement its charge."""
    intent_id = at_work.charged(250)
    intent = at_work.client.v1.payment_intents.retrieve(
        intent_id, {"expand": ["latest_charge.balance_transaction"]}
    )
    moved = intent.latest_charge.balance_transaction
    assert (moved.amount, moved.fee, moved.net, moved.currency) == (250, 37, 213, "usd")
    assert moved.source == intent.latest_charge.id
    (listed,) = at_work.client.v1.balance_transactions.list({"expand": ["data.source"]}).data
    assert (listed.id, listed.source.payment_intent) == (moved.id, intent_id)


def test_a_reservation_moves_nothing_and_a_part_of_it_moves_twice(at_work: Desk) -> None:
    """The whole, and back what was not captured."""
    intent_id = at_work.reserved(250)
    at_work.client.v1.payment_intents.cancel(at_work.reserved(250))
    assert movements(at_work) == []
    at_work.client.v1.payment_intents.capture(intent_id, {"amount_to_capture": 83})
    assert movements(at_work) == [
        ("charge", "charge", 250, 32, "usd"),
        ("partial_capture_reversal", "refund", -167, 0, "usd"),
    ]


def test_refunds_and_disputes_move_money_back_and_forth(at_work: Desk) -> None:
    """A failed refund comes back; a won dispute does, less the fee for it; an inquiry moves nothing."""
    refund = at_work.client.v1.refunds.create({"payment_intent": at_work.charged(), "amount": 100})
    at_work.stand_in.finish_refund(refund.id, "failed")
    dispute = at_work.stand_in.dispute(at_work.charged())
    at_work.stand_in.close_dispute(dispute.id, "won")
    at_work.stand_in.dispute(at_work.charged(), inquiry=True)
    assert [each for each in movements(at_work) if each[0] != "charge"] == [
        ("refund", "refund", -100, 0, "usd"),
        ("refund_failure", "refund_failure", 100, 0, "usd"),
        ("dispute", "adjustment", -250, 1500, "usd"),
        ("dispute_reversal", "adjustment", 250, 0, "usd"),
    ]
    shown = at_work.client.v1.disputes.retrieve(dispute.id).balance_transactions
    assert [(each.amount, each.fee) for each in shown] == [(-250, 1500), (250, 0)]
    assert movements(at_work, source=refund.id)[0][2:] == (-100, 0, "usd")


def test_what_is_charged_in_another_currency_is_converted(at_work: Desk) -> None:
    """To what the account settles in, with the rate beside it."""
    at_work.stand_in.change_account(exchange_rates={"eur": 1.25})
    offer = {"currency": "eur", "unit_amount": 200, "product_data": {"name": "Credits"}}
    params = session_params(200, "automatic") | {"line_items": [{"price_data": offer, "quantity": 1}]}
    at_work.stand_in.pay(at_work.client.v1.checkout.sessions.create(params).id)
    (moved,) = at_work.client.v1.balance_transactions.list().data
    assert (moved.amount, moved.fee, moved.currency, moved.exchange_rate) == (250, 45, "usd", 1.25)


def test_movements_take_a_permission_of_their_own(at_work: Desk) -> None:
    """Stripe calls it by the sources of balance transactions; what is expanded takes it too."""
    at_work.charged()
    at_work.stand_in.api_keys.allow("rk_test_reader", {"balance_transaction_source": "none"})
    v1 = client_of(at_work.stand_in, "rk_test_reader").v1
    for ask in (
        lambda: v1.balance_transactions.list(),
        lambda: v1.payment_intents.list({"expand": ["data.latest_charge.balance_transaction"]}),
    ):
        with pytest.raises(stripe.PermissionError, match="'rak_balance_transaction_source_read'"):
            ask()
