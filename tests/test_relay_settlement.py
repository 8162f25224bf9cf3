"""What the relay charges, and what a receipt does to the money: the pure half of the receipt's way."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cloud_relay.rules.charges import share_of
from cloud_relay.rules.receipts import Outcome, Receipt, read_receipt
from cloud_relay.rules.settlement import (
    Answer,
    Capture,
    MarkSettled,
    Move,
    Payment,
    Refund,
    Release,
    Result,
    Settlement,
    answer_after_doubt,
    settlement_of,
    settlement_uncharged,
)

RESERVED = Payment("pi_1", "requires_capture", 250, "usd", 0, 0, immediate=False, settled=None)
BY_HAND = replace(RESERVED, status="succeeded", received=250)
CHARGED = replace(BY_HAND, settled="delivered 3")
RELEASED = replace(RESERVED, status="canceled")
PAID_AT_ONCE = replace(BY_HAND, immediate=True)
REFUNDED_BY_HAND = replace(PAID_AT_ONCE, refunded=250)
NEVER_PAID = replace(PAID_AT_ONCE, status="requires_payment_method", received=0)
DELIVERED = Receipt("pi_1", Outcome.DELIVERED, 3, 3)
UNDELIVERED = Receipt("pi_1", Outcome.UNDELIVERED, 0, 3)
TWO_OF_THREE = Receipt("pi_1", Outcome.PARTIAL, 2, 3)
NONE_OF_THREE = Receipt("pi_1", Outcome.PARTIAL, 0, 3)
ONE_OF_THREE = Receipt("pi_1", Outcome.PARTIAL, 1, 3)
RETRY, CONFLICT = Settlement(Answer(Result.RETRY)), Settlement(Answer(Result.CONFLICT))


def settled(charged: int, *moves: Move) -> Settlement:
    """What is done now."""
    return Settlement(Answer(Result.SETTLED, charged), moves)


def already(charged: int) -> Settlement:
    """What was done before."""
    return Settlement(Answer(Result.ALREADY, charged))


@pytest.mark.parametrize(
    ("amount", "delivered", "paid", "currency", "share"),
    [
        (250, 2, 3, "usd", 166),
        (250, 3, 3, "usd", 250),
        (250, 0, 3, "usd", 0),
        (100, 1, 3, "usd", 0),
        (150, 1, 3, "usd", 50),
        (1000, 1, 3, "kwd", 330),
        (1000, 1, 3, "isk", 300),
        (1000, 1, 3, "jpy", 333),
    ],
)
def test_a_share_is_rounded_down_to_what_the_currency_holds_and_stripe_charges(
    amount: int, delivered: int, paid: int, currency: str, share: int
) -> None:
    """A share under Stripe's minimum is not charged at all."""
    assert share_of(amount, delivered, paid, currency) == share


@pytest.mark.parametrize(
    ("payment", "receipt", "settlement"),
    [
        (RESERVED, DELIVERED, settled(250, Capture(250))),
        (RESERVED, UNDELIVERED, settled(0, Release())),
        (RESERVED, TWO_OF_THREE, settled(166, Capture(166))),
        (RESERVED, NONE_OF_THREE, settled(0, Release())),
        (replace(RESERVED, amount=100), ONE_OF_THREE, settled(0, Release())),
        (replace(RESERVED, amount=100, currency="gbp"), ONE_OF_THREE, settled(33, Capture(33))),
        (CHARGED, DELIVERED, already(250)),
        (CHARGED, UNDELIVERED, CONFLICT),
        (CHARGED, TWO_OF_THREE, CONFLICT),
        (replace(CHARGED, received=166, settled="partial 2"), TWO_OF_THREE, already(166)),
        (replace(CHARGED, received=166, settled="partial 2"), DELIVERED, CONFLICT),
        (replace(CHARGED, refunded=250), DELIVERED, already(250)),
        (replace(CHARGED, refunded=250), UNDELIVERED, CONFLICT),
        (BY_HAND, DELIVERED, settled(250, MarkSettled("delivered 3"))),
        (BY_HAND, TWO_OF_THREE, settled(166, Refund(84, 0), MarkSettled("partial 2"))),
        (BY_HAND, UNDELIVERED, settled(0, Refund(250, 0), MarkSettled("undelivered 0"))),
        (replace(BY_HAND, received=100), DELIVERED, settled(100, MarkSettled("delivered 3"))),
        (replace(BY_HAND, received=100), TWO_OF_THREE, settled(100, MarkSettled("partial 2"))),
        (
            replace(BY_HAND, received=100),
            UNDELIVERED,
            settled(0, Refund(100, 0), MarkSettled("undelivered 0")),
        ),
        (
            replace(BY_HAND, refunded=50),
            TWO_OF_THREE,
            settled(166, Refund(34, 50), MarkSettled("partial 2")),
        ),
        (replace(BY_HAND, settled="partial 2"), TWO_OF_THREE, already(166)),
        (replace(BY_HAND, settled="partial 2"), UNDELIVERED, CONFLICT),
        (replace(RELEASED, released_by_hand=True), UNDELIVERED, already(0)),
        (replace(RELEASED, released_by_hand=True), DELIVERED, settled(0, MarkSettled("delivered 3"))),
        (
            replace(RELEASED, released_by_hand=True, settled="delivered 3"),
            DELIVERED,
            already(0),
        ),
        (
            replace(RELEASED, released_by_hand=True, settled="delivered 3"),
            UNDELIVERED,
            CONFLICT,
        ),
        (RELEASED, UNDELIVERED, already(0)),
        (replace(RELEASED, refunded=250), UNDELIVERED, already(0)),
        (RELEASED, DELIVERED, CONFLICT),
        (RELEASED, TWO_OF_THREE, CONFLICT),
        (replace(RESERVED, status="processing"), DELIVERED, RETRY),
        (replace(PAID_AT_ONCE, status="processing"), DELIVERED, RETRY),
        (PAID_AT_ONCE, DELIVERED, settled(250, MarkSettled("delivered 3"))),
        (PAID_AT_ONCE, UNDELIVERED, settled(0, Refund(250, 0), MarkSettled("undelivered 0"))),
        (PAID_AT_ONCE, TWO_OF_THREE, settled(166, Refund(84, 0), MarkSettled("partial 2"))),
        (
            replace(PAID_AT_ONCE, refunded=100),
            UNDELIVERED,
            settled(0, Refund(150, 100), MarkSettled("undelivered 0")),
        ),
        (REFUNDED_BY_HAND, UNDELIVERED, settled(0, MarkSettled("undelivered 0"))),
        (REFUNDED_BY_HAND, TWO_OF_THREE, settled(166, MarkSettled("partial 2"))),
        (replace(PAID_AT_ONCE, settled="delivered 3"), DELIVERED, already(250)),
        (replace(PAID_AT_ONCE, settled="delivered 3"), UNDELIVERED, CONFLICT),
        (replace(PAID_AT_ONCE, settled="partial 1"), TWO_OF_THREE, CONFLICT),
        (replace(PAID_AT_ONCE, settled="undelivered 0"), NONE_OF_THREE, already(0)),
        (replace(PAID_AT_ONCE, settled="undelivered 0"), DELIVERED, CONFLICT),
        (replace(PAID_AT_ONCE, settled="anything"), DELIVERED, CONFLICT),
        (replace(PAID_AT_ONCE, settled="partial 4"), DELIVERED, CONFLICT),
        (NEVER_PAID, UNDELIVERED, already(0)),
        (NEVER_PAID, DELIVERED, CONFLICT),
        (replace(RELEASED, settled="partial 2"), TWO_OF_THREE, already(0)),
        (replace(RELEASED, settled="partial 2"), DELIVERED, CONFLICT),
    ],
)
def test_what_a_receipt_comes_to_depends_on_what_has_happened_to_the_money(
    payment: Payment, receipt: Receipt, settlement: Settlement
) -> None:
    """The table of settlement: a refund comes before its mark, so that a lost refund is made again."""
    assert settlement_of(payment, receipt) == settlement


def test_a_charge_that_stripe_calls_too_little_is_released_once_it_is_marked() -> None:
    """The mark comes before the release: a repeated receipt finds its own words, and no conflict."""
    settlement = settlement_uncharged(TWO_OF_THREE)
    assert settlement == settled(0, MarkSettled("partial 2"), Release())
    marked = replace(RELEASED, settled="partial 2")
    assert settlement_of(marked, TWO_OF_THREE).answer == Answer(Result.ALREADY, 0)


@pytest.mark.parametrize(
    ("payment", "answer"),
    [
        (RESERVED, Answer(Result.RETRY)),
        (PAID_AT_ONCE, Answer(Result.RETRY)),
        (replace(RESERVED, status="processing"), Answer(Result.RETRY)),
        (CHARGED, Answer(Result.ALREADY, 250)),
        (RELEASED, Answer(Result.CONFLICT)),
    ],
)
def test_after_a_lost_answer_the_payment_itself_says_what_was_done(payment: Payment, answer: Answer) -> None:
    """Nothing is moved twice in one request: what still waits is for the next receipt."""
    assert answer_after_doubt(payment, DELIVERED) == answer


def test_credits_paid_stand_in_from_the_order_when_the_receipt_does_not_say() -> None:
    """Short receipts are enough."""
    body = {"paymentId": "pi_1", "outcome": "delivered", "creditsDelivered": 3}
    assert read_receipt(body, credits_ordered=3) == DELIVERED
