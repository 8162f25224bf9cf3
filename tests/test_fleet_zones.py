"""A machine that is put into another time zone: its days are those of one zone, whatever comes meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from fleet_kit import Postgres, SmallCabinet, rows, whole_book
from fleet_money_parts import Account, account
from sqlalchemy import Connection, Engine, insert, update
from sqlalchemy.engine import make_url

from cloud_relay.zones import zone_named
from fleet.book import tables
from fleet.book.came.recording import Came, record
from fleet.book.computed.dating import date_due, dated, undated
from fleet.book.computed.rebuilding import rebuild
from fleet.book.database.engine import open_book, reading, writing
from fleet.book.typed.places import zones
from fleet.journal.days import ZoneOf

pytestmark = pytest.mark.fleet

# Noon in Greenwich is the next day there, and in UTC still this one.
KIRITIMATI, HAWAII = "Pacific/Kiritimati", "Pacific/Honolulu"


def place(book: Engine, zone: str, *machine_ids: str) -> int:
    """A location in that zone, and these machines in it."""
    values = {
        "name": zone,
        "zone": zone,
        "opening": "",
        "owner_name": "",
        "owner_share_percent": 0,
        "deductions": "",
    }
    with writing(book) as connection:
        made = insert(tables.locations).values(values).returning(tables.locations.c.id)
        number = int(connection.execute(made).scalar_one())
        put_into(connection, number, *machine_ids)
    return number


def put_into(connection: Connection, location: int, *machine_ids: str) -> None:
    machines = tables.machines
    moved = update(machines).where(machines.c.machine_id.in_(machine_ids))
    connection.execute(moved.values(location_id=location))


def a_busy_cabinet() -> SmallCabinet:
    """Sales and coins of two days and a night."""
    cabinet = SmallCabinet()
    for number in range(20):
        cabinet.now_s += 7000.5
        cabinet.sell(f"pi_{number}")
        cabinet.write("coin", number=number)
    return cabinet


def put(book: Engine, cabinet: SmallCabinet, after: int = 0, most: int = 1000) -> None:
    with writing(book) as connection:
        came = Came(cabinet.batch(after, most), cabinet.sent_at)
        record(connection, [came], zones(connection, UTC))


def as_if_rebuilt(book: Engine) -> tuple[dict[str, list[Any]], dict[str, list[Any]]]:
    """What is computed, and what it would be if it were computed anew."""
    with writing(book) as connection:
        kept_up = whole_book(connection)
        rebuild(connection, zones(connection, UTC))
        return kept_up, whole_book(connection)


def test_days_are_of_one_zone_until_all_of_them_are_of_another(book: Engine) -> None:
    """What comes after the move and before the dating goes with what was there."""
    cabinet = a_busy_cabinet()
    put(book, cabinet, most=30)
    with reading(book) as connection:
        before = {row[0] for row in rows(connection, tables.days, "day")}
    place(book, KIRITIMATI, cabinet.machine_id)
    put(book, cabinet, after=30)
    with reading(book) as connection:
        assert undated(connection, zones(connection, UTC)) == [cabinet.machine_id]
        assert rows(connection, tables.machines, "zone") == [("UTC",)]
        assert min(row[0] for row in rows(connection, tables.days, "day")) == min(before)
    assert date_due(book, UTC, 60.0) == 0
    with reading(book) as connection:
        assert undated(connection, zones(connection, UTC)) == []
        assert rows(connection, tables.machines, "zone") == [(KIRITIMATI,)]
        assert min(row[0] for row in rows(connection, tables.days, "day")) > min(before)
    kept_up, anew = as_if_rebuilt(book)
    assert kept_up == anew


def test_what_takes_too_long_is_gone_on_with(book: Engine) -> None:
    """A page dates as many machines as it has time for; each is dated whole, and the rest is counted."""
    cabinets = [SmallCabinet(f"m{number}") for number in range(3)]
    for cabinet in cabinets:
        cabinet.sell("pi_1")
        put(book, cabinet)
    place(book, KIRITIMATI, "m0", "m1", "m2")
    assert date_due(book, UTC, -1.0) == 3
    assert date_due(book, UTC, 60.0, largest=0) == 3
    assert date_due(book, UTC, 60.0) == 0
    kept_up, anew = as_if_rebuilt(book)
    assert kept_up == anew


def test_a_zone_that_nobody_knows_any_more_stops_no_cabinet(book: Engine) -> None:
    """Its days go by where it stands."""
    cabinet = a_busy_cabinet()
    put(book, cabinet, most=30)
    with writing(book) as connection:
        connection.execute(update(tables.machines).values(zone="Gone/Nowhere"))
    put(book, cabinet, after=30)
    with reading(book) as connection:
        assert len(rows(connection, tables.entries, "id")) == len(cabinet.entries)


@pytest.fixture
def shared(postgres: Postgres, request: pytest.FixtureRequest) -> Iterator[Engine]:
    """A book that several processes write at once."""
    book = open_book(postgres.new_database(f"zones_{abs(hash(request.node.name)):x}"))
    yield book
    book.dispose()


def test_a_batch_that_had_read_the_zones_before_the_move_does_not_keep_the_old_one(shared: Engine) -> None:
    """Between its look at the zones and its lock of the machine, the machine is moved, and dated anew."""
    cabinet = a_busy_cabinet()
    put(shared, cabinet, most=30)
    with writing(shared) as ingest:
        zone_of = zones(ingest, UTC)
        place(shared, HAWAII, cabinet.machine_id)
        assert date_due(shared, UTC, 60.0) == 0
        record(ingest, [Came(cabinet.batch(30), cabinet.sent_at)], zone_of)
    assert date_due(shared, UTC, 60.0) == 0
    kept_up, anew = as_if_rebuilt(shared)
    assert kept_up == anew


def test_a_batch_that_is_being_written_is_dated_with_the_rest(shared: Engine) -> None:
    """Whoever dates waits for it; a move in between is not lost."""
    cabinet = a_busy_cabinet()
    put(shared, cabinet, most=30)
    number = place(shared, HAWAII)
    left: list[int] = []
    dating = threading.Thread(target=lambda: left.append(date_due(shared, UTC, 60.0)))
    with writing(shared) as web:
        put_into(web, number, cabinet.machine_id)
    with writing(shared) as ingest:
        record(ingest, [Came(cabinet.batch(30), cabinet.sent_at)], zones(ingest, UTC))
        dating.start()
        wait_for_a_lock(shared)
    dating.join(60)
    assert left == [0]
    kept_up, anew = as_if_rebuilt(shared)
    assert kept_up == anew


def wait_for_a_lock(book: Engine) -> None:
    """Until somebody waits for another."""
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
    with book.connect() as connection:
        while not connection.exec_driver_sql(waiting).scalar():
            connection.rollback()


def test_what_stripe_says_is_in_the_zone_of_the_rest() -> None:
    """A reading takes minutes, and the machine is moved in the middle of it."""
    with account() as hall:
        charged = hall.charge()
        cabinet = SmallCabinet("galaga-01", boot_began_at=hall.clock() - 100)
        cabinet.sell(charged)
        put(hall.engine, cabinet)
        hall.read()
        assert days_at_stripe(hall) == ["2027-01-15"]
        place(hall.engine, HAWAII, "galaga-01")
        hall.charge()
        hall.clock.now_s += 1
        hall.read()
        assert days_at_stripe(hall) == ["2027-01-15", "2027-01-15"]
        assert date_due(hall.engine, UTC, 60.0) == 0
        assert days_at_stripe(hall) == ["2027-01-14", "2027-01-14"]
        hall.charge()
        hall.clock.now_s += 1
        hall.read()
        assert days_at_stripe(hall) == ["2027-01-14", "2027-01-14", "2027-01-14"]


def days_at_stripe(hall: Account) -> list[str]:
    return [day for (day,) in hall.rows(tables.stripe_payments, "day")]


def test_a_zone_once_taken_stays_until_the_transaction_ends(book: Engine) -> None:
    """The first that dates a machine says where its days are; the next goes by that."""
    put(book, SmallCabinet())
    with writing(book) as connection:
        connection.execute(update(tables.machines).values(zone=""))
        first = dated(connection, ["galaga-01"], _always(HAWAII))("galaga-01")
        again = dated(connection, ["galaga-01"], _always(KIRITIMATI))("galaga-01")
        other = dated(connection, ["galaga-01"], _always(KIRITIMATI))("pacman-02")
    assert [str(zone) for zone in (first, again, other)] == [HAWAII, HAWAII, KIRITIMATI]


def _always(name: str) -> ZoneOf:
    return lambda _: zone_named(name)


def test_a_book_of_the_first_schema_knows_in_which_zones_its_days_are(tmp_path: Path) -> None:
    """A machine in a location had its days there; one in none has no zone until something of it comes."""
    url = make_url(f"sqlite:///{tmp_path}/book.sqlite")
    book = open_book(url)
    cabinet = SmallCabinet()
    cabinet.sell("pi_1")
    put(book, cabinet)
    put(book, SmallCabinet("pacman-02"))
    place(book, HAWAII, cabinet.machine_id)
    with writing(book) as connection:
        for statement in (
            "DROP INDEX ix_entries_machine_id_boot_boot_s",
            "ALTER TABLE boots DROP COLUMN moves",
            "ALTER TABLE machines DROP COLUMN zone",
            "UPDATE alembic_version SET version_num = '0001'",
        ):
            connection.exec_driver_sql(statement)
    book.dispose()
    again = open_book(url)
    with reading(again) as connection:
        found = rows(connection, tables.machines, "machine_id", "zone")
        moves = rows(connection, tables.boots, "moves")
    again.dispose()
    assert sorted(found) == [("galaga-01", HAWAII), ("pacman-02", "")]
    assert moves == [(0,), (0,)]
