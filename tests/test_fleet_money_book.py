"""Money in the book, on both databases: what reports add up is what the rows say, to the minor unit."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, date
from typing import Any

import pytest
from fleet_kit import NOON, SmallCabinet
from fleet_money_parts import day_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, delete, insert, select, update

from fleet.book import tables
from fleet.book.came.recording import Came, record
from fleet.book.database.engine import reading, writing
from fleet.book.figures.differences import difference_of, differences
from fleet.book.figures.money_rows import count_of, rows_of
from fleet.book.figures.shares import Span, parts_of_place
from fleet.book.figures.takings import takings
from fleet.book.stripe.marks import mark_read
from fleet.book.stripe.payments import save_payments
from fleet.book.typed.cash import NewCollection, collected, save_collection
from fleet.book.typed.scopes import Scope
from fleet.reports.cash import Collected
from fleet.reports.periods import Period
from fleet.reports.rows import RowsOf, Wanted
from fleet.reports.shares import MachinePart
from fleet.reports.takings import By, Figures, report
from fleet.reports.two_books import Trouble
from fleet.rules.stripe_objects import Movement, Return, StripePayment

pytestmark = pytest.mark.fleet

ALL, DAY = Scope(), "2026-11-18"
PERIOD = Period(date(2026, 11, 1), date(2026, 11, 30))
DAY_S = 86400.0
PAID = StripePayment("pi_1", "galaga-01", NOON, "succeeded", "usd", 250, 250, 0, False, "{}")


def utc(_: str) -> Any:
    return UTC


def tell(connection: Connection, *cabinets: SmallCabinet) -> None:
    """Have the book hear of all that these cabinets have."""
    for cabinet in cabinets:
        record(connection, [Came(cabinet.batch(), cabinet.sent_at)], utc)


def save(connection: Connection, *payments: StripePayment, now_s: float = NOON + 30 * DAY_S) -> None:
    """Have the book read of these payments."""
    save_payments(connection, payments, now_s, day_of)
    mark_read(connection, NOON - DAY_S, now_s)


def place(connection: Connection, name: str, *machine_ids: str) -> int:
    """A place with these machines, whose coins are quarters."""
    row = {
        "name": name, "zone": "UTC", "opening": "", "owner_name": "Ann", "owner_share_percent": 40.0,
        "deductions": "[]",
    }  # fmt: skip
    number = int(connection.execute(insert(tables.locations).values(row)).inserted_primary_key[0])
    connection.execute(
        update(tables.machines)
        .where(tables.machines.c.machine_id.in_(machine_ids))
        .values(location_id=number, coin_value=25, coin_currency="usd", name="Galaga")
    )
    return number


def two_machines() -> tuple[SmallCabinet, SmallCabinet]:
    """One that sold by phone, gave test and free credits and took coins, and one that sold in euro."""
    one, two = SmallCabinet(), SmallCabinet("pong-01", ledger="b" * 32)
    one.sell("pi_1", 3, 250, currency="usd")
    one.sell("pi_2", 1, 100, currency="usd")
    one.write("sale", paymentId="t_1", test=True, credits=2, creditsDelivered=2, outcome="delivered")
    one.write("sale", paymentId="free_1", free=True, credits=1, creditsDelivered=1, outcome="delivered")
    for number in (1, 2, 3):
        one.write("coin", number=number)
    two.sell("pi_3", 1, 90, currency="eur")
    return one, two


def stripes() -> list[StripePayment]:
    """What Stripe has of their sales: one was refunded a day later, one is settled in another currency."""
    moved = Movement("txn_1", "pi_1", "charge", NOON, "usd", 250, 37, 213)
    back = Return("re_1", "refund", NOON + DAY_S, "succeeded", "usd", 100)
    return [
        replace(PAID, movements=(moved,), refunded=100, returns=(back,)),
        replace(PAID, payment_id="pi_2", amount=100, captured=100),
        replace(
            PAID,
            payment_id="pi_3",
            machine_id="pong-01",
            currency="eur",
            amount=90,
            captured=90,
            movements=(Movement("txn_3", "pi_3", "charge", NOON, "usd", 100, 33, 67),),
        ),
        replace(PAID, payment_id="pi_4", status="canceled", captured=0),
        replace(PAID, payment_id="pi_5", status="requires_capture", captured=0),
        replace(PAID, payment_id="pi_6", status="requires_payment_method", captured=0),
    ]


ONE = Figures(
    sales=2, phone=350, credits=4, coins=3, cash=75, free_credits=1, test_credits=2,
    payments=5, captured=350, reserved=250, released=250, refunded=100, fee=37, net=213,
)  # fmt: skip
TWO = Figures(sales=1, phone=90, credits=1, payments=1, captured=90)
TWO_SETTLED = Figures(fee=33, net=67)


@pytest.fixture
def hall(book: Engine) -> Engine:
    """A book with two machines, of which one has a place, and Stripe's side."""
    with writing(book) as connection:
        tell(connection, *two_machines())
        save(connection, *stripes())
        place(connection, "Bar", "galaga-01")
    return book


def reported(hall: Engine, by: By, scope: Scope = ALL, period: Period = PERIOD) -> dict[Any, Figures]:
    """The lines of a report."""
    with reading(hall) as connection:
        made = report(by, takings(connection, by, period, scope))
    return {(line.about, line.currency): line.figures for line in made.lines}


def test_a_report_has_both_books_side_by_side(hall: Engine) -> None:
    """By machine, by day and by price; a refund stands on its day, fees in their own currency."""
    assert reported(hall, By.MACHINE) == {
        ("galaga-01", "usd"): ONE,
        ("pong-01", "eur"): TWO,
        ("pong-01", "usd"): TWO_SETTLED,
    }
    by_day = reported(hall, By.DAY)
    assert by_day == {
        (DAY, "eur"): replace(TWO, free_credits=1, test_credits=2),
        (DAY, "usd"): replace(ONE, refunded=0, free_credits=0, test_credits=0) + TWO_SETTLED,
        ("2026-11-19", "usd"): Figures(refunded=100),
    }
    by_price = reported(hall, By.PRICE)
    assert list(by_price) == [("90 eur", "eur"), ("90 eur", "usd"), ("100 usd", "usd"), ("250 usd", "usd")]
    assert (by_price["250 usd", "usd"].phone, by_price["90 eur", "usd"]) == (250, TWO_SETTLED)


def test_a_report_ends_with_its_scope_and_its_period(hall: Engine) -> None:
    """A partner's place, one machine, a day."""
    assert reported(hall, By.MACHINE, Scope(location_id=1)) == {("galaga-01", "usd"): ONE}
    assert reported(hall, By.MACHINE, Scope(machine_id="pong-01")) == {
        ("pong-01", "eur"): TWO,
        ("pong-01", "usd"): TWO_SETTLED,
    }
    assert reported(hall, By.MACHINE, Scope(1, "pong-01")) == {}
    one_day = Period(date(2026, 11, 19), date(2026, 11, 19))
    assert reported(hall, By.DAY, period=one_day) == {("2026-11-19", "usd"): Figures(refunded=100)}


@pytest.mark.parametrize(
    ("rows", "more", "ids"),
    [
        (RowsOf.SALES, {"sale_kind": "phone", "currency": "usd"}, ["pi_2", "pi_1"]),
        (RowsOf.SALES, {"price": 250}, ["pi_1"]),
        (RowsOf.RETURNS, {}, ["re_1"]),
        (RowsOf.MOVEMENTS, {"currency": "usd"}, ["txn_1", "txn_3"]),
        (RowsOf.PAYMENTS, {"currency": "eur"}, ["pi_3"]),
    ],
)
def test_every_figure_has_its_rows(hall: Engine, rows: RowsOf, more: dict[str, Any], ids: list[str]) -> None:
    """Just those that make it, newest first."""
    wanted = Wanted(rows, PERIOD, **more)
    name = {RowsOf.RETURNS: "return_id", RowsOf.MOVEMENTS: "movement_id"}.get(rows, "payment_id")
    with reading(hall) as connection:
        assert [row[name] for row in rows_of(connection, wanted, ALL, 10)] == ids
        assert count_of(connection, wanted, ALL) == len(ids)
        assert [row[name] for row in rows_of(connection, wanted, ALL, 1, 1)] == ids[1:2]
        elsewhere = Scope(machine_id="dig-01")
        assert rows_of(connection, wanted, elsewhere, 10) == []


def test_differences_are_found_with_both_sides(hall: Engine) -> None:
    """What agrees is not listed; what is held, untold, unknown or another's is."""
    cabinet = SmallCabinet("dig-01", ledger="c" * 32)
    cabinet.sell("pi_3", 1, 90, currency="eur")
    cabinet.sell("pi_7", 1, 100, currency="usd")
    cabinet.sell("pi_8", 3, 250, currency="usd")
    with writing(hall) as connection:
        tell(connection, cabinet)
        save(
            connection,
            replace(PAID, payment_id="pi_8", machine_id="dig-01", captured=100),
            replace(PAID, payment_id="pi_9"),
        )
    with reading(hall) as connection:
        found = {each.payment_id: each for each in differences(connection, 0.0, ALL)}
        assert {name: each.trouble for name, each in found.items()} == {
            "pi_3": Trouble.OTHER_MACHINE,
            "pi_5": Trouble.HELD,
            "pi_7": Trouble.UNKNOWN,
            "pi_8": Trouble.OTHER_AMOUNT,
            "pi_9": Trouble.UNTOLD,
        }
        sale, stripe = found["pi_8"].sale, found["pi_8"].stripe
        assert (sale and sale.charged, stripe and stripe.captured) == (250, 100)
        assert difference_of(connection, "pi_9", ALL) == found["pi_9"]
        assert difference_of(connection, "pi_9", Scope(machine_id="dig-01")) is None
        assert differences(connection, NOON + DAY_S, ALL) == []


def test_without_a_look_at_stripe_nothing_differs(book: Engine) -> None:
    """One book alone cannot be compared."""
    with writing(book) as connection:
        tell(connection, *two_machines())
    with reading(book) as connection:
        assert differences(connection, 0.0, ALL) == []


def test_cash_is_held_against_the_coins_since_the_collection_before(hall: Engine) -> None:
    """Coins that a machine tells of later count for the collection in whose time they fell."""
    new = NewCollection("galaga-01", NOON + 17.5, 50, "usd", "Ann", "")
    with writing(hall) as connection:
        first = save_collection(connection, new)
        second = save_collection(connection, replace(new, at=NOON + 100, counted=40, collector="Bob"))
        strange = save_collection(connection, replace(new, machine_id="pong-01", currency="eur", counted=10))
    metered = [(each.coins, each.metered, each.variance) for each in (first, second, strange)]
    assert metered == [(1, 25, 25), (2, 50, -10), (0, None, None)]
    late = SmallCabinet(ledger="d" * 32)
    late.write("coin", number=4)
    with writing(hall) as connection:
        tell(connection, late)
    with reading(hall) as connection:
        assert collected(connection, Scope(machine_id="galaga-01"), NOON, NOON + DAY_S) == [
            Collected(second.collection_id, "galaga-01", NOON + 100, "usd", 40, 2, 50, "Bob", ""),
            Collected(first.collection_id, "galaga-01", NOON + 17.5, "usd", 50, 2, 50, "Ann", ""),
        ]
        assert collected(connection, ALL, NOON + DAY_S, NOON + 2 * DAY_S) == []


def test_a_places_parts_are_phone_cash_fees_refunds_and_tests(hall: Engine) -> None:
    """By Stripe's word where it was read, else by the cabinets'; nothing of another place's machines."""
    span = Span(PERIOD, NOON - DAY_S, NOON + DAY_S)
    with writing(hall) as connection:
        save_collection(connection, NewCollection("galaga-01", NOON + 50, 70, "usd", "Ann", ""))
    with reading(hall) as connection:
        assert parts_of_place(connection, 1, span, is_read=True) == [
            MachinePart("galaga-01", "Galaga", "usd", phone=350, cash=70, fees=37, refunds=100, tests=50)
        ]
        assert parts_of_place(connection, 1, span, is_read=False) == [
            MachinePart("galaga-01", "Galaga", "usd", phone=350, cash=70, tests=50)
        ]
        assert parts_of_place(connection, 2, span, is_read=True) == []


SALES = st.lists(
    st.tuples(
        st.sampled_from(["galaga-01", "pong-01"]),
        st.sampled_from(["usd", "eur", "jpy"]),
        st.integers(50, 10**8),
        st.integers(0, 40),
        st.booleans(),
    ),
    max_size=12,
)


@given(SALES)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_days_sums_are_the_sales(book: Engine, sold: list[tuple[str, str, int, int, bool]]) -> None:
    """Whatever was sold when and where: by day, week, machine and price the same money, and Stripe's too."""
    _empty(book)
    cabinets = {
        name: SmallCabinet(name, ledger=letter * 32)
        for name, letter in zip(("galaga-01", "pong-01"), "ab", strict=True)
    }
    payments = []
    for number, (machine_id, currency, amount, days, is_delivered) in enumerate(sold):
        charged, at = (amount if is_delivered else 0), NOON + days * DAY_S
        cabinet = cabinets[machine_id]
        cabinet.now_s = max(cabinet.now_s, days * DAY_S)
        cabinet.sell(f"pi_{number}", 1, amount, currency=currency)
        cabinet.entries[-1]["charged"] = charged
        moved = Movement(
            f"txn_{number}",
            f"pi_{number}",
            "charge",
            at,
            currency,
            charged,
            charged // 30,
            charged - charged // 30,
        )
        status = "succeeded" if is_delivered else "canceled"
        payments.append(
            StripePayment(
                f"pi_{number}",
                machine_id,
                at,
                status,
                currency,
                amount,
                charged,
                0,
                False,
                "{}",
                (),
                (moved,),
            )
        )
    with writing(book) as connection:
        tell(connection, *(cabinet for cabinet in cabinets.values() if cabinet.entries))
        save(connection, *payments)
    long = Period(date(2026, 11, 1), date(2027, 3, 1))
    charged_by_currency: Counter[str] = Counter()
    for _, currency, amount, _, is_delivered in sold:
        charged_by_currency[currency] += amount if is_delivered else 0
    with reading(book) as connection:
        rows: Counter[str] = Counter()
        for row in connection.execute(select(tables.sales.c.currency, tables.sales.c.charged)):
            rows[row.currency] += row.charged
        assert rows == charged_by_currency
        for by in By:
            totals = report(by, takings(connection, by, long, ALL)).totals
            for figure in ("phone", "captured"):
                assert {currency: getattr(each, figure) for currency, each in totals.items()} == dict(
                    charged_by_currency
                )
            assert all(each.net + each.fee == each.captured for each in totals.values())
            assert all(
                each.captured + each.released == sum(s[2] for s in sold if s[1] == c)
                for c, each in totals.items()
            )


def _empty(book: Engine) -> None:
    with writing(book) as connection:
        for table in reversed(tables.metadata.sorted_tables):
            connection.execute(delete(table))
