"""When entries were: whatever measures a boot best, and whenever it comes, the book is the same."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from fleet_kit import NOON, SmallCabinet, whole_book
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select

from fleet.book import tables
from fleet.book.came.recording import Came, record
from fleet.book.computed.rebuilding import rebuild
from fleet.book.database.engine import reading, writing
from fleet.journal.batch import Batch
from fleet.journal.times import Boot, measured

pytestmark = pytest.mark.fleet
# No two of them, and no two sums of them, are within what is not worth moving; two are days.
DELAYS_S = st.sampled_from([0.0, 16.25, 4000.5, 90000.125, 200000.75])
KINDS = st.sampled_from(["sale", "settled", "sold", "coin", "game", "fault_begins", "fault_ends", "start"])


def put(book: Engine, came: list[Came]) -> None:
    with writing(book) as connection:
        record(connection, came, lambda _: UTC)


def of_machine(book: Engine, machine_id: str) -> dict[str, list[tuple[Any, ...]]]:
    """All that the book has of it, but for its name."""
    with reading(book) as connection:
        computed = {
            name: [tuple(value for value in row if value != machine_id) for row in found if machine_id in row]
            for name, found in whole_book(connection).items()
        }
        for table, columns in ((tables.entries, ("seq", "boot", "at")), (tables.boots, ("boot", "began_at"))):
            query = select(*(table.c[name] for name in columns)).where(table.c.machine_id == machine_id)
            computed[table.name] = sorted(tuple(row) for row in connection.execute(query))
    return computed


def a_life(data: st.DataObject, machine_id: str) -> list[Batch]:
    """Some boots of a cabinet, most of which send a message at their end, and what these messages are.

    Of the others no message comes; what they wrote comes with a later one's.
    """
    cabinet, batches, sent = SmallCabinet(machine_id), [], 0
    count = data.draw(st.integers(1, 4))
    for boot in range(count):
        cabinet.restart(f"boot-{boot}", NOON + 30000.0 * boot)
        began = len(cabinet.entries)
        for kind in data.draw(st.lists(KINDS, min_size=1, max_size=6)):
            payment = f"pi_{data.draw(st.integers(0, 3))}"
            if kind == "sold":
                cabinet.sell(payment)
            else:
                cabinet.write(
                    kind, paymentId=payment, answer="settled", charged=100, credits=1, amount=100,
                    currency="eur", outcome="delivered", fault="wire", text="loose", number=1, game=1,
                )  # fmt: skip
        if boot + 1 < count and data.draw(st.booleans()):
            if data.draw(st.booleans()):
                for entry in cabinet.entries[began:]:
                    entry["wall"] = ""  # its clock was not set
            continue
        after = sent if data.draw(st.booleans()) else 0
        batches.append(cabinet.batch(after))
        sent = len(cabinet.entries)
    return batches


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_book_is_as_if_the_best_measurement_had_come_first(data: st.DataObject, book: Engine) -> None:
    """Messages come late, and those of an earlier boot after those of a later one."""
    late, early = secrets.token_hex(8), secrets.token_hex(8)
    batches = a_life(data, late)
    order = data.draw(st.permutations([*range(len(batches)), *range(len(batches))]))
    order = [*order, *range(len(batches))]  # in the end nothing is missing
    began_at = {batch.boot: NOON + 30000.0 * int(batch.boot[5:]) for batch in batches}
    came = []
    for number in order:
        batch = batches[number]
        came.append(Came(batch, began_at[batch.boot] + batch.sent_s + data.draw(DELAYS_S)))
    at_once = data.draw(st.integers(1, 4))
    for start in range(0, len(came), at_once):
        put(book, came[start : start + at_once])
    best = {
        each.batch.boot: min((other.came_at - other.batch.sent_s, -n) for n, other in enumerate(came)
                             if other.batch.boot == each.batch.boot)[0]
        for each in came
    }  # fmt: skip
    first = [replace(batch, machine_id=early, entries=()) for batch in batches]
    put(book, [Came(batch, best[batch.boot] + batch.sent_s) for batch in first])
    for batch in (replace(each.batch, machine_id=early) for each in came):
        put(book, [Came(batch, best[batch.boot] + batch.sent_s)])
    expected = of_machine(book, early)
    assert of_machine(book, late) == expected
    with writing(book) as connection:
        rebuild(connection, lambda _: UTC, [late])
    assert of_machine(book, late) == expected


def silent_between(wall: str) -> SmallCabinet:
    """A boot of which no message came, between one that sent its own and one that sends all."""
    cabinet = SmallCabinet()
    cabinet.write("coin", number=1)
    cabinet.restart("boot-2", NOON + 1000)
    cabinet.write("coin", number=2)["wall"] = wall
    cabinet.write("coin", number=3)
    cabinet.restart("boot-3", NOON + 9000)
    cabinet.write("coin", number=4)
    return cabinet


def began(book: Engine) -> dict[str, float]:
    """When the boots of the one machine began, from noon on."""
    with reading(book) as connection:
        found = connection.execute(select(tables.boots.c.boot, tables.boots.c.began_at))
        return {boot: began_at - NOON for boot, began_at in found}


def test_a_boot_that_only_its_clock_tells_of_moves_with_the_one_after_it(book: Engine) -> None:
    """Its clock was not set: it ended when the next one began, wherever that is; and its coins with it."""
    cabinet = silent_between("")
    put(book, [Came(cabinet.batch(), cabinet.sent_at + 50000)])
    assert (began(book)["boot-2"], began(book)["boot-3"]) == (59000 - 7, 59000)
    put(book, [Came(cabinet.batch(4), cabinet.sent_at + 10)])
    assert (began(book)["boot-2"], began(book)["boot-3"]) == (9010 - 7, 9010)
    with reading(book) as connection:
        coins = connection.execute(select(tables.coins.c.at, tables.coins.c.number)).all()
    assert {number: at - NOON for at, number in coins} == {1: 11, 2: 9009, 3: 9010, 4: 9016}


def test_a_boot_that_only_its_clock_tells_of_goes_back_with_the_one_before_it(book: Engine) -> None:
    """It was pushed on by a message that had come late, and its own clock was right."""
    cabinet = silent_between(datetime.fromtimestamp(NOON + 1006, UTC).isoformat())
    first = replace(cabinet.batch(0, 1), boot="boot-1", sent_s=11.0)
    put(book, [Came(first, NOON + 11 + 5000)])
    put(book, [Came(cabinet.batch(1), cabinet.sent_at)])
    assert began(book) == {"boot-1": 5000, "boot-2": 5011, "boot-3": 9000}
    put(book, [Came(first, NOON + 11)])
    assert began(book) == {"boot-1": 0, "boot-2": 1000, "boot-3": 9000}


def test_a_lying_cabinet_has_its_entries_moved_some_forty_times_and_no_more(book: Engine) -> None:
    """Each message says that its boot began a little earlier: it must not write all of it again."""
    cabinet = SmallCabinet(boot_began_at=NOON + 1_000_000)
    for number in range(3):
        cabinet.write("coin", number=number)
    for lie in range(200):
        batch = replace(cabinet.batch(), sent_s=3.0 * 1.1**lie)
        put(book, [Came(batch, NOON)])
    with reading(book) as connection:
        (moves,) = connection.execute(select(tables.boots.c.moves)).scalars()
    assert 8 < moves < 45


def test_what_a_boot_must_begin_earlier_by_grows_with_its_moves() -> None:
    """Eight times little is enough; whatever began within a hundred years is moved 32 times more at most."""
    boots = [Boot("b", 0.0, is_measured=True, moves=moves) for moves in (0, 7, 8, 9, 20, 39)]
    assert [boot.worth_moving_s for boot in boots] == [2.0, 2.0, 2.0, 4.0, 8192.0, 2.0**32]
    assert 2.0**32 > 100 * 365.25 * 86400
    assert measured("b", 100.0, 96.0, boots[3]) == boots[3]
    assert measured("b", 100.0, 95.0, boots[3]) == Boot("b", -5.0, is_measured=True, moves=10)
