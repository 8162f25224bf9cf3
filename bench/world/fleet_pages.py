"""The fleet's pages over a book of many machines, filled by SQL with what a year leaves of them."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from statistics import median

import pyotp
from flask.testing import FlaskClient
from sqlalchemy import Engine, func, select, text
from sqlalchemy.engine import make_url

from bench.idle import memory_mb
from bench.world.fleet_year import BEGAN_AT, Message, machine_ids, year
from fleet.book import tables
from fleet.book.came.recording import Came, record
from fleet.book.came.statuses import record_statuses
from fleet.book.database.engine import open_book, reading, writing
from fleet.journal.batch import read_batch
from fleet.logins.people import add_person, enter, hash_of, proved
from fleet.reports.takings import By
from fleet.routes.app import create_app
from fleet.routes.login import COOKIE
from fleet.routes.world import World
from fleet.rules.roles import Role
from fleet.settings import MqttSettings, Settings, WebSettings

_SITE, _PASSWORD = "https://fleet.example.com", "correct horse battery"
_NOW = BEGAN_AT + 364 * 86400 + 20 * 3600
_DAYS = """
    WITH RECURSIVE d(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM d WHERE n < :last),
    k(kind, currency, price) AS (VALUES ('phone','eur',100), ('phone','eur',250), ('cash','',0))
    INSERT INTO days SELECT machine_id, date('2025-12-31', '-' || n || ' days'), kind, currency, price,
    :sales, :sales, :sales, :sales * price, 0, 0 FROM machines, d, k
"""
_SALES = """
    WITH RECURSIVE d(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM d WHERE n < :last),
    s(m) AS (SELECT 0 UNION ALL SELECT m + 1 FROM s WHERE m < :most)
    INSERT INTO sales SELECT machine_id, 'pi_' || n || '_' || m, :ends - n * 86400 - m * 600,
    date('2025-12-31', '-' || n || ' days'), 'phone', 1, 100, 'eur', 'delivered', '', 1, 1, 0, 0,
    'settled', 100 FROM machines, d, s
"""


@dataclass(frozen=True)
class Served:
    """What the overview took, in the median; `memory_mb` is of the process that served it."""

    page_s: float
    page_kb: float
    sale_to_page_s: float
    memory_mb: float


def serve(file: Path, count: int, days: int, times: int) -> Served:
    """The overview of so many machines, each of them online and with some days behind it."""
    with _pages(file, count, days, sales=10) as (engine, client):
        body = _page(client, "/")
        took_s, to_page_s = [], []
        for message in list(year(0, machine_ids(1)[0], 3))[:times]:
            took_s.append(_took_s(lambda: _page(client, "/")))
            began_s = time.perf_counter()
            _write(engine, message)
            to_page_s.append(time.perf_counter() - began_s + _took_s(lambda: _page(client, "/")))
        return Served(median(took_s), len(body) / 1000, median(to_page_s), memory_mb(os.getpid(), "Pss"))


@dataclass(frozen=True)
class Month:
    """What the money page of a month took at worst, by day, machine and price, beside the month before."""

    sales: int
    rows_of_days: int
    worst_s: float


def month(file: Path, machines: int, days: int, sales_a_day: int) -> Month:
    """The money page over so many machines' sales up to the last day of a year."""
    with _pages(file, machines, days, sales_a_day) as (engine, client):
        with writing(engine) as connection:
            ends = BEGAN_AT + 365 * 86400 - 1
            connection.execute(text(_SALES), {"most": sales_a_day - 1, "last": days - 1, "ends": ends})
        with reading(engine) as connection:
            sales, rows = (
                connection.execute(select(func.count()).select_from(table)).scalar_one()
                for table in (tables.sales, tables.days)
            )
        address = "/money?from=2025-12-01&to=2025-12-31&by="
        took_s = [_took_s(lambda by=by: _page(client, address + by)) for by in By]  # type: ignore[misc]
        return Month(sales, rows, max(took_s))


@contextmanager
def _pages(file: Path, count: int, days: int, sales: int) -> Iterator[tuple[Engine, FlaskClient]]:
    """A book of so many machines, and a browser that an owner has logged in."""
    url = make_url(f"sqlite:///{file}")
    engine = open_book(url)
    _fill(engine, count, days, sales)
    settings = Settings(url, MqttSettings("x", 1, "u", "p", None), _WEB, UTC)
    client = create_app(World(settings, engine, lambda: _NOW)).test_client()
    client.set_cookie(COOKIE, _token(engine), domain="fleet.example.com", secure=True)
    try:
        yield engine, client
    finally:
        engine.dispose()


def _page(client: FlaskClient, address: str) -> bytes:
    response = client.get(address, base_url=_SITE)
    if response.status_code != 200:
        raise RuntimeError(f"{address} answers {response.status_code}")
    return bytes(response.data)


def _write(engine: Engine, message: Message) -> None:
    with writing(engine) as connection:
        batch = read_batch(message.payload, message.machine_id)
        record(connection, [Came(batch, message.came_at)], lambda _: UTC)


def _took_s(work: Callable[[], object]) -> float:
    began_s = time.perf_counter()
    work()
    return time.perf_counter() - began_s


_WEB = WebSettings(_SITE, "127.0.0.1", 8090, "s" * 32)


def _fill(engine: Engine, count: int, days: int, sales: int) -> None:
    said = {"online": True, "acceptingPayments": True, "state": "attract", "version": "1.0.0"}
    statuses = []
    for name in machine_ids(count):
        payload = json.dumps(said | {"machineId": name}).encode()
        statuses.append((name, payload, _NOW))
    with writing(engine) as connection:
        rows = [{"machine_id": name, "name": name, "first_heard_at": BEGAN_AT} for name in machine_ids(count)]
        connection.execute(tables.machines.insert(), rows)
        record_statuses(connection, statuses)
        connection.execute(text(_DAYS), {"sales": sales, "last": days - 1})


def _token(engine: Engine) -> str:
    with writing(engine) as connection:
        made = add_person(connection, "ada", Role.OWNER, _PASSWORD)
        secret = re.search(r"secret=(\w+)", str(made))
        token = enter(
            connection,
            "ada",
            proved(hash_of(connection, "ada"), _PASSWORD),
            pyotp.TOTP(secret[1] if secret else "").at(int(_NOW)),
            _NOW,
        )
    if token is None:
        raise RuntimeError("the bench's own person is not let in")
    return token
