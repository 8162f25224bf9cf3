"""When entries were: whatever measures a boot best, and whenever it comes, the book is the same."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import UTC
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
    """Some boots of a cabinet, each of which sends a message at its end, and what these messages are."""
    cabinet, batches, sent = SmallCabinet(machine_id), [], 0
    for boot in range(data.draw(st.integers(1, 3))):
        cabinet.restart(f"boot-{boot}", NOON + 30000.0 * boot)
        for kind in data.draw(st.lists(KINDS, min_size=1, max_size=6)):
            payment = f"pi_{data.draw(st.integers(0, 3))}"
            if kind == "sold":
                cabinet.sell(payment)
            else:
                cabinet.write(
                    kind, paymentId=payment, answer="settled", charged=100, credits=1, amount=100,
                    currency="eur", outcome="delivered", fault="wire", text="loose", number=1, game=1,
                )  # fmt: skip
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
    began_at = {batch.boot: NOON + 30000.0 * number for number, batch in enumerate(batches)}
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
