"""Tables as pages and files have them: one value, no formula, no currency beside another's."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from fleet.reports.amounts import Money, added_up, in_words, percent_of
from fleet.reports.table import Cell, Moment, Table, cells
from fleet.routes.csv_file import csv_text

pytestmark = pytest.mark.fleet

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("money", "words", "plain"),
    [
        (Money(250, "usd"), "$2.50", "2.50"),
        (Money(-250, "usd"), "-$2.50", "-2.50"),
        (Money(-5, "eur"), "-€0.05", "-0.05"),
        (Money(300, "jpy"), "¥300", "300"),
        (Money(-1250, "kwd"), "-KWD\N{NO-BREAK SPACE}1.250", "-1.250"),
        (Money(0, "chf"), "CHF\N{NO-BREAK SPACE}0.00", "0.00"),
    ],
)
def test_an_amount_is_written_with_its_own_decimals(money: Money, words: str, plain: str) -> None:
    """For a person with its sign, for a spreadsheet without; below zero too."""
    assert (money.words, money.plain) == (words, plain)


def test_sums_are_kept_by_currency() -> None:
    """Nothing is ever added to another currency's amount."""
    sums = added_up([Money(250, "usd"), Money(100, "eur"), Money(-50, "usd")])
    assert sums == (Money(100, "eur"), Money(200, "usd"))
    assert in_words(sums) == "€1.00 + $2.00"


@pytest.mark.parametrize(
    ("amount", "percent", "part"),
    [
        (1000, 33.33, 333),
        (1001, 50.0, 501),
        (5, 10.0, 1),
        (4, 10.0, 0),
        (0, 40.0, 0),
        (10**15 + 1, 0.1, 10**12),
    ],
)
def test_a_percentage_is_taken_as_it_is_written(amount: int, percent: float, part: int) -> None:
    """Whole minor units, a half rounded up, and no float in between."""
    assert percent_of(amount, percent) == part


def test_a_file_has_the_pages_figures() -> None:
    """Each money column has its currency's beside it; the total is left to the spreadsheet."""
    table = Table(
        "takings",
        ("day", "phone", "credits", "at"),
        (
            cells("2026-11-28", Money(123456, "usd"), 1234, Moment(1_795_881_600, BERLIN)),
            cells("2026-11-29", None, 0, None),
        ),
        (cells("all", Money(123456, "usd"), 1234, None),),
    )
    assert [cell.words for cell in table.rows[0]] == [
        "2026-11-28", "$1,234.56", "1,234", "2026-11-28 17:00:00"
    ]  # fmt: skip
    assert csv_text(table) == (
        '\ufeff"day","phone","currency","credits","at"\r\n'
        '"2026-11-28",1234.56,"USD",1234,"2026-11-28T17:00:00+01:00"\r\n'
        '"2026-11-29","","",0,""\r\n'
    )


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "@SUM(A1)",
        "+1+cmd|' /C calc'!A0",
        "-1+1",
        "|x",
        "%x",
        "\t=1+1",
        " =1+1",
        "\r\n=1",
        "\u202e=1",
        "\x1b=1",
    ],
)
def test_no_text_of_a_cabinet_is_a_formula(text: str) -> None:
    """Whatever stands before the sign that begins one, it comes out behind an apostrophe."""
    (_, row) = csv.reader(io.StringIO(csv_text(Table("t", ("name",), (cells(text),))).lstrip("\ufeff")))
    assert row[0][0] == "'"
    assert row[0].isprintable()


def test_text_stays_on_its_line() -> None:
    """No line feed, escape sequence or turned direction comes from a name."""
    assert Cell("Pac\x1b[31m\nMan\u202e").words == "Pac[31m Man"
    assert Table("t", ("n",), (cells("a\nb"),)).lines == [["n"], ["a b"]]


def test_money_below_zero_is_a_number_and_no_formula() -> None:
    """A spreadsheet can add it up."""
    assert Table("t", ("m",), (cells(Money(-5, "usd")),)).lines[1] == [Decimal("-0.05"), "USD"]
    assert csv_text(Table("t", ("m",), (cells(Money(-5, "usd")),))).endswith('-0.05,"USD"\r\n')
