from __future__ import annotations

from collections.abc import Iterator

import pytest
import stripe
from stand_in_stripe_help import Desk, desk, offer, session_params


@pytest.fixture
def at_work() -> Iterator[Desk]:
    """A stand-in whose clock stands still."""
    with desk() as running:
        yield running


@pytest.mark.parametrize(
    ("amount", "currency", "words"),
    [
        (49, "usd", "must be at least \\$0.50 usd"),
        (29, "gbp", "must be at least £0.30 gbp"),
        (49, "jpy", "must be at least ¥50 jpy"),
        (17400, "huf", "must be at least 175.00 huf"),
        (100, "ugx", r"must convert to at least 50 cents. 1.00 UGX converts to approximately \$0.00"),
        (600, "krw", r"must convert to at least 50 cents. 600 KRW converts to approximately \$0.44"),
        (150, "kwd", r"must convert to at least 50 cents. 0.150 KWD converts to approximately \$0.49"),
    ],
)
def test_less_than_the_least_is_refused(at_work: Desk, amount: int, currency: str, words: str) -> None:
    """By the currency's own minimum, or by what it is worth in the account's currency."""
    with pytest.raises(stripe.InvalidRequestError, match=words) as refused:
        at_work.client.v1.checkout.sessions.create(session_params(line_items=[offer(amount, currency)]))
    assert (refused.value.code, refused.value.param) == ("amount_too_small", "line_items")


@pytest.mark.parametrize(
    ("amount", "currency", "words"),
    [
        (50_050, "isk", "Currency ISK has become effectively zero-decimal"),
        (500_050, "ugx", "Currency UGX has become effectively zero-decimal"),
        (5_124, "kwd", "Amounts in KWD must be evenly divisible by 10"),
    ],
)
def test_what_a_currency_cannot_hold_is_refused(
    at_work: Desk, amount: int, currency: str, words: str
) -> None:
    """Amounts go in its own steps."""
    with pytest.raises(stripe.InvalidRequestError, match=words):
        at_work.client.v1.checkout.sessions.create(session_params(line_items=[offer(amount, currency)]))


@pytest.mark.parametrize(
    ("amount", "currency"), [(50_000, "isk"), (5_120, "kwd"), (17_501, "huf"), (3_055, "twd"), (50, "jpy")]
)
def test_what_a_currency_can_hold_is_taken(at_work: Desk, amount: int, currency: str) -> None:
    """HUF and TWD are whole only in payouts, not in charges."""
    made = at_work.client.v1.checkout.sessions.create(session_params(line_items=[offer(amount, currency)]))
    assert (made.amount_total, made.currency) == (amount, currency)


def test_a_capture_and_a_refund_keep_to_the_steps_too(at_work: Desk) -> None:
    """A part of a payment in ISK is in whole krónur; what is refused changes nothing."""
    intent_id = at_work.reserved(line_items=[offer(50_000, "isk")])
    with pytest.raises(stripe.InvalidRequestError, match="ISK has become"):
        at_work.client.v1.payment_intents.capture(intent_id, {"amount_to_capture": 40_050})
    at_work.client.v1.payment_intents.capture(intent_id, {"amount_to_capture": 40_000})
    with pytest.raises(stripe.InvalidRequestError, match="ISK has become"):
        at_work.client.v1.refunds.create({"payment_intent": intent_id, "amount": 50})


def test_a_capture_below_the_least_is_refused(at_work: Desk) -> None:
    """Though the reservation itself was enough."""
    with pytest.raises(stripe.InvalidRequestError, match=r"Amount must be at least \$0.50 usd") as refused:
        at_work.client.v1.payment_intents.capture(at_work.reserved(), {"amount_to_capture": 49})
    assert (refused.value.code, refused.value.param) == ("amount_too_small", "amount_to_capture")
