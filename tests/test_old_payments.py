"""Old payments leave the ledger by the calendar of the payments themselves; unsettled ones never do."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import pytest
from cabinets import payment, train

from controller.ledger.ledger import Ledger
from controller.ledger.pruning import TRUSTED_DAYS
from controller.model.effects import (
    ClosePayment,
    IntendPulse,
    RecordAnswer,
    RecordCoin,
    RecordPayment,
    RecordPulse,
)
from controller.model.payment import KnownPayment, Outcome, Receipt

TODAY = date(2026, 11, 22)


class Calendar:
    """A wall clock in the tester's hand, and a ledger that reads it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.today = TODAY
        self.ledger = Ledger(path, lambda: f"{self.today.isoformat()}T12:00:00.000Z")

    def sell(self, name: str, days_ago: int, *, end: str = "settled") -> str:
        """A sale that the clock dates so; it ends `open`, `owed`, `settled` or `unsigned`."""
        self.today = TODAY - timedelta(days=days_ago)
        paid = payment(name, has_receipt=end != "unsigned")
        self.ledger.write([RecordPayment(train(paid)), IntendPulse(name, 1)])
        if end != "open":
            receipt = Receipt(name, Outcome.DELIVERED, 1, 1) if end != "unsigned" else None
            closed = ClosePayment(name, Outcome.DELIVERED, 1, "its last pulse was fired", receipt)
            self.ledger.write([RecordPulse(name, 1, 1.0, 1.1), closed])
        if end == "settled":
            self.ledger.write([RecordAnswer(name, "settled")])
        return name

    def a_week_of_sales(self, days_ago: int = 7, *, days: int = TRUSTED_DAYS) -> None:
        for day in range(days_ago, days_ago - days, -1):
            self.sell(f"pi_{days_ago}_{day}", day)

    def coin(self, days_ago: int) -> int:
        """A coin of metal that the clock dates so; its number."""
        self.today = TODAY - timedelta(days=days_ago)
        number = self.ledger.read_start().coins + 1
        self.ledger.write([RecordCoin(number)])
        return number

    def coins(self) -> list[int]:
        with closing(sqlite3.connect(self.path)) as db:
            return [number for (number,) in db.execute("SELECT number FROM coins ORDER BY number")]

    def kept(self, *names: str) -> list[str]:
        return [name for name in names if self.ledger.find(name) is not None]


@pytest.fixture
def calendar(tmp_path: Path) -> Iterator[Calendar]:
    """A ledger without a sale."""
    calendar = Calendar(tmp_path / "ledger.sqlite")
    yield calendar
    calendar.ledger.close()


def test_a_new_ledger_has_nothing_to_prune(calendar: Calendar) -> None:
    """Nothing is deleted, and nothing fails."""
    assert calendar.ledger.prune() == 0


def test_what_was_settled_long_ago_leaves_with_its_pulses(calendar: Calendar) -> None:
    """To the day; the rest stays."""
    old, young = calendar.sell("pi_old", 408), calendar.sell("pi_young", 407)
    calendar.a_week_of_sales()

    assert calendar.ledger.prune(older_than_days=400) == 1
    assert calendar.kept(old, young) == [young]
    with closing(sqlite3.connect(calendar.path)) as db:
        left = db.execute("SELECT DISTINCT payment_id FROM pulses ORDER BY 1").fetchall()
        assert left == db.execute("SELECT id FROM payments ORDER BY 1").fetchall()


@pytest.mark.parametrize(("end", "stays"), [("open", True), ("owed", True), ("unsigned", False)])
def test_what_is_not_settled_never_leaves(calendar: Calendar, end: str, stays: bool) -> None:
    """One without a receipt has nothing left to settle."""
    calendar.sell("pi_old", 800, end=end)
    calendar.a_week_of_sales()

    assert calendar.ledger.prune() == (0 if stays else 1)
    assert calendar.kept("pi_old") == (["pi_old"] if stays else [])


def test_a_clock_that_leapt_ahead_prunes_nothing(calendar: Calendar) -> None:
    """Sales of one day in 2055 say nothing about those of yesterday."""
    calendar.a_week_of_sales()
    calendar.sell("pi_2055", -30 * 365)

    assert calendar.ledger.prune() == 0


def test_a_sale_that_was_dated_1970_yesterday_stays(calendar: Calendar) -> None:
    """A Pi without network boots in 1970; its sale is as young as those written around it."""
    calendar.a_week_of_sales()
    calendar.sell("pi_1970", 56 * 365)
    calendar.sell("pi_today", 0)

    assert calendar.ledger.prune() == 0


def test_a_sale_that_was_dated_1970_leaves_once_later_days_were_written(calendar: Calendar) -> None:
    """It does not stay for ever."""
    calendar.sell("pi_1970", 56 * 365)
    calendar.a_week_of_sales()

    assert calendar.ledger.prune() == 1


def test_a_few_days_of_sales_prove_no_date(calendar: Calendar) -> None:
    """A cabinet that sells so little never fills its card."""
    calendar.sell("pi_old", 800)
    calendar.a_week_of_sales(days=TRUSTED_DAYS - 2)

    assert calendar.ledger.prune() == 0


def test_a_pruned_ledger_goes_on(calendar: Calendar) -> None:
    """Nothing that is pruned was needed at a start."""
    calendar.sell("pi_old", 800)
    calendar.a_week_of_sales()
    before = calendar.ledger.read_start()

    assert calendar.ledger.prune() == 1
    assert calendar.ledger.read_start() == before
    calendar.ledger.write([RecordPayment(train(payment("pi_new")))])
    assert calendar.ledger.find("pi_new") == KnownPayment(receipt=None)


# Cash coins


def test_old_coins_leave_by_the_same_rule(calendar: Calendar) -> None:
    """To the day; the payments of the same days do not matter."""
    old, young = calendar.coin(408), calendar.coin(407)
    week = [calendar.coin(day) for day in range(TRUSTED_DAYS, 0, -1)]
    calendar.sell("pi_old", 800)

    assert calendar.ledger.prune(older_than_days=400) == 0
    assert (old, calendar.coins()) == (1, [young, *week])
    assert calendar.kept("pi_old") == ["pi_old"]


def test_the_newest_coin_stays_whatever_its_date(calendar: Calendar) -> None:
    """Its number is how many there were: the count goes on from there."""
    for day in range(TRUSTED_DAYS, 0, -1):
        calendar.coin(day)
    newest = calendar.coin(56 * 365)

    calendar.ledger.prune()

    assert calendar.ledger.read_start().coins == newest == TRUSTED_DAYS + 1


def test_a_few_days_of_coins_prove_no_date(calendar: Calendar) -> None:
    """Nor does one day in 2055."""
    calendar.coin(800)
    for day in (-30 * 365, 5, 4, 3, 2):
        calendar.coin(day)

    calendar.ledger.prune()

    assert calendar.coins() == [1, 2, 3, 4, 5, 6]
