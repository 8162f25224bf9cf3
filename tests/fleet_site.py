"""A site with two places, a person of each role, and cabinets that say whatever they like."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path
from typing import Any

import pyotp
from flask.testing import FlaskClient
from fleet_kit import NOON, SmallCabinet
from sqlalchemy import insert, select, update
from test_fleet_login import PASSWORD, Site
from werkzeug.routing import AnyConverter, Rule

from fleet.book import tables
from fleet.book.came.recording import Came, record
from fleet.book.came.statuses import record_statuses
from fleet.book.database.engine import writing
from fleet.book.typed.audit import note_deed
from fleet.book.typed.places import zones
from fleet.logins.people import add_person, enter, hash_of, proved
from fleet.rules.roles import PUBLIC, Role

BASE = "https://fleet.example.com"
OURS, THEIRS = "galaga-01", "zaxxon-99"
HOSTILE = "=cmd|'/c calc'!A1\x1b[31m<script>alert(1)</script>\"'><img src=x onerror=alert(2)>\u202e{{7*7}}"


class FullSite(Site):
    """Place 1 is a partner's, with `OURS`; place 2 is another's, with `THEIRS`."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.app.config["WTF_CSRF_ENABLED"] = False
        with writing(self.engine) as connection:
            for name in ("Kino", "Foreign Hall"):
                place = {
                    "name": name,
                    "zone": "Europe/Berlin",
                    "opening": "",
                    "owner_name": f"Owner of {name}",
                }
                terms = {"owner_share_percent": 40.0, "deductions": '["fees"]'}
                connection.execute(insert(tables.locations).values(place | terms))
            for role in Role:
                where = 1 if role is Role.PARTNER else None
                add_person(connection, f"the-{role}", role, PASSWORD, where)
        for place, (machine_id, mark) in enumerate(((OURS, "ours"), (THEIRS, "foreign")), 1):
            self.fill(machine_id, mark, place)

    def fill(self, machine_id: str, mark: str, place: int, text: str = "") -> None:
        """Have a machine sell, fail and be played; every text that it says has the mark in it."""
        text = text or f"{mark} text"
        cabinet = SmallCabinet(machine_id, ledger=(mark.encode().hex() * 32)[:32], boot=f"boot-{mark}")
        cabinet.write("start", version=text)
        cabinet.write("technician", did=text, details=text)
        for number in range(3):
            cabinet.sell(f"pi_{mark}{number}", reason=text, outcome=text[:24], ambiguous=1, uncounted=1)
        cabinet.write("coin", number=1)
        cabinet.write("game", sessionId=text, game=1, credits=1, durationS=90, idleS=30)
        cabinet.write("fault_begins", fault=text[:40], text=text)
        status = {
            "machineId": machine_id,
            "online": True,
            "accepting": True,
            "state": text[:30],
            "version": text,
        }
        with writing(self.engine) as connection:
            record(connection, [Came(cabinet.batch(), cabinet.sent_at)], zones(connection, UTC))
            record_statuses(connection, [(machine_id, json.dumps(status).encode(), NOON)])
            found = tables.machines
            settings = {"name": text, "location_id": place, "coin_value": 100, "coin_currency": "eur"}
            connection.execute(update(found).where(found.c.machine_id == machine_id).values(settings))
            note_deed(connection, NOON, "ada", "looked", machine_id, text=text)
            alert = {"subject": machine_id, "kind": "ready", "text": text, "covers": "[]", "began_at": NOON}
            connection.execute(insert(tables.alerts).values(**alert, **self.rest_of(tables.alerts, alert)))
            taken = {
                "machine_id": machine_id,
                "at": NOON,
                "counted": 100,
                "currency": "eur",
                "metered_coins": 1,
            }
            said = {"metered": 100, "collector": text, "note": text}
            made = taken | said
            connection.execute(
                insert(tables.collections).values(**made, **self.rest_of(tables.collections, made))
            )

    @staticmethod
    def rest_of(table: Any, given: dict[str, Any]) -> dict[str, Any]:
        """Something for each column that must have a value and was given none."""
        return {
            column.name: "" if column.type.python_type is str else 0
            for column in table.columns
            if not column.nullable and column.name not in given and not column.primary_key
        }

    def as_(self, role: Role) -> FlaskClient:
        """A browser in which somebody of this role is logged in."""
        self.now += 30  # a code counts once
        people = tables.people.c
        with writing(self.engine) as connection:
            secret = connection.execute(
                select(people.totp_secret).where(people.name == f"the-{role}")
            ).scalar_one()
            code = pyotp.TOTP(secret).at(int(self.now))
            token = enter(
                connection,
                f"the-{role}",
                proved(hash_of(connection, f"the-{role}"), PASSWORD),
                code,
                self.now,
            )
        assert token is not None
        browser = self.app.test_client()
        browser.set_cookie("fleet", token, domain="fleet.example.com", secure=True)
        return browser

    def rules(self, method: str = "") -> Iterator[Rule]:
        """Every route that is not open to all."""
        for rule in self.app.url_map.iter_rules():
            if rule.endpoint not in PUBLIC and method in ({""} | (rule.methods or set())):
                yield rule


def addresses(rule: Rule, values: dict[str, Any]) -> list[str]:
    """The addresses of a route, one for each word that it takes; these values are for its other parts."""
    found: list[dict[str, Any]] = [{}]
    for name in rule.arguments:
        converter = rule._converters[name]
        choices = sorted(converter.items) if isinstance(converter, AnyConverter) else [values[name]]
        found = [each | {name: choice} for each in found for choice in choices]
    built = [rule.build(each, append_unknown=False) for each in found]
    return [each[1] for each in built if each is not None]
