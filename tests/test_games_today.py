"""How many games were played today: by the ledger's own rows, by the clock on the wall, and never a crash."""

from __future__ import annotations

import logging
import os
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from cabinets import payment, train

from controller.ledger.ledger import Ledger
from controller.model.effects import ClosePayment, RecordCoin, RecordPayment
from controller.model.payment import Outcome
from controller.system.clock import is_clock_set


@dataclass
class Book:
    """A ledger, and the time of day in the tester's hand."""

    path: Path
    now: str = "2026-06-01T10:00:00.000Z"

    def __post_init__(self) -> None:
        self.ledger = Ledger(self.path, lambda: self.now)

    def sell(self, name: str, credits: int, *, test: bool = False) -> None:
        """So many credits reach the board."""
        sold = replace(payment(name, credits), test=test)
        self.ledger.write([RecordPayment(train(sold))])
        self.ledger.write([ClosePayment(name, Outcome.DELIVERED, credits, "", None)])

    def again(self) -> None:
        """The controller starts again."""
        self.ledger.close()
        self.__post_init__()


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    """A new ledger, somewhere two hours east of Greenwich."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = "EET-2"
    time.tzset()
    book = Book(tmp_path / "ledger.sqlite")
    yield book
    book.ledger.close()
    if before is None:
        del os.environ["TZ"]
    else:
        os.environ["TZ"] = before
    time.tzset()


def test_credits_and_coins_of_today_count_and_those_of_a_test_do_not(book: Book) -> None:
    """As they come, and the same after a start; two coins a credit."""
    counts = [book.ledger.today.games(2)]
    book.sell("pi_1", 3)
    book.sell("test_1", 5, test=True)
    counts.append(book.ledger.today.games(2))
    book.ledger.write([RecordCoin(number) for number in (1, 2, 3)])
    counts.append(book.ledger.today.games(2))
    book.again()
    assert [*counts, book.ledger.today.games(2)] == [0, 3, 4, 4]


def test_a_day_begins_at_midnight_where_the_machine_is(book: Book) -> None:
    """Two hours before Greenwich; a clock that is set back counts anew what it was."""
    book.now = "2026-06-01T21:59:00.000Z"
    book.sell("pi_1", 2)
    counts = {book.now: book.ledger.today.games(1)}
    book.now = "2026-06-01T22:00:00.000Z"
    counts[book.now] = book.ledger.today.games(1)
    book.sell("pi_2", 1)
    counts["after one"] = book.ledger.today.games(1)
    book.now = "2026-06-01T21:30:00.000Z"
    counts["set back"] = book.ledger.today.games(1)
    assert counts == {
        "2026-06-01T21:59:00.000Z": 2,
        "2026-06-01T22:00:00.000Z": 0,
        "after one": 1,
        "set back": 3,
    }


def test_asking_costs_no_query_until_something_was_sold(book: Book) -> None:
    """The screen's feed is written every second."""
    asked: list[str] = []
    book.ledger._db.set_trace_callback(asked.append)
    for _ in range(10):
        book.ledger.today.games(1)
    assert len(asked) == 2


def test_a_file_that_cannot_be_read_is_told_once_a_day(book: Book, caplog: pytest.LogCaptureFixture) -> None:
    """What was played is no reason to stop."""
    with sqlite3.connect(book.path) as other:
        other.execute("ALTER TABLE coins RENAME TO no_coins")
    other.close()
    with caplog.at_level(logging.WARNING):
        counts = [book.ledger.today.games(1) for _ in range(3)]
    assert counts == [None, None, None]
    assert caplog.messages == ["games of today not counted: no such table: coins"]


def test_a_clock_is_set_once_a_time_server_has_answered(tmp_path: Path) -> None:
    """By the file that systemd makes."""
    synchronised = tmp_path / "synchronized"
    synchronised.touch()
    assert is_clock_set(synchronised)
