"""Stripe's side of the book: read with few questions, whole after any failure, and only what is ours."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fleet_money_parts import OWNERSHIP, READ_KEY, Account, account, day_of

from cloud_relay.errors import StripeUnavailable
from fleet.book.database.engine import reading, writing
from fleet.book.stripe.days import add_up_days, redo_days
from fleet.book.stripe.marks import read_marks
from fleet.book.tables import sales, stripe_days, stripe_movements, stripe_payments, stripe_returns
from fleet.reconciling.key import KeyCanWrite, ReadKeyReport, look_at_key
from fleet.reconciling.reader import StripeReading
from fleet.reconciling.reading import MANY
from simulator.stripe.model.permissions import READ_ONLY

pytestmark = pytest.mark.fleet

HOUR_S = 3600
DAY_S = 24 * HOUR_S
PAID = ("payment_id", "status", "captured", "refunded", "disputed")
SUMS = ("payments", "captured", "reserved", "released", "refunded", "disputed", "fee", "net")


@pytest.fixture
def hall() -> Iterator[Account]:
    """A Stripe account and an empty book."""
    with account() as running:
        yield running


def in_book(hall: Account) -> dict[str, tuple[object, ...]]:
    """Status, captured, refunded and disputed of each payment."""
    return {row[0]: row[1:] for row in hall.rows(stripe_payments, *PAID)}


def sums(hall: Account) -> list[tuple[object, ...]]:
    """Day, currency, price and sums of all machines."""
    return hall.rows(stripe_days, "day", "currency", "price", *SUMS)


def test_every_state_of_a_payment_comes_into_the_book_and_changes_there(hall: Account) -> None:
    """Read first when new, and again after whatever happens to it."""
    held, whole, part, gone = (hall.pay() for _ in range(4))
    hall.read()
    assert in_book(hall) == dict.fromkeys((held, whole, part, gone), ("requires_capture", 0, 0, 0))
    hall.stripe.capture(whole)
    hall.stripe.capture(part, 83)
    hall.stripe.cancel(gone)
    hall.clock.now_s += 2 * HOUR_S
    hall.read()
    assert in_book(hall) == {
        held: ("requires_capture", 0, 0, 0),
        whole: ("succeeded", 250, 0, 0),
        part: ("succeeded", 83, 0, 0),
        gone: ("canceled", 0, 0, 0),
    }
    assert sums(hall) == [("2027-01-15", "usd", 250, 4, 333, 250, 417, 0, 0, 69, 264)]


def test_what_goes_back_counts_on_the_day_on_which_it_went(hall: Account) -> None:
    """Refunds and disputes weeks later; a failed refund and a won dispute take nothing."""
    refunded, failed, disputed, won = (hall.charge() for _ in range(4))
    hall.read()
    hall.clock.now_s += 20 * DAY_S
    hall.stripe.refund(refunded, 100)
    failing = hall.stripe.refund(failed)
    hall.stripe.dispute(disputed)
    dispute = hall.stripe.dispute(won)
    hall.read()
    assert sums(hall) == [
        ("2027-01-15", "usd", 250, 4, 1000, 0, 0, 0, 0, 148, 852),
        ("2027-02-04", "usd", 250, 0, 0, 0, 0, 350, 500, 3000, -3850),
    ]
    hall.clock.now_s += DAY_S
    hall.stripe.finish_refund(failing, "failed")
    hall.stripe.close_dispute(dispute.id, "won")
    hall.read()
    assert in_book(hall) == {
        refunded: ("succeeded", 250, 100, 0),
        failed: ("succeeded", 250, 0, 0),
        disputed: ("succeeded", 250, 0, 250),
        won: ("succeeded", 250, 0, 0),
    }
    assert sums(hall) == [
        ("2027-01-15", "usd", 250, 4, 1000, 0, 0, 0, 0, 148, 852),
        ("2027-02-04", "usd", 250, 0, 0, 0, 0, 100, 250, 3000, -3850),
        ("2027-02-05", "usd", 250, 0, 0, 0, 0, 0, 0, 0, 500),
    ]
    assert [row for row in hall.rows(stripe_payments, "payment_id", "has_failed_refund") if row[1]] == [
        (failed, True)
    ]


def test_what_is_converted_is_settled_in_its_own_currency(hall: Account) -> None:
    """The charge stays what it was; fee and net are in what the account is paid in."""
    hall.stripe.change_account(default_currency="eur", exchange_rates={"usd": 0.8})
    hall.charge(250)
    hall.read()
    assert sums(hall) == [
        ("2027-01-15", "eur", 250, 0, 0, 0, 0, 0, 0, 30, 170),
        ("2027-01-15", "usd", 250, 1, 250, 0, 0, 0, 0, 0, 0),
    ]
    assert hall.rows(stripe_days, "currency", "price_currency") == [("eur", "usd"), ("usd", "usd")]


def test_only_our_relays_payments_are_in_the_book(hall: Account) -> None:
    """Neither another hall's, nor a shop's, nor what names no machine; nor their fees."""
    for data in (
        {"machine_id": "galaga-01", "relay": "another"},
        {"order": "7"},
        OWNERSHIP.mark({"machine_id": "no machine"}),
        {},
    ):
        hall.stripe.capture(hall.pay_with(data))
    ours = hall.charge()
    hall.read()
    hall.clock.now_s += HOUR_S
    hall.read()
    assert list(in_book(hall)) == [ours]
    assert [row[0] for row in hall.rows(stripe_movements, "payment_id")] == [ours]


def test_a_run_at_rest_reads_twice(hall: Account) -> None:
    """Hourly that is 1,440 reads a month, beside the 10,000 of the least ration."""
    hall.charge()
    hall.read()
    hall.clock.now_s += 2 * HOUR_S
    hall.read()
    before = hall.stripe.reads.total
    for _ in range(3):
        hall.clock.now_s += HOUR_S
        hall.read()
    assert hall.stripe.reads.total - before == 3 * 2


def test_many_changes_are_read_as_a_list(hall: Account) -> None:
    """A page for a hundred of them, and the old one that changed for itself."""
    old = hall.charge()
    hall.read()
    hall.clock.now_s += 3 * DAY_S
    hall.stripe.refund(old)
    many = [hall.charge() for _ in range(MANY + 5)]
    before = hall.stripe.reads.total
    hall.clock.now_s += HOUR_S
    hall.read()
    assert in_book(hall) == {
        old: ("succeeded", 250, 250, 0),
        **dict.fromkeys(many, ("succeeded", 250, 0, 0)),
    }
    assert hall.stripe.reads.total - before <= 5


@pytest.mark.parametrize("path", ["/v1/events", "/v1/payment_intents", "/v1/balance_transactions"])
def test_a_run_that_failed_is_done_again(hall: Account, path: str) -> None:
    """Nothing is lost, nothing is twice, whichever answer did not come."""
    hall.charge()
    hall.read()
    marks = hall.clock()
    hall.clock.now_s += HOUR_S
    charged = hall.charge()
    hall.stripe.fail_next(3, path_prefix=path)
    with pytest.raises(StripeUnavailable):
        hall.read()
    with reading(hall.engine) as connection:
        assert (read_marks(connection) or ())[1] == marks
    hall.read()
    hall.read()
    assert in_book(hall)[charged] == ("succeeded", 250, 0, 0)
    assert sums(hall) == [("2027-01-15", "usd", 250, 2, 500, 0, 0, 0, 0, 74, 426)]


def test_a_fleet_that_comes_late_reads_as_far_back_as_its_sales(hall: Account) -> None:
    """Payments of months ago, whose events Stripe has forgotten, as soon as a machine tells of its past."""
    first_s = hall.clock.now_s
    old = hall.charge()
    hall.clock.now_s += 90 * DAY_S
    hall.read()
    assert in_book(hall) == {}
    with writing(hall.engine) as connection:
        connection.execute(
            sales.insert().values(
                machine_id="galaga-01", payment_id=old, at=float(first_s), day="2027-01-15", kind="phone",
                credits=3, credits_delivered=3, fired=3, uncounted=0, in_doubt=0,
            )
        )  # fmt: skip
    hall.clock.now_s += HOUR_S
    hall.read()
    assert in_book(hall) == {old: ("succeeded", 250, 0, 0)}
    assert sums(hall) == [("2027-01-15", "usd", 250, 1, 250, 0, 0, 0, 0, 37, 213)]
    before = hall.stripe.reads.total
    hall.read()
    assert hall.stripe.reads.total - before == 2


def test_a_fleet_that_slept_longer_than_events_are_kept_reads_all_again(hall: Account) -> None:
    """A list of payments takes the place of what Stripe does not tell any more."""
    held = hall.pay()
    hall.read()
    hall.stripe.capture(held)
    hall.stripe.book.events.clear()
    hall.clock.now_s += 40 * DAY_S
    with writing(hall.engine) as connection:
        connection.execute(
            sales.insert().values(
                machine_id="galaga-01", payment_id=held, at=hall.clock() - 40 * DAY_S, day="2027-01-15",
                kind="phone", credits=3, credits_delivered=3, fired=3, uncounted=0, in_doubt=0,
            )
        )  # fmt: skip
    hall.read()
    assert in_book(hall) == {held: ("succeeded", 250, 0, 0)}


def test_the_sums_can_be_made_anew(hall: Account) -> None:
    """From the payments alone, equal to those that were kept up."""
    for amount in (100, 250, 250):
        hall.charge(amount)
    hall.pay(machine_id="pong-01")
    hall.read()
    kept = hall.rows(stripe_days, *stripe_days.columns.keys())
    with writing(hall.engine) as connection:
        connection.execute(stripe_days.delete())
        add_up_days(connection)
    assert hall.rows(stripe_days, *stripe_days.columns.keys()) == kept
    assert len(kept) == 3


def test_a_place_whose_time_zone_was_wrong_has_its_days_anew(hall: Account) -> None:
    """The payments, what went back and what was moved, and the sums of the days."""
    charged = hall.charge()
    hall.stripe.refund(charged, 100)
    hall.read()
    with writing(hall.engine) as connection:
        redo_days(connection, lambda _, at: day_of("", at - 12 * HOUR_S), ["galaga-01"])
    assert sums(hall) == [("2027-01-14", "usd", 250, 1, 250, 0, 0, 100, 0, 37, 113)]
    with writing(hall.engine) as connection:
        redo_days(connection, day_of)
    assert sums(hall) == [("2027-01-15", "usd", 250, 1, 250, 0, 0, 100, 0, 37, 113)]


def test_one_payment_can_be_read_at_once(hall: Account) -> None:
    """As after its refund, without a run: with what the refund moved."""
    charged = hall.charge()
    hall.read()
    hall.stripe.refund(charged)
    hall.reading.read_one(charged, hall.clock())
    moved = sorted(row[1:] for row in hall.rows(stripe_movements, "movement_id", "kind", "amount"))
    assert moved == [("charge", 250), ("refund", -250)]
    assert in_book(hall)[charged] == ("succeeded", 250, 250, 0)
    assert [row[1:] for row in hall.rows(stripe_returns, "return_id", "kind", "amount", "day")] == [
        ("refund", 250, "2027-01-15")
    ]


def test_a_key_that_can_only_read_is_right(hall: Account) -> None:
    """It sees all five rows, and may do none of what a thief would."""
    assert look_at_key(hall.reading_of) == ReadKeyReport()


@pytest.mark.parametrize(
    ("row", "may"),
    [
        ("payment_intent", "capture, cancel"),
        ("charge", "refund"),
        ("checkout_session", "make a Checkout Session"),
        ("payment_links", "make a payment link"),
        ("webhook", "change where events go"),
    ],
)
def test_a_key_that_can_write_is_refused_with_the_remedy(hall: Account, row: str, may: str) -> None:
    """Whatever it can write; trying it has changed nothing."""
    hall.pay()
    before = hall.stripe.money()
    hall.stripe.api_keys.allow(READ_KEY, {**READ_ONLY, row: "write"})
    with pytest.raises(KeyCanWrite) as refused:
        look_at_key(hall.reading_of)
    assert str(refused.value) == (
        f"STRIPE_READ_KEY can {may}: whoever steals it could too. Make a restricted key in Stripe's "
        "Dashboard (Developers, API keys, Create restricted key) with Read at PaymentIntents, Charges and "
        "Refunds, Payment Disputes, Balance Transaction Sources, Events and None at all else, and set it as "
        "STRIPE_READ_KEY."
    )
    assert (hall.stripe.money(), len(hall.stripe.book.endpoints)) == (before, 1)


def test_a_secret_key_is_refused_without_being_tried(hall: Account) -> None:
    """It may do everything: no question is needed."""
    with pytest.raises(KeyCanWrite, match="STRIPE_READ_KEY is a secret key, which may do everything"):
        look_at_key(StripeReading("sk_test_stand_in", OWNERSHIP, hall.stripe.api_url))
    assert hall.stripe.reads.total == 0


def test_what_a_key_lacks_is_named(hall: Account) -> None:
    """Row by row, as the dashboard calls them; a key that Stripe does not know is told as such."""
    hall.stripe.api_keys.allow(READ_KEY, {**READ_ONLY, "balance_transaction_source": "none"})
    (problem,) = look_at_key(hall.reading_of).problems
    assert problem.startswith(
        "STRIPE_READ_KEY lacks Balance Transaction Sources: Read: it cannot read fees. Make"
    )
    hall.stripe.api_keys.forget(READ_KEY)
    (problem,) = look_at_key(hall.reading_of).problems
    assert problem.startswith("Stripe does not know STRIPE_READ_KEY: it was rolled or deleted. Make")


def test_a_stripe_that_is_away_says_nothing_of_the_key(hall: Account) -> None:
    """The fleet starts all the same, and looks again."""
    hall.stripe.fail_next(100)
    assert look_at_key(hall.reading_of) == ReadKeyReport(is_known=False)
