"""The fleet's pages over a book of many machines, filled by SQL with what a year leaves of them."""

from __future__ import annotations

import json
import os
import re
import time
from dataclasses import dataclass
from datetime import UTC, date
from pathlib import Path
from statistics import median

import pyotp
from sqlalchemy import Engine, func, select, text
from sqlalchemy.engine import make_url

from bench.idle import memory_mb
from bench.world.fleet_year import BEGAN_AT, machine_ids, year
from fleet.book import tables
from fleet.book.came.recording import Came, record
from fleet.book.came.statuses import record_statuses
from fleet.book.database.engine import open_book, reading, writing
from fleet.book.figures.takings import takings
from fleet.book.typed.scopes import Scope
from fleet.journal.batch import read_batch
from fleet.logins.people import add_person, enter, hash_of, proved
from fleet.reports.periods import Period
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
    WITH RECURSIVE d(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM d WHERE n < 364),
    s(m) AS (SELECT 0 UNION ALL SELECT m + 1 FROM s WHERE m < :most)
    INSERT INTO sales SELECT machine_id, 'pi_' || n || '_' || m, :began + n * 86400 + m * 600,
    date('2025-01-01', '+' || n || ' days'), 'phone', 1, 100, 'eur', 'delivered', '', 1, 1, 0, 0,
    'settled', 100 FROM machines, d, s
"""


@dataclass(frozen=True)
class Served:
    """What the overview took, in the median; `memory_mb` is of the process that served it."""

    page_s: float
    page_kb: float
    sale_to_page_s: float
    memory_mb: float


def serve(file: Path, count: int, days: int) -> Served:
    """The overview of so many machines, each of them online and with some days behind it."""
    url = make_url(f"sqlite:///{file}")
    engine = open_book(url)
    _fill(engine, count, days, sales=10)
    settings = Settings(url, MqttSettings("x", 1, "u", "p", None), _WEB, UTC)
    client = create_app(World(settings, engine, lambda: _NOW)).test_client()
    client.set_cookie(COOKIE, _token(engine), domain="fleet.example.com", secure=True)

    def page() -> bytes:
        response = client.get("/", base_url=_SITE)
        if response.status_code != 200:
            raise RuntimeError(f"the overview answers {response.status_code}")
        return bytes(response.data)

    took_s, to_page_s, body = [], [], page()
    messages = list(year(0, machine_ids(1)[0], 3))
    for message in messages[:3]:
        began_s = time.perf_counter()
        page()
        took_s.append(time.perf_counter() - began_s)
        began_s = time.perf_counter()
        with writing(engine) as connection:
            batch = read_batch(message.payload, message.machine_id)
            record(connection, [Came(batch, message.came_at)], lambda _: UTC)
        page()
        to_page_s.append(time.perf_counter() - began_s)
    return Served(median(took_s), len(body) / 1000, median(to_page_s), memory_mb(os.getpid(), "Pss"))


def month_s(file: Path, a_day: int) -> tuple[int, float]:
    """How many rows of days there are with so many sales a day, and what a month's report takes."""
    engine = open_book(make_url(f"sqlite:///{file}"))
    _fill(engine, 500, 365, sales=a_day)
    with writing(engine) as connection:
        connection.execute(text(_SALES), {"most": a_day - 1, "began": BEGAN_AT})
    june = Period(date(2025, 6, 1), date(2025, 6, 30))
    with reading(engine) as connection:
        rows = connection.execute(select(func.count()).select_from(tables.days)).scalar_one()
        began_s = time.perf_counter()
        for by in (By.DAY, By.MACHINE, By.PRICE):
            takings(connection, by, june, Scope())
        return rows, time.perf_counter() - began_s


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
