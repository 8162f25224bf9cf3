"""The book: each entry once, whatever comes in what order, and figures that follow from them."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from fleet_kit import NOON, SmallCabinet, rows, whole_book
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select
from sqlalchemy.engine import make_url

from fleet.book import tables
from fleet.book.came.recording import Came, Recorded, record
from fleet.book.computed.rebuilding import rebuild
from fleet.book.database.engine import BookError, open_book, reading, writing
from fleet.journal.batch import Batch
from fleet.journal.progress import Fit

pytestmark = pytest.mark.fleet


def utc(_: str) -> Any:
    return UTC


def put(book: Engine, *batches: Batch, came_at: float = NOON + 100) -> list[Recorded]:
    with writing(book) as connection:
        return record(connection, [Came(batch, came_at) for batch in batches], utc)


def test_the_migrations_make_what_the_program_expects(book: Engine) -> None:
    """A column that was added to the tables alone would be missed by whoever has a book already."""
    with reading(book) as connection:
        assert compare_metadata(MigrationContext.configure(connection), tables.metadata) == []


def test_a_book_of_a_newer_program_is_refused(book: Engine, database: Any) -> None:
    """Its remedy is named, and nothing is changed."""
    with writing(book) as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(BookError, match=r"newer version of this program \(its schema is 9999\)"):
        open_book(database)


def test_a_sale_is_written_with_its_pulses_its_day_and_what_was_charged(book: Engine) -> None:
    """Its end and the relay's answer are two entries, and one row."""
    cabinet = SmallCabinet()
    cabinet.sell("pi_1", credits=3, amount=250, fired=2, ambiguous=1)
    (joined,) = put(book, cabinet.batch(), came_at=cabinet.sent_at)
    assert (joined.fit, joined.after.seq) == (Fit.NEW, 2)
    with reading(book) as connection:
        (sale,) = connection.execute(select(tables.sales)).all()
        assert (sale.at, sale.day, sale.kind) == (NOON + 11, "2026-11-18", "phone")
        assert (sale.credits, sale.fired, sale.in_doubt, sale.answer, sale.charged) == (
            3,
            2,
            1,
            "settled",
            250,
        )
        days = rows(
            connection, tables.days, "day", "kind", "price", "sales", "credits", "charged", "in_doubt"
        )
    assert days == [("2026-11-18", "phone", 250, 1, 3, 250, 1)]


def test_what_comes_again_is_there_once(book: Engine) -> None:
    """The whole batch, and one that overlaps with it."""
    cabinet = SmallCabinet()
    for number in range(3):
        cabinet.sell(f"pi_{number}")
    assert [each.fit for each in put(book, cabinet.batch(0, 4), cabinet.batch(0, 4))] == [Fit.NEW, Fit.KNOWN]
    (joined,) = put(book, cabinet.batch(1))
    assert (joined.entries, joined.after.seq) == (2, 6)
    with reading(book) as connection:
        assert rows(connection, tables.entries, "seq") == [(n,) for n in range(1, 7)]
        assert rows(connection, tables.days, "sales", "charged") == [(3, 300)]


def test_a_gap_is_asked_for_and_what_was_pruned_is_not(book: Engine) -> None:
    """The book says how far it is; a ledger that no longer has the rest begins later."""
    cabinet = SmallCabinet()
    for _ in range(6):
        cabinet.write("coin", number=1)
    put(book, cabinet.batch(0, 2))
    (gap,) = put(book, cabinet.batch(3))
    assert (gap.fit, gap.after.seq) == (Fit.GAP, 2)
    cabinet.first = 5
    (pruned,) = put(book, cabinet.batch(2))
    assert (pruned.fit, pruned.after.seq) == (Fit.NEW, 6)


def test_an_old_image_that_was_restored_is_told_and_under_a_new_name_nothing_is_there_twice(
    book: Engine,
) -> None:
    """The history that both share came under the old name already."""
    cabinet = SmallCabinet()
    for _ in range(4):
        cabinet.write("coin", number=1)
    put(book, cabinet.batch())
    image = SmallCabinet(entries=cabinet.entries[:2], now_s=500)
    image.write("coin", number=9)
    image.write("coin", number=10)
    image.write("coin", number=11)
    (fork,) = put(book, image.batch(2))
    assert (fork.fit, fork.after.seq, fork.after.sum) == (Fit.FORK, 4, cabinet.sum_at(4))
    image.ledger = "b" * 32
    (again,) = put(book, image.batch())
    assert (again.fit, again.after.seq) == (Fit.NEW, 5)
    with reading(book) as connection:
        assert len(rows(connection, tables.coins, "number")) == 4 + 3


def test_entries_of_a_boot_that_nobody_heard_lie_between_their_neighbours(book: Engine) -> None:
    """The Pi's own clock is believed where that can be, and else it is the latest that can be."""
    cabinet = SmallCabinet()
    cabinet.write("coin", number=1)
    put(book, cabinet.batch(), came_at=cabinet.sent_at)
    cabinet.restart("boot-2", NOON + 1000)
    cabinet.write("coin", number=2)
    cabinet.restart("boot-3", NOON + 2000)
    cabinet.write("coin", number=3)["wall"] = "1970-01-01T00:00:05+00:00"
    cabinet.restart("boot-4", NOON + 3000)
    cabinet.write("coin", number=4)
    put(book, cabinet.batch(1), came_at=cabinet.sent_at)
    with reading(book) as connection:
        found = rows(connection, tables.coins, "at")
    assert found == [(NOON + 11,), (NOON + 1006,), (NOON + 3000,), (NOON + 3006,)]


def test_what_is_odd_in_an_entry_is_kept_and_not_counted(book: Engine) -> None:
    """A thief's cabinet may say anything; what a database cannot hold is written as JSON's escapes."""
    cabinet = SmallCabinet()
    names = ("paymentId", "credits", "amount", "currency", "number", "fault", "text", "game", "sessionId")
    for kind in ("sale", "settled", "coin", "game", "fault_begins", "unheard_of"):
        for value in (None, -1, 10**30, 1.5, "\0\ud800", [], {}, True):
            cabinet.write(kind, **dict.fromkeys(names, value))
    cabinet.sell("pi_1")
    for after in range(0, len(cabinet.entries), 10):
        put(book, cabinet.batch(after, 10))
    with writing(book) as connection:
        assert len(rows(connection, tables.entries, "seq")) == len(cabinet.entries)
        before = whole_book(connection)
        rebuild(connection, utc)
        assert whole_book(connection) == before
        assert (1, "phone") in rows(connection, tables.days, "sales", "kind")


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_is_lost_repeated_or_late_the_book_is_the_same_in_the_end(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """And what is computed from it anew is what was kept up."""
    cabinets = [
        SmallCabinet(f"machine-{n}", ledger=str(n) * 32, boot_began_at=NOON + 7 * n) for n in range(2)
    ]
    for number in range(data.draw(st.integers(1, 8))):
        cabinet = cabinets[number % 2]
        kind = data.draw(st.sampled_from(["sale", "coin", "game", "fault", "restart"]))
        if kind == "sale":
            cabinet.sell(f"pi_{number}", credits=data.draw(st.integers(1, 3)))
        elif kind == "fault":
            cabinet.write("fault_begins", fault="wire", text="loose")
            cabinet.write("fault_ends", fault="wire")
        elif kind == "restart":
            cabinet.restart(f"boot-{number}", cabinet.boot_began_at + 1000)
        else:
            cabinet.write(kind, number=number, sessionId="s", game=1)
    book = open_book(make_url(f"sqlite:///{tmp_path_factory.mktemp('book')}/book.sqlite"))
    known = dict.fromkeys((cabinet.machine_id for cabinet in cabinets), 0)
    while any(known[cabinet.machine_id] < len(cabinet.entries) for cabinet in cabinets):
        cabinet = data.draw(st.sampled_from(cabinets))
        after = max(0, known[cabinet.machine_id] + data.draw(st.sampled_from([0, -1, -3, 1, 2])))
        batch = cabinet.batch(after, data.draw(st.sampled_from([5, 1, 2])))
        for _ in range(data.draw(st.sampled_from([1, 0, 2]))):  # lost, or once, or twice
            (joined,) = put(book, batch, came_at=cabinet.sent_at)
            known[cabinet.machine_id] = joined.after.seq
    with writing(book) as connection:
        entries = sorted(rows(connection, tables.entries, "machine_id", "seq", "sum"))
        kept_up = whole_book(connection)
        rebuild(connection, utc)
        assert whole_book(connection) == kept_up
    assert entries == [
        (cabinet.machine_id, seq, cabinet.sum_at(seq))
        for cabinet in cabinets
        for seq in range(1, len(cabinet.entries) + 1)
    ]
    book.dispose()
