"""The ledger as an operator reads it: aligned, within 100 columns, and the money right to the unit."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.pages.payments_report import (
    WIDTH,
    LedgerRow,
    Totals,
    Wanted,
    payments_json,
    payments_text,
    totals,
    totals_json,
    totals_text,
)

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SOLD = LedgerRow(
    payment_id="pi_3QabcdefGHIJKLmnop123456",
    received_at=datetime(2026, 11, 22, 9, 30, 5, tzinfo=UTC),
    credits=3,
    amount=250,
    currency="usd",
    has_receipt=True,
    test=False,
    pulses=3,
    intended=3,
    fired=3,
    ambiguous=0,
    uncounted=0,
    outcome="delivered",
    credits_delivered=3,
    reason="its last pulse was fired",
    answer="settled",
    charged_by_relay=None,
)


def sold(**fields: Any) -> LedgerRow:
    return replace(SOLD, **fields)


FREE = sold(
    payment_id="free_1_0a1b_2c",
    credits=1,
    amount=0,
    pulses=1,
    intended=1,
    fired=1,
    credits_delivered=1,
    charged_by_relay=0,
)
OPEN = sold(
    payment_id="pi_open", outcome=None, credits_delivered=0, answer=None, reason=None, intended=2, fired=1
)
PARTIAL = sold(
    payment_id="pi_partial", outcome="partial", credits_delivered=2, fired=2, ambiguous=1, answer=None
)
LATE = sold(
    payment_id="pi_late",
    received_at=NOW - timedelta(days=1),
    amount=300,
    currency="jpy",
    outcome="undelivered",
    credits_delivered=0,
    intended=0,
    fired=0,
    reason="the credit window ended",
)
CONFLICT = sold(payment_id="pi_conflict", answer="conflict")
UNSIGNED = sold(
    payment_id="unsigned-" + "0123456789abcdef" * 2,
    amount=None,
    currency=None,
    has_receipt=False,
    answer=None,
)
MISSED = sold(
    payment_id="pi_missed", outcome="partial", credits_delivered=1, fired=1, ambiguous=1, uncounted=1
)
TEST = sold(
    payment_id="test-1f",
    amount=None,
    currency=None,
    has_receipt=False,
    test=True,
    answer=None,
    credits=2,
    credits_delivered=2,
)
FAILED_TEST = replace(TEST, outcome="undelivered", credits_delivered=0, fired=0, uncounted=2)
COINS = {date(2026, 11, 20): 3, date(2026, 11, 22): 40}
TABLE = """\
time      payment                                amount  credits  pulses  state        receipt   age
2026-11-21 Saturday
12:00:00  pi_late                                ¥300    0/3      0/0     undelivered  settled   1 d
          the credit window ended
2026-11-22 Sunday
09:30:05  pi_3QabcdefGHIJKLmnop123456            $2.50   3/3      3/3     delivered    settled   2 h
09:30:05  pi_partial                             $2.50   2/3      2/3 1?  partial      owed      2 h
          its last pulse was fired
09:30:05  pi_open                                $2.50   0/3      1/2     open         none      2 h
09:30:05  pi_conflict                            $2.50   3/3      3/3     delivered    conflict  2 h
09:30:05  unsigned-012345678…ef0123456789abcdef  -       3/3      3/3     delivered    none      2 h
"""
METERED = """\
time      payment    amount  credits  pulses     state    receipt  age
2026-11-22 Sunday
09:30:05  pi_missed  $2.50   1/3      1/3 1? 1!  partial  settled  2 h
          its last pulse was fired
09:30:05  test-1f    -       2/2      3/3        test     none     2 h
09:30:05  test-1f    -       0/2      0/3 2!     test     none     2 h
          its last pulse was fired
"""


def test_payments_are_a_table_by_day() -> None:
    """The order is that in which they came; below a payment stands why it was not delivered in full."""
    assert payments_text([LATE, SOLD, PARTIAL, OPEN, CONFLICT, UNSIGNED], NOW) == TABLE


def test_what_the_meter_missed_is_told_apart_from_what_nobody_knows() -> None:
    """Test credits are in the list and marked, with why they did not come."""
    assert payments_text([MISSED, TEST, FAILED_TEST], NOW) == METERED


def test_what_is_too_little_to_charge_is_told() -> None:
    """Once the relay has said so: until then, and of an older relay, the price stands."""
    cheap = sold(
        payment_id="pi_cheap", outcome="partial", credits_delivered=1, amount=100, charged_by_relay=0
    )
    lines = payments_text([cheap, replace(cheap, charged_by_relay=None)], NOW).splitlines()[2:]

    assert lines == [
        "09:30:05  pi_cheap  $1.00   1/3      3/3     partial  settled  2 h",
        "          its last pulse was fired",
        "          not charged: below Stripe's least charge",
        "09:30:05  pi_cheap  $1.00   1/3      3/3     partial  settled  2 h",
        "          its last pulse was fired",
    ]


def test_no_payments_is_said() -> None:
    """An empty table would look like a failure."""
    assert payments_text([], NOW) == "no payments\n"


def test_days_are_those_of_the_rows_time_zone() -> None:
    """A sale after midnight is booked where the cabinet stands."""
    berlin = sold(received_at=datetime(2026, 11, 22, 0, 30, tzinfo=timezone(timedelta(hours=1))))

    assert "2026-11-22 Sunday\n00:30:00 " in payments_text([berlin], NOW)
    assert (
        json.loads(payments_json([berlin], (), NOW))["payments"][0]["receivedAt"]
        == "2026-11-21T23:30:00.000Z"
    )


@pytest.mark.parametrize(
    ("age", "said"),
    [
        (timedelta(0), "0 s"),
        (timedelta(seconds=59.9), "59 s"),
        (timedelta(seconds=60), "1 min"),
        (timedelta(minutes=59), "59 min"),
        (timedelta(hours=23), "23 h"),
        (timedelta(days=400), "400 d"),
        (timedelta(seconds=-1), "-"),
    ],
)
def test_an_age_is_told_in_its_largest_unit(age: timedelta, said: str) -> None:
    """A payment from the future was dated by a clock that was ahead: it has no age."""
    line = payments_text([sold(received_at=NOW - age)], NOW).splitlines()[2]
    assert line.endswith(f"  settled  {said}")


@given(
    st.lists(
        st.builds(
            sold,
            payment_id=st.from_regex(r"[A-Za-z0-9_-]{1,255}", fullmatch=True),
            amount=st.integers(0, 99_999_999),
            currency=st.sampled_from(["usd", "chf", "jpy", "kwd", "xaf"]),
            credits=st.just(100),
            credits_delivered=st.integers(0, 100),
            intended=st.integers(0, 1000),
            outcome=st.sampled_from([None, "delivered", "partial", "undelivered"]),
            answer=st.sampled_from([None, "settled", "already", "conflict", "unknown"]),
            reason=st.text(st.characters(codec="ascii", categories=["L", "Zs"]), max_size=300),
            ambiguous=st.integers(0, 9),
            uncounted=st.integers(0, 9),
        ),
        max_size=5,
    )
)
def test_the_table_fits_the_terminal(rows: list[LedgerRow]) -> None:
    """Whatever a payment is called and costs."""
    assert max(map(len, payments_text(rows, NOW).splitlines())) <= WIDTH


# Which


@pytest.mark.parametrize(
    ("state", "rows"),
    [
        (None, [SOLD, OPEN, PARTIAL, LATE, CONFLICT, TEST, FAILED_TEST]),
        ("open", [OPEN]),
        ("delivered", [SOLD, CONFLICT]),
        ("partial", [PARTIAL]),
        ("undelivered", [LATE]),
        ("owed", [PARTIAL]),
        ("conflict", [CONFLICT]),
        ("test", [TEST, FAILED_TEST]),
    ],
)
def test_a_state_is_that_of_the_train_or_of_its_receipt(state: str | None, rows: list[LedgerRow]) -> None:
    """An operator asks for either by one word."""
    assert Wanted(state).of([SOLD, OPEN, PARTIAL, LATE, CONFLICT, TEST, FAILED_TEST]) == rows


def test_a_day_can_be_asked_for() -> None:
    """With a state as well."""
    assert Wanted(day=date(2026, 11, 21)).of([SOLD, LATE]) == [LATE]
    assert Wanted("delivered", date(2026, 11, 21)).of([SOLD, LATE]) == []


@pytest.mark.parametrize(
    ("wanted", "coins"),
    [
        (Wanted(), COINS),
        (Wanted(day=date(2026, 11, 22)), {date(2026, 11, 22): 40}),
        (Wanted(day=date(2026, 11, 21)), {}),
        (Wanted("delivered"), {}),
    ],
)
def test_cash_coins_have_a_day_and_no_state(wanted: Wanted, coins: dict[date, int]) -> None:
    """Among payments of one state they would be out of place."""
    assert wanted.coins_of(COINS) == coins


# Money


@pytest.mark.parametrize(
    ("row", "charged"),
    [
        (SOLD, 250),
        (PARTIAL, 166),
        (LATE, 0),
        (OPEN, 0),
        (CONFLICT, 0),
        (sold(answer="unknown"), 0),
        (sold(answer="already"), 250),
        (UNSIGNED, 0),
        (replace(PARTIAL, answer="settled", charged_by_relay=165), 165),
        (replace(PARTIAL, answer="settled", charged_by_relay=0), 0),
    ],
    ids=[
        "whole",
        "2 of 3",
        "nothing",
        "open",
        "conflict",
        "unknown",
        "already",
        "no price",
        "as the relay said",
        "too little",
    ],
)
def test_the_delivered_credits_are_charged_rounded_down(row: LedgerRow, charged: int) -> None:
    """What the relay could not charge is not counted."""
    assert row.charged == charged


def test_totals_count_payments_and_add_money_by_currency() -> None:
    """An open payment and an undelivered one are no sales."""
    yen = sold(amount=300, currency="jpy")
    assert totals(
        [SOLD, SOLD, PARTIAL, OPEN, LATE, CONFLICT, UNSIGNED, yen, TEST, FAILED_TEST, FREE], 7
    ) == Totals(
        payments=8,
        sales=6,
        credits=17,
        undelivered=1,
        open=1,
        owed=1,
        conflicts=1,
        free_credits=1,
        test_credits=2,
        cash_coins=7,
        charged=(("jpy", 300), ("usd", 666)),
    )


def test_test_credits_are_no_sale() -> None:
    """They count as test credits and nowhere else."""
    nothing = Totals(0, 0, 0, 0, 0, 0, 0, free_credits=0, test_credits=2, cash_coins=0, charged=())
    still_open = replace(TEST, outcome=None, credits_delivered=0)
    assert totals([TEST, FAILED_TEST, still_open]) == nothing


def test_free_credits_are_no_sale() -> None:
    """They cost nothing, count as free and nowhere else, and nobody is told of a least charge."""
    undelivered = replace(FREE, outcome="undelivered", credits_delivered=0)
    nothing = Totals(0, 0, 0, 0, 0, 0, 0, free_credits=1, test_credits=0, cash_coins=0, charged=())
    assert totals([FREE, undelivered]) == nothing
    assert payments_text([FREE], NOW) == (
        "time      payment         amount  credits  pulses  state      receipt  age\n"
        "2026-11-22 Sunday\n"
        "09:30:05  free_1_0a1b_2c  free    1/1      1/1     delivered  settled  2 h\n"
    )
    assert Wanted(state="free").of([SOLD, FREE, TEST, undelivered]) == [FREE, undelivered]


def test_totals_are_a_line_a_day_and_their_sum() -> None:
    """The days in order, though the clock leapt back between the payments."""
    assert totals_text([SOLD, LATE, PARTIAL, TEST], COINS) == (
        "day         sales  credits  undelivered  open  owed  conflict  cash coins  free  test  charged\n"
        "2026-11-20  0      0        0            0     0     0         3           0     0     -\n"
        "2026-11-21  0      0        1            0     0     0         0           0     0     -\n"
        "2026-11-22  2      5        0            0     1     0         40          0     2     $4.16\n"
        "all         2      5        1            0     1     0         43          0     2     $4.16\n"
    )


def test_totals_of_nothing_are_nothing() -> None:
    """A table all the same: zero is an answer."""
    assert totals_text([], {}).splitlines()[1:] == [
        "all  0      0        0            0     0     0         0           0     0     -"
    ]


# JSON


def test_payments_are_one_json_document() -> None:
    """Amounts in minor units, times in UTC."""
    missed = replace(PARTIAL, uncounted=1)
    assert json.loads(payments_json([missed], ("the ledger was damaged",), NOW)) == {
        "readAt": "2026-11-22T12:00:00.000Z",
        "faults": ["the ledger was damaged"],
        "payments": [
            {
                "paymentId": "pi_partial",
                "receivedAt": "2026-11-22T09:30:05.000Z",
                "ageS": 8995,
                "amount": 250,
                "currency": "usd",
                "charged": 166,
                "creditsPaid": 3,
                "creditsDelivered": 2,
                "pulses": {"all": 3, "intended": 3, "fired": 2, "ambiguous": 1, "uncounted": 1},
                "state": "partial",
                "free": False,
                "reason": "its last pulse was fired",
                "receipt": "owed",
            }
        ],
    }


def test_totals_are_one_json_document() -> None:
    """Money by currency."""
    assert json.loads(totals_json([SOLD, TEST, FREE], {date(2026, 11, 22): 40}, (), NOW)) == {
        "readAt": "2026-11-22T12:00:00.000Z",
        "faults": [],
        "totals": [
            {
                "day": "2026-11-22",
                "payments": 1,
                "sales": 1,
                "credits": 3,
                "undelivered": 0,
                "open": 0,
                "owed": 0,
                "conflicts": 0,
                "cashCoins": 40,
                "freeCredits": 1,
                "testCredits": 2,
                "charged": {"usd": 250},
            }
        ],
    }
