"""The pages over a book with money in it, and browsers of people with every role."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from fleet_kit import NOON
from fleet_money_parts import day_of
from sqlalchemy import Connection, Engine, insert, select, update
from sqlalchemy.engine import make_url
from test_fleet_money_book import stripes, tell, two_machines
from werkzeug.test import TestResponse

from fleet.book import tables
from fleet.book.database.engine import open_book, writing
from fleet.book.stripe.marks import mark_read
from fleet.book.stripe.payments import save_payments
from fleet.routes.app import create_app
from fleet.routes.world import World
from fleet.rules.roles import Role
from fleet.settings import MqttSettings, RelaySettings, Settings, StripeSettings, WebSettings

URL = "https://fleet.example.com"


@dataclass
class Browser:
    """Somebody's browser, logged in."""

    client: FlaskClient

    def get(self, path: str) -> TestResponse:
        """A page."""
        return self.client.get(path, base_url=URL)

    def token(self, path: str, name: str = "csrf_token") -> str:
        """A hidden field of the form on a page."""
        found = re.search(rf'name="{name}" value="([^"]+)"', self.get(path).text.split("</header>")[-1])
        assert found is not None, path
        return found[1]

    def post(self, path: str, fields: dict[str, Any], form: str) -> TestResponse:
        """Send a form that stands on the page `form`; gives the page that comes of it."""
        fields = {"csrf_token": self.token(form), "token": self.token(form, "token")} | fields
        return self.client.post(
            path, data=fields, base_url=URL, headers={"Referer": f"{URL}{form}"}, follow_redirects=True
        )


@dataclass
class MoneySite:
    """The pages, at noon of the tests' day and thirty days on."""

    engine: Engine
    world: World
    bar: int
    hall: int

    def browser(self, role: Role = Role.OWNER, location_id: int | None = None) -> Browser:
        """A new person's browser."""
        name, token = f"{role}-{location_id}", secrets.token_urlsafe(8)
        now = self.world.clock()
        # Straight into the book: how people are let in is not what this is about, and takes its time.
        with writing(self.engine) as connection:
            who = {
                "name": f"{name} {token}", "role": role, "location_id": location_id, "password_hash": "",
                "totp_secret": "", "totp_used_step": 0, "failures": 0, "locked_until_at": 0.0,
                "is_active": True,
            }  # fmt: skip
            number = connection.execute(insert(tables.people).values(who)).inserted_primary_key[0]
            kept = hashlib.sha256(token.encode()).hexdigest()
            login = {"token_hash": kept, "person_id": number, "began_at": now, "used_at": now}
            connection.execute(insert(tables.logins).values(login))
        client = create_app(self.world).test_client()
        client.set_cookie("fleet", token, domain="fleet.example.com", secure=True)
        return Browser(client)

    def deeds(self, what: str) -> list[tuple[str, str | None, str]]:
        """Who did it, to which machine, with which details."""
        audit = tables.audit.c
        query = select(audit.who, audit.machine_id, audit.details).where(audit.what == what)
        with self.engine.connect() as connection:
            rows = connection.execute(query.order_by(audit.id))
            return [(row.who.split(" ")[0], row.machine_id, row.details) for row in rows]


@contextmanager
def money_site(
    folder: Path, relay: RelaySettings | None = None, stripe: StripeSettings | None = None
) -> Iterator[MoneySite]:
    """Two machines with sales, at two places, and Stripe's side of them."""
    url = make_url(f"sqlite:///{folder}/book.sqlite")
    engine = open_book(url)
    web = WebSettings(URL, "127.0.0.1", 8090, "s" * 32)
    mqtt = MqttSettings("x", 1, "u", "p", None)
    settings = Settings(url, mqtt, web, UTC, stripe, relay)
    with writing(engine) as connection:
        tell(connection, *two_machines())
        save_payments(connection, stripes(), NOON + 86400, day_of)
        mark_read(connection, NOON - 30 * 86400, NOON + 2 * 86400)
        bar, hall = (_place(connection, *each) for each in (("Bar", "galaga-01"), ("Hall", "pong-01")))
    try:
        yield MoneySite(engine, World(settings, engine, lambda: NOON + 2 * 86400), bar, hall)
    finally:
        engine.dispose()


def _place(connection: Connection, name: str, machine_id: str) -> int:
    row = {
        "name": name, "zone": "UTC", "opening": "", "owner_name": f"{name}'s owner",
        "owner_share_percent": 40.0, "deductions": '["fees", "refunds"]',
    }  # fmt: skip
    number = int(connection.execute(insert(tables.locations).values(row)).inserted_primary_key[0])
    connection.execute(
        update(tables.machines)
        .where(tables.machines.c.machine_id == machine_id)
        .values(location_id=number, coin_value=25, coin_currency="usd", name=machine_id[:-3].title())
    )
    return number
