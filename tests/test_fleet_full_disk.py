"""A disk of the fleet's book that is really full: nothing lost, nothing twice, and pages that say so."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from conftest import PASSWORDS, wait_until
from fleet_kit import SmallCabinet, has_postgres, rows, running_postgres
from small_disk import SmallDisk, small_disk
from sqlalchemy import insert, select
from sqlalchemy.engine import make_url
from test_fleet_ingest import FLEET_PASSWORD, Line, again, ingesting, is_up

from fleet.book import tables
from fleet.book.database.engine import open_book, reading, writing
from fleet.logins.people import add_person
from fleet.rules.roles import Role
from fleet.settings import LOGIN
from simulator.chain.broker import Broker
from simulator.chain.fleet import RunningFleet, running_fleet

pytestmark = pytest.mark.fleet

FULL = "Cannot write into the book, trying again: database or disk is full"
NO_SPACE = "No space left on device"
TOKEN = "of-a-browser"
SAID = "Nothing can be written into the book just now: database or disk is full."
PAGES = ("/", "/live", "/money", "/collections", "/alerts", "/audit", "/people", "/machines/galaga-01")
FILES = ("/machines/galaga-01/sales.csv", "/money.csv")


@dataclass
class World:
    """A fleet whose book is on a small disk, and a cabinet's line to it."""

    disk: SmallDisk
    fleet: RunningFleet
    cabinet: SmallCabinet
    line: Line

    def sell(self, number: int) -> int:
        """So many sales, told at once; gives the number of the last entry."""
        for _ in range(number):
            self.cabinet.sell(f"pi_{len(self.cabinet.entries)}")
        self.line.send(self.cabinet.payload(self.confirmed, 20))
        return len(self.cabinet.entries)

    @property
    def confirmed(self) -> int:
        """How far the cabinet was told that it is in the book."""
        return max((said["seq"] for said in self.line.seen), default=0)

    def written(self) -> list[int]:
        """The numbers of the entries that are on the disk."""
        return [seq for (seq,) in self.disk.rows("book.sqlite", "SELECT seq FROM entries ORDER BY id")]

    def get(self, page: str) -> requests.Response:
        """A page, as somebody who logged in long ago."""
        return requests.get(self.fleet.url + page, cookies={"fleet": TOKEN}, timeout=60)

    def has_room_again(self, seq: int) -> None:
        """Free the disk, and wait until the cabinet has been told of all."""
        self.disk.free()
        wait_until(lambda: again(self.line, self.cabinet, seq), "the confirmation", 40)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A fleet that hears the cabinet, and an owner whose browser has not asked for anything for minutes."""
    folder = tmp_path / "book"
    folder.mkdir()
    engine = open_book(make_url(f"sqlite:///{folder}/book.sqlite"))
    with writing(engine) as connection:
        add_person(connection, "ada", Role.OWNER, "a good long password")
        number = connection.execute(select(tables.people.c.id)).scalar()
        kept, long_ago = hashlib.sha256(TOKEN.encode()).hexdigest(), time.time() - 300
        login = {"token_hash": kept, "person_id": number, "began_at": long_ago, "used_at": long_ago}
        connection.execute(insert(tables.logins).values(login))
    engine.dispose()
    with (
        Broker(tmp_path / "broker", {**PASSWORDS, LOGIN: FLEET_PASSWORD}) as broker,
        small_disk(folder, "12m") as disk,
        running_fleet(broker, folder / "book.sqlite", inside=disk.inside) as fleet,
    ):
        line = Line(broker)
        yield World(disk, fleet, SmallCabinet(), line)
        line.close()


def test_what_comes_while_the_disk_is_full_is_in_the_book_once_there_is_room(world: World) -> None:
    """Nothing of it is confirmed meanwhile, also by a fleet that was killed and began again there."""
    first = world.sell(5)
    wait_until(lambda: world.line.told_of(first), "the confirmation")
    world.disk.fill()
    for start in range(2):
        if start:
            world.fleet.part.kill()
            since = len(world.fleet.part.log_lines)
            world.fleet.part.start()
            world.fleet.part.wait_for_line("broker connected", since=since)
        told = len(world.fleet.part.log_lines)
        last = world.sell(3)
        world.fleet.part.wait_for_line(FULL, since=told)
        assert (world.confirmed, world.written()) == (first, list(range(1, first + 1)))
    world.has_room_again(last)
    assert world.written() == list(range(1, last + 1))
    taken = world.disk.rows("book.sqlite", "SELECT sales, charged FROM days")
    assert taken == [(11, 1100)]


def test_a_disk_that_fills_anywhere_in_a_commit_loses_nothing(world: World) -> None:
    """What was confirmed is there, whatever room was left; and in the end each entry once."""
    refused = 0
    for leave in (0, 1, 3, 8, 21, 55):
        world.disk.fill(leave)
        since = len(world.fleet.part.log_lines)
        last = world.sell(8)
        wait_until(
            lambda last=last, since=since: (
                world.line.told_of(last) or world.fleet.part.find_line(FULL, since)
            ),  # type: ignore[misc]
            "either",
        )
        refused += world.fleet.part.find_line(FULL, since) is not None
        assert len(world.written()) >= world.confirmed
        world.has_room_again(last)
    assert world.written() == list(range(1, last + 1))
    assert 0 < refused < 6, refused


def test_pages_stay_readable_and_say_that_nothing_is_written(world: World) -> None:
    """Each of them, and every file; what somebody sends is refused in words, and not half done."""
    first = world.sell(1)
    wait_until(lambda: world.line.told_of(first), "the confirmation")
    world.disk.fill()
    for page in PAGES:
        answer = world.get(page)
        assert (answer.status_code, answer.text.count(SAID)) == (200, 1), (page, answer.text)
    assert [world.get(each).status_code for each in FILES] == [200, 200]
    form = world.get("/collections")
    token = re.search(r'name="csrf_token" value="([^"]+)"', form.text)
    assert token is not None
    fields = {
        "csrf_token": token[1],
        "machine": "galaga-01",
        "counted": "1",
        "currency": "eur",
        "collector": "x",
    }
    refused = requests.post(
        f"{world.fleet.url}/collections",
        data=fields,
        cookies={"fleet": TOKEN, **form.cookies},
        headers={"Referer": f"{world.fleet.url}/collections"},
        timeout=60,
    )
    assert (refused.status_code, "The book cannot be written" in refused.text) == (503, True), refused.text
    assert world.disk.rows("book.sqlite", "SELECT count(*) FROM collections") == [(0,)]
    world.disk.free()
    wait_until(lambda: SAID not in world.get("/").text, "the page to be as always")


def opened(folder: Path) -> Path:
    """The folder, through which others may go."""
    folder.chmod(0o711)
    return folder


def test_a_postgresql_without_room_loses_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Its tables are on a full disk, and what writes them down where there is room."""
    if not has_postgres() or os.getuid() != 0:
        pytest.skip("no PostgreSQL is installed here, or it may be given no disk of its own")
    with (
        tempfile.TemporaryDirectory(dir="/tmp") as place,
        Broker(tmp_path / "broker", {**PASSWORDS, LOGIN: FLEET_PASSWORD}) as broker,
        small_disk(opened(Path(place)) / "disk", "32m") as disk,
        running_postgres(disk.inside) as server,
    ):
        database = server.new_database("small", disk)
        engine = open_book(database)
        cabinet, line = SmallCabinet(), Line(broker)
        with ingesting(broker, database, engine):
            wait_until(lambda: is_up(engine), "the broker to be heard")
            cabinet.sell("pi_0")
            line.send(cabinet.payload())
            wait_until(lambda: line.told_of(2), "the confirmation")
            disk.fill()
            for number in range(1, 200):
                cabinet.sell(f"pi_{number}")
            wait_until(lambda: again(line, cabinet, 400) or NO_SPACE in caplog.text, "the disk to be full")
            assert not line.told_of(400)
            disk.free()
            wait_until(lambda: again(line, cabinet, 400), "the confirmation")
        with reading(engine) as connection:
            assert sorted(seq for (seq,) in rows(connection, tables.entries, "seq")) == list(range(1, 401))
            assert rows(connection, tables.days, "sales", "charged") == [(200, 20000)]
        engine.dispose()
        line.close()
