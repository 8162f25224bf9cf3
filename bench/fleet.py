"""The fleet: entries written a second, pages with many machines, a month's report, what a journal costs."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import TypeVar

from sqlalchemy.engine import URL, make_url

from bench.measure.machine import machine
from bench.world.fleet_pages import Month, Served, month, serve
from bench.world.fleet_year import machine_ids, year
from bench.world.journal_cost import Cost, controller_of_before, cost
from bench.world.postgres import postgres
from fleet.book.came.recording import Came, record
from fleet.book.database.engine import open_book, writing
from fleet.journal.batch import read_batch

TITLE = "The fleet: entries, overview, a month's report, memory, and what a journal costs a cabinet"
ENTRIES_TARGET_PER_S, OVERVIEW_TARGET_S, MONTH_TARGET_S, PAGE_TARGET_S = 2_000, 0.2, 1.0, 2.0
_Found = TypeVar("_Found")
SEED = 20260101
_BATCHES_AT_ONCE = 50


def run(*, quick: bool) -> None:
    """Each figure beside its target."""
    print(f"On {machine()}; load {_load()}; the machines' year is made from seed {SEED}.")
    machines, days = (10, 3) if quick else (100, 30)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, postgres() as server:
        _entries("SQLite, one ingester", make_url(f"sqlite:///{folder}/book.sqlite"), 1, machines, days)
        if server is None:
            print("no PostgreSQL is installed here: not measured")
        else:
            _entries("PostgreSQL, one ingester", server, 1, machines, days)
            _entries("PostgreSQL, two ingesters", server, 2, machines, days)
        for count, days in ((500, 30), (2_000, 1)) if quick else ((500, 365), (10_000, 30)):
            file, times = Path(folder) / f"{count}.sqlite", 1 if quick else 3
            _overview(count, _alone(partial(serve, file, count, days, times)))
        size = (500, 62, 1) if quick else (500, 365, 55)
        _month(_alone(partial(month, Path(folder) / "month.sqlite", *size)))
    _journal(3 if quick else 30)
    print(f"Load at the end: {_load()}.")


def _load() -> str:
    """Processes that wanted a core in the last minute, on average: others' work is in every figure."""
    return f"{os.getloadavg()[0]:.1f}"


def _alone(work: Callable[[], _Found]) -> _Found:
    """In a new process, whose memory is its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(work).result()


def _entries(name: str, url: URL, ingesters: int, machines: int, days: int) -> None:
    """Machines that the book has not met: each ingester has as many."""
    open_book(url).dispose()
    text = url.render_as_string(hide_password=False)
    offsets = [1000 * ingesters + machines * number for number in range(ingesters)]
    with ProcessPoolExecutor(ingesters, mp_context=get_context("spawn")) as pool:
        work = partial(ingest, text, machines, days)
        done = list(pool.map(work, offsets))
    began_s, ended_s = min(each[1] for each in done), max(each[2] for each in done)
    count, cpu_s = sum(each[0] for each in done), sum(each[3] for each in done)
    print(
        f"{name}: {count:,} entries at {count / (ended_s - began_s):,.0f} a second, "
        f"{count / cpu_s:,.0f} a second of one core's time (target over {ENTRIES_TARGET_PER_S:,})"
    )


def ingest(url: str, machines: int, days: int, offset: int) -> tuple[int, float, float, float]:
    """Read and write what these machines send: how many entries, from when to when, and in what CPU time."""
    names = machine_ids(offset + machines)[offset:]
    messages = sorted((each for name in names for each in year(SEED, name, days)), key=lambda m: m.came_at)
    engine = open_book(make_url(url))
    began_s, cpu_s = time.time(), time.process_time()
    for start in range(0, len(messages), _BATCHES_AT_ONCE):
        some = messages[start : start + _BATCHES_AT_ONCE]
        came = [Came(read_batch(each.payload, each.machine_id), each.came_at) for each in some]
        with writing(engine) as connection:
            record(connection, came, lambda _: UTC)
    ended_s, cpu_s = time.time(), time.process_time() - cpu_s
    engine.dispose()
    return sum(each.entries for each in messages), began_s, ended_s, cpu_s


def _overview(count: int, served: Served) -> None:
    target = f" (target under {OVERVIEW_TARGET_S:g} s)" if count == 500 else ""
    print(
        f"overview of {count:,} machines: {served.page_s:.2f} s{target}, {served.page_kb:,.0f} kB; a sale's "
        f"message to its page {served.sale_to_page_s:.2f} s; memory (PSS) {served.memory_mb:.0f} MB"
    )


def _month(found: Month) -> None:
    print(
        f"month's report, its page at worst, over {found.sales:,} sales of 500 machines "
        f"({found.rows_of_days:,} rows of days): {found.worst_s:.2f} s (target under {MONTH_TARGET_S:g} s)"
    )


def _journal(sales: int) -> None:
    """A cabinet with its journal and a fleet beside the same one before there was a journal."""
    now = cost(Path.cwd(), sales, fleet=True)
    print(
        f"from a sale's last pulse to the page: median {median(now.to_page_s):.2f} s, worst "
        f"{max(now.to_page_s):.2f} s, over {sales} sales (target under {PAGE_TARGET_S:g} s), and up to a "
        f"second more until an open page asks"
    )
    with controller_of_before() as tree:
        before = cost(tree, sales, fleet=False) if tree else None
    print(
        f"a cabinet with its journal: {_words(now)}; {_words(before) if before else 'no history here'} before"
    )


def _words(cost: Cost) -> str:
    return f"{cost.memory_mb:.1f} MB (PSS), {cost.bytes_a_sale / 1000:.0f} kB written a sale of one credit"
