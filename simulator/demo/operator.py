"""The operator's side of the demo: a book with a month in it, and a login that is made here."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyotp
import requests
from sqlalchemy import select
from sqlalchemy.engine import make_url

from fleet.book import tables
from fleet.book.database.engine import open_book, writing
from fleet.logins.people import add_person, enter, hash_of, proved
from fleet.rules.roles import Role
from simulator.chain.cabinet import MACHINE_ID, NAME
from simulator.chain.chain import Chain
from simulator.chain.fleet import running_fleet
from simulator.demo.month import describe, fill

PERSON = "operator"


@dataclass(frozen=True)
class Operator:
    """Where the operator's pages are, and the login that a browser of the demo gets."""

    url: str
    token: str

    def is_there(self) -> bool:
        """Whether the pages answer."""
        try:
            return requests.get(f"{self.url}/health", timeout=1).ok
        except requests.RequestException:
            return False


@contextmanager
def operator_of(chain: Chain, folder: Path, port: int) -> Iterator[Operator]:
    """Fill a book, and have the fleet go on with it; nobody waits until it is up."""
    folder.mkdir()
    token = _made(folder / "book.sqlite")
    with running_fleet(chain.broker, folder / "book.sqlite", port, is_waited_for=False) as fleet:
        yield Operator(fleet.url, token)


def _made(book: Path) -> str:
    engine, now, password = open_book(make_url(f"sqlite:///{book}")), time.time(), secrets.token_hex(16)
    with writing(engine) as connection:
        fill(connection, now)
        describe(connection, MACHINE_ID, NAME, 0, now)
        add_person(connection, PERSON, Role.OWNER, password)
        code = pyotp.TOTP(str(connection.execute(select(tables.people.c.totp_secret)).scalar())).at(int(now))
        token = enter(connection, PERSON, proved(hash_of(connection, PERSON), password), code, now)
    engine.dispose()
    assert token is not None  # noqa: S101 - by what was just made
    return token
