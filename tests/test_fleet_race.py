"""Two ingesters at once on one PostgreSQL: each entry once, and neither waits for the other for ever."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC
from pathlib import Path

import pytest
from fleet_kit import Postgres, rows, whole_book

from bench.world.fleet_year import machine_ids, year
from fleet.book import tables
from fleet.book.computed.rebuilding import rebuild
from fleet.book.database.engine import open_book, reading, writing

pytestmark = pytest.mark.fleet
_SEED, _MACHINES = 7, 6
# Each process writes all that these machines send, several machines in one transaction, in its own order.
_INGESTER = f"""
import random, sys
from datetime import UTC
from sqlalchemy.engine import make_url
from bench.world.fleet_year import machine_ids, year
from fleet.book.database.engine import open_book, writing
from fleet.book.came.recording import Came, record
from fleet.journal.batch import read_batch
book, dice = open_book(make_url(sys.argv[1])), random.Random(sys.argv[2])
left = [list(year({_SEED}, name, 5)) for name in machine_ids({_MACHINES})]
print('ready', flush=True)
sys.stdin.readline()
while left := [messages for messages in left if messages]:
    dice.shuffle(left)
    some = [messages.pop(0) for messages in left[:dice.randint(3, {_MACHINES})]]
    came = [Came(read_batch(each.payload, each.machine_id), each.came_at) for each in some]
    with writing(book) as connection:
        record(connection, came, lambda _: UTC)
"""


def test_two_ingesters_write_the_same_machines_once(postgres: Postgres) -> None:
    """What both heard is there once, and the sums kept up by both are those of the entries."""
    url = postgres.new_database("race")
    book = open_book(url)
    text, top = url.render_as_string(hide_password=False), Path(__file__).parents[1]
    both = [
        subprocess.Popen(
            [sys.executable, "-c", _INGESTER, text, name],
            cwd=top,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for name in "ab"
    ]
    for each in both:  # neither begins before the other can
        assert each.stdout is not None
        assert each.stdout.readline() == b"ready\n"
    for each in both:
        assert each.stdin is not None
        each.stdin.write(b"go\n")
        each.stdin.flush()
    try:
        assert [each.wait(60) for each in both] == [0, 0]
    finally:
        for each in both:
            each.kill()
            each.communicate()
    sent = sum(each.entries for name in machine_ids(_MACHINES) for each in year(_SEED, name, 5))
    with writing(book) as connection:
        assert len(rows(connection, tables.entries, "id")) == sent
        kept_up = whole_book(connection)
        assert sum(row[5] for row in kept_up["days"]) == len(kept_up["sales"]) + len(kept_up["coins"])
        assert rebuild(connection, lambda _: UTC) == sent
    with reading(book) as connection:
        assert whole_book(connection) == kept_up
    book.dispose()
