"""The sums of reports, the split with a place's owner, and what was counted: to the minor unit."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet.reports.amounts import Money
from fleet.reports.cash import Collected, Variance, variances
from fleet.reports.periods import BadPeriod, Period, last_month, monday_of, read_period
from fleet.reports.shares import Deduction, MachinePart, Split, currencies_of, split
from fleet.reports.takings import By, Change, Figures, Line, Report, changes, report
from fleet.reports.two_books import (
    Difference,
    ReadSpan,
    SaleSide,
    StripeSide,
    Trouble,
    difference,
)

pytestmark = pytest.mark.fleet

TODAY = date(2026, 11, 28)
CURRENCIES = st.sampled_from(["usd", "eur", "jpy"])
AMOUNTS = st.integers(-(10**12), 10**12)
FIGURES = st.builds(Figures, **{each.name: AMOUNTS for each in fields(Figures)})
DAYS = st.dates(date(2026, 1, 1), date(2026, 12, 31)).map(str)


@given(st.lists(st.builds(Line, DAYS, CURRENCIES, FIGURES), max_size=20), st.sampled_from([By.DAY, By.WEEK]))
@settings(max_examples=30)
def test_lines_and_totals_are_all_that_was_booked(booked: list[Line], by: By) -> None:
    """Whatever the lines are about, their sums are what was booked, and so are the totals."""

    def sums(lines: list[Line]) -> dict[str, Figures]:
        found: dict[str, Figures] = {}
        for line in lines:
            found[line.currency] = found.get(line.currency, Figures()) + line.figures
        return found

    made = report(by, booked)
    assert sums(list(made.lines)) == sums(booked) == dict(made.totals)
    assert [(line.about, line.currency) for line in made.lines] == sorted(
        {(monday_of(line.about) if by is By.WEEK else line.about, line.currency) for line in booked}
    )


def test_lines_are_named_and_prices_stand_by_their_size() -> None:
    """Machines count for their place; a price of 1000 comes after one of 250."""
    places = {"a": "Bar", "b": "Bar", "c": "Hall"}
    booked = [Line(each, "usd", Figures(sales=1)) for each in "cab"]
    assert report(By.LOCATION, booked, places.__getitem__).lines == (
        Line("Bar", "usd", Figures(sales=2)),
        Line("Hall", "usd", Figures(sales=1)),
    )
    prices = [Line(each, "usd", Figures()) for each in ("1000 usd", "250 usd")]
    assert [line.about for line in report(By.PRICE, prices).lines] == ["250 usd", "1000 usd"]


def test_what_has_no_currency_stands_beside_the_first() -> None:
    """Test credits make no line of their own where there is another; coins without a value do."""
    booked = [
        Line("a", "", Figures(test_credits=2, coins=5)),
        Line("a", "usd", Figures(phone=100)),
        Line("a", "eur", Figures(phone=50)),
        Line("b", "", Figures(coins=3)),
    ]
    made = report(By.MACHINE, booked)
    assert made.lines == (
        Line("a", "", Figures(coins=5)),
        Line("a", "eur", Figures(phone=50, test_credits=2)),
        Line("a", "usd", Figures(phone=100)),
        Line("b", "", Figures(coins=3)),
    )
    assert made.totals == {
        "": Figures(coins=8),
        "eur": Figures(phone=50, test_credits=2),
        "usd": Figures(phone=100),
    }


@pytest.mark.parametrize(
    ("now", "before", "words"),
    [
        (112, 100, "+12.0 %"),
        (88, 100, "-12.0 %"),
        (100, 100, "as before"),
        (0, 0, "as before"),
        (5, 0, "nothing before"),
        (100_001, 100_000, "as before"),
        (100_050, 100_000, "+0.1 %"),
        (0, 300, "-100.0 %"),
    ],
)
def test_a_change_is_told_in_percent_of_before(now: int, before: int, words: str) -> None:
    """To a tenth, and never of nothing."""
    assert Change("usd", now, before).words == words


def test_the_period_before_is_compared_by_currency() -> None:
    """A currency that is new, or gone, is there with nothing."""
    one = Report(By.DAY, (), {"usd": Figures(phone=300), "eur": Figures(phone=5)})
    two = Report(By.DAY, (), {"usd": Figures(phone=200), "jpy": Figures(phone=7)})
    assert changes(one, two, "phone") == (
        Change("eur", 5, 0), Change("jpy", 0, 7), Change("usd", 300, 200)
    )  # fmt: skip
    assert (Figures(phone=3, cash=4).takings, Figures(captured=7, phone=5).difference) == (7, 2)


@pytest.mark.parametrize(
    ("first", "last", "period", "before"),
    [
        ("", "", ("2026-11-01", "2026-11-28"), ("2026-10-04", "2026-10-31")),
        ("2026-11-01", "2026-11-30", ("2026-11-01", "2026-11-30"), ("2026-10-01", "2026-10-31")),
        ("2026-03-01", "2026-03-31", ("2026-03-01", "2026-03-31"), ("2026-02-01", "2026-02-28")),
        ("2026-11-28", "", ("2026-11-28", "2026-11-28"), ("2026-11-27", "2026-11-27")),
        ("2026-11-16", "2026-11-22", ("2026-11-16", "2026-11-22"), ("2026-11-09", "2026-11-15")),
    ],
)
def test_a_period_knows_the_one_before(
    first: str, last: str, period: tuple[str, str], before: tuple[str, str]
) -> None:
    """A month is compared with a month, anything else with as many days."""
    read = read_period(first, last, TODAY)
    assert (str(read.first), str(read.last)) == period
    assert (str(read.before.first), str(read.before.last)) == before


@pytest.mark.parametrize(
    ("first", "last", "why"),
    [
        ("x", "", "from 'x' to '' is no period: write days as 2026-11-28"),
        ("2026-11-02", "2026-11-01", "2026-11-02 to 2026-11-01 is 0 days long: 1 to 1098 can be shown"),
        ("0001-01-01", "9999-12-31", "0001-01-01 to 9999-12-31 is 3652059 days long: 1 to 1098 can be shown"),
    ],
)
def test_what_is_no_period_is_refused(first: str, last: str, why: str) -> None:
    """With what would be one."""
    with pytest.raises(BadPeriod) as refused:
        read_period(first, last, TODAY)
    assert str(refused.value) == why


def test_a_periods_days_are_the_books() -> None:
    """In order, both ends included, over the end of a month."""
    assert list(Period(date(2026, 2, 27), date(2026, 3, 1))) == ["2026-02-27", "2026-02-28", "2026-03-01"]
    assert last_month(date(2026, 1, 15)) == Period(date(2025, 12, 1), date(2025, 12, 31))


PARTS = st.builds(
    MachinePart,
    st.just("galaga-01"),
    st.just("Galaga"),
    CURRENCIES,
    *([st.integers(0, 10**10)] * 5),
)


@given(
    st.lists(PARTS, max_size=8),
    st.sets(st.sampled_from(Deduction)),
    st.decimals(0, 100, places=2).map(float),
)
@settings(max_examples=60)
def test_the_parts_of_a_split_are_the_whole(
    parts: list[MachinePart], deductions: set[Deduction], percent: float
) -> None:
    """In every currency: owner, operator and what is taken off come to all that was paid."""
    splits = [split(parts, currency, sorted(deductions), percent) for currency in currencies_of(parts)]
    for made in splits:
        assert made.owner + made.operator == made.base
        assert made.base + sum(amount for _, amount in made.taken_off) == made.gross
        assert 0 <= made.owner <= max(0, made.base)
    assert sum(made.gross for made in splits) == sum(part.gross for part in parts)


def test_a_split_takes_off_what_was_agreed_and_no_more() -> None:
    """Half a cent goes to the owner; a loss is the operator's."""
    part = MachinePart("galaga-01", "Galaga", "usd", phone=1000, cash=501, fees=59, refunds=250, tests=100)
    agreed = [Deduction.REFUNDS, Deduction.FEES]
    taken_off = ((Deduction.FEES, 59), (Deduction.REFUNDS, 250))
    assert split([part], "usd", agreed, 37.5) == Split("usd", 1501, taken_off, 1192, 37.5, 447, 745)
    assert split([part], "usd", [], 50.0) == Split("usd", 1501, (), 1501, 50.0, 751, 750)
    lost = split([replace(part, phone=0, cash=0)], "usd", agreed, 50.0)
    assert (lost.base, lost.owner, lost.operator) == (-309, 0, -309)


def collected(machine: str, collector: str, counted: int, metered: int | None) -> Collected:
    return Collected(1, machine, 0.0, "usd", counted, 0, metered, collector)


def test_shortfalls_come_first_and_unmetered_cash_is_no_surplus() -> None:
    """By machine and by collector; what nobody metered is left out of the variance."""
    all_of_them = [
        collected("galaga-01", "Ann", 9_500, 10_000),
        collected("galaga-01", "Bob", 5_000, 5_000),
        collected("pong-01", "Ann", 1_000, None),
    ]
    assert [each.variance for each in all_of_them] == [-500, 0, None]
    assert variances(all_of_them, lambda each: each.collector) == [
        Variance("Ann", "usd", 2, 10_500, 10_000, 1_000),
        Variance("Bob", "usd", 1, 5_000, 5_000, 0),
    ]
    by_machine = variances(all_of_them, lambda each: each.machine_id)
    assert [(each.about, each.amount, each.words) for each in by_machine] == [
        ("galaga-01", -500, "-3.3 %"),
        ("pong-01", 0, ""),
    ]


SALE = SaleSide("galaga-01", 1000.0, 250, "usd", "delivered", "settled", 250)
PAYMENT = StripeSide("galaga-01", 1000.0, "succeeded", "usd", 250, 250, 0, 0)
HELD = replace(PAYMENT, status="requires_capture", captured=0)
SPAN = ReadSpan(0.0, 200_000.0)
YOUNG = ReadSpan(0.0, 1_500.0)


@pytest.mark.parametrize(
    ("sale", "stripe", "span", "trouble"),
    [
        (SALE, PAYMENT, SPAN, None),
        (SALE, replace(PAYMENT, refunded=250), SPAN, None),
        (replace(SALE, charged=0, outcome="undelivered"), replace(PAYMENT, refunded=250), SPAN, None),
        (replace(SALE, charged=83), replace(PAYMENT, captured=83), SPAN, None),
        (replace(SALE, charged=0), replace(PAYMENT, status="canceled", captured=0), SPAN, None),
        (replace(SALE, charged=None, answer=""), PAYMENT, SPAN, None),
        (None, PAYMENT, YOUNG, None),
        (None, replace(PAYMENT, refunded=250), SPAN, None),
        (None, replace(HELD, status="canceled"), SPAN, None),
        (None, HELD, YOUNG, None),
        (SALE, HELD, YOUNG, None),
        (SALE, None, YOUNG, None),
        (replace(SALE, charged=0), None, SPAN, None),
        (SALE, None, ReadSpan(1_001.0, 200_000.0), None),
        (SALE, replace(PAYMENT, captured=0, status="canceled"), YOUNG, None),
        (None, PAYMENT, SPAN, Trouble.UNTOLD),
        (SALE, replace(PAYMENT, status="canceled", captured=0), SPAN, Trouble.UNCHARGED),
        (SALE, None, SPAN, Trouble.UNKNOWN),
        (replace(SALE, charged=0), PAYMENT, SPAN, Trouble.OTHER_AMOUNT),
        (SALE, replace(PAYMENT, currency="eur"), SPAN, Trouble.OTHER_AMOUNT),
        (SALE, replace(PAYMENT, machine_id="pong-01"), SPAN, Trouble.OTHER_MACHINE),
        (replace(SALE, answer="conflict", charged=None), None, SPAN, Trouble.CONFLICT),
        (
            replace(SALE, answer="conflict", charged=None),
            replace(PAYMENT, status="canceled", captured=0),
            SPAN,
            Trouble.CONFLICT,
        ),
        (None, HELD, SPAN, Trouble.HELD),
        (replace(SALE, charged=None, answer=""), HELD, SPAN, Trouble.HELD),
        (SALE, replace(PAYMENT, refund_failed=True), SPAN, Trouble.REFUND_FAILED),
        (SALE, replace(PAYMENT, disputed=250), SPAN, Trouble.DISPUTED),
    ],
)
def test_two_books_of_a_payment(
    sale: SaleSide | None, stripe: StripeSide | None, span: ReadSpan, trouble: Trouble | None
) -> None:
    """What differs is told, and what one book cannot know yet is not."""
    found = difference("pi_1", sale, stripe, span)
    assert (found and found.trouble) == trouble


def test_a_difference_has_both_sides_and_what_to_do() -> None:
    """Stripe's word on the machine counts; only money that is there can go back."""
    other = replace(PAYMENT, machine_id="pong-01")
    found = difference("pi_1", SALE, other, SPAN)
    assert found == Difference("pi_1", Trouble.OTHER_MACHINE, SALE, other, Money(250, "usd"))
    assert (found.machine_id, found.may_be_refunded) == ("pong-01", True)
    assert found.what_to_do.startswith("A cabinet tells of another's sale")
    claimed = difference("pi_1", SALE, None, SPAN)
    assert claimed is not None
    assert (claimed.machine_id, claimed.may_be_refunded, claimed.money) == (
        "galaga-01", False, Money(250, "usd")
    )  # fmt: skip
    held = difference("pi_1", None, HELD, SPAN)
    assert held is not None
    assert (held.may_be_refunded, held.money) == (True, Money(250, "usd"))
    disputed = difference("pi_1", None, replace(PAYMENT, disputed=250), SPAN)
    assert disputed is not None
    assert not disputed.may_be_refunded
