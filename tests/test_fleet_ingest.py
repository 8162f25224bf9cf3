"""From a real broker, by the shipped access rules, into a real database; confirmed once it is there."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from conftest import PASSWORDS, wait_until
from fleet_kit import Postgres, SmallCabinet, rows
from sqlalchemy import Engine
from sqlalchemy.engine import URL

from cloud_relay.broker.direct_client import DirectClient
from fleet.book import tables
from fleet.book.database.engine import open_book, reading, writing
from fleet.ingest.ingester import Ingester
from fleet.ingest.limits import Limits
from fleet.rules.rates import BOOT_COSTS, Rate
from fleet.settings import LOGIN, MqttSettings, Settings, WebSettings
from simulator.chain.broker import Broker

pytestmark = pytest.mark.fleet

FLEET_PASSWORD = "fleet-password"
WEB = WebSettings("http://localhost:8090", "127.0.0.1", 8090, "s" * 32)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    with Broker(tmp_path / "broker", {**PASSWORDS, LOGIN: FLEET_PASSWORD}) as running:
        yield running


class Line:
    """A cabinet's connection: what it publishes, and what it is told of its journal."""

    def __init__(self, broker: Broker, machine_id: str = "galaga-01") -> None:
        self.seen: list[dict[str, Any]] = []
        self._machine_id = machine_id
        self._client = DirectClient(f"test-{machine_id}", broker.ca_file, keeps_trying=True)
        self._client.username_pw_set(machine_id, PASSWORDS[machine_id])
        self._client.on_message = lambda _, __, message: self.seen.append(json.loads(message.payload))
        self._subscribed = threading.Event()
        self._client.on_connect = lambda client, *_: client.subscribe(self._topic("journal/seen"), qos=1)
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.connect("localhost", broker.port)
        self._client.loop_start()
        assert self._subscribed.wait(60)

    def send(self, payload: bytes, leaf: str = "journal", *, retain: bool = False) -> None:
        self._client.publish(self._topic(leaf), payload, qos=1, retain=retain).wait_for_publish(20)

    def told_of(self, seq: int) -> bool:
        return any(said["seq"] == seq for said in self.seen)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _topic(self, leaf: str) -> str:
        return f"arcade/machine/{self._machine_id}/{leaf}"


@contextmanager
def ingesting(
    broker: Broker, database: URL, engine: Engine, share: str | None = None, limits: Limits | None = None
) -> Iterator[Ingester]:
    mqtt = MqttSettings("localhost", broker.port_for(LOGIN), LOGIN, FLEET_PASSWORD, broker.ca_file, share)
    ingester = Ingester(Settings(database, mqtt, WEB, UTC), engine, limits=limits)
    thread = threading.Thread(target=ingester.run)
    thread.start()
    try:
        yield ingester
    finally:
        ingester.stop()
        thread.join(60)
        assert not thread.is_alive()


def test_a_journal_is_written_down_and_then_confirmed(broker: Broker, database: URL, book: Engine) -> None:
    """With the sum that tells the cabinet whether it is its own history."""
    cabinet, line = SmallCabinet(), Line(broker)
    cabinet.sell("pi_1")
    with ingesting(broker, database, book):
        wait_until(lambda: is_up(book), "the broker to be heard")
        line.send(cabinet.payload())
        wait_until(lambda: line.told_of(2), "the confirmation")
    (said,) = [said for said in line.seen if said["seq"] == 2]
    assert (said["ledger"], said["sum"], len(said["fleet"])) == (cabinet.ledger, cabinet.sum_at(2), 16)
    with reading(book) as connection:
        assert rows(connection, tables.sales, "payment_id", "charged") == [("pi_1", 100)]
    line.close()


def is_up(engine: Engine) -> bool:
    with reading(engine) as connection:
        return ("ingest", "") in rows(connection, tables.workers, "part", "trouble")


def test_a_fleet_that_comes_late_says_so_to_every_machine_it_hears_of(
    broker: Broker, database: URL, book: Engine
) -> None:
    """By its retained status, which is written down with every change."""
    line = Line(broker)
    status = {"machineId": "galaga-01", "online": True, "accepting": True, "state": "attract"}
    for state in ("attract", "attract", "playing"):
        line.send(json.dumps(status | {"state": state}).encode(), "status", retain=True)
    with ingesting(broker, database, book):
        wait_until(lambda: line.told_of(0), "the greeting")
        line.send(
            json.dumps(status | {"state": "not_ready", "accepting": False}).encode(), "status", retain=True
        )
        wait_until(lambda: len(states(book)) == 2, "the change")
    assert states(book) == [("playing", True), ("not_ready", False)]
    assert line.seen[0] | {"fleet": ""} == {"ledger": "", "seq": 0, "sum": "", "fleet": ""}
    line.close()


def states(engine: Engine) -> list[tuple[Any, ...]]:
    with reading(engine) as connection:
        return rows(connection, tables.sightings, "state", "is_accepting")


def test_nobody_else_s_topic_and_nothing_odd_gets_into_the_book(
    broker: Broker, database: URL, book: Engine
) -> None:
    """What is refused does not come again, and holds nothing up."""
    cabinet, line = SmallCabinet(), Line(broker)
    cabinet.write("coin", number=1)
    other = SmallCabinet("pacman-02", entries=cabinet.entries)
    with ingesting(broker, database, book):
        wait_until(lambda: is_up(book), "the broker to be heard")
        for payload in (
            other.payload(),
            b"",
            b"[]",
            b"\xff",
            b"{" * 5000,
            b'{"entries":' + b"[" * 8000,
            b"x" * 9000,
        ):
            line.send(payload)
        line.send(cabinet.payload())
        wait_until(lambda: line.told_of(1), "the confirmation")
    with reading(book) as connection:
        assert rows(connection, tables.machines, "machine_id") == [("galaga-01",)]
        assert rows(connection, tables.entries, "kind") == [("coin",)]
    line.close()


def test_two_ingesters_share_what_comes_and_nothing_is_there_twice(
    broker: Broker, postgres: Postgres
) -> None:
    """Each message goes to one of them, and a machine's batches to either."""
    database = postgres.new_database("shared")
    cabinets = {name: SmallCabinet(name) for name in ("galaga-01", "pacman-02")}
    with ExitStack() as ending:
        lines = {name: Line(broker, name) for name in cabinets}
        engines = [open_book(database) for _ in range(2)]
        for engine in engines:
            ending.callback(engine.dispose)
            ending.enter_context(ingesting(broker, database, engine, "book"))
        wait_until(lambda: is_up(engines[0]), "the broker to be heard")
        for number in range(20):
            for name, cabinet in cabinets.items():
                cabinet.sell(f"pi_{number}")
                lines[name].send(cabinet.payload(max(0, len(cabinet.entries) - 6)))
        for name, line in lines.items():
            wait_until(lambda line=line, name=name: again(line, cabinets[name], 40), "all of it")  # type: ignore[misc]
            line.close()
        with reading(engines[0]) as connection:
            assert rows(connection, tables.days, "sales", "charged") == [(20, 2000)] * 2
            assert len(rows(connection, tables.entries, "seq")) == 80


def again(line: Line, cabinet: SmallCabinet, seq: int) -> bool:
    """A cabinet says again what it was not told of, from where the book is."""
    if not line.told_of(seq):
        line.send(cabinet.payload(max((said["seq"] for said in line.seen), default=0), 15))
    return line.told_of(seq)


def test_a_database_that_dies_in_the_middle_loses_nothing(broker: Broker, postgres: Postgres) -> None:
    """Nothing is confirmed meanwhile; it is tried again until the database is back."""
    database = postgres.new_database("dies")
    engine = open_book(database)
    cabinet, line = SmallCabinet(), Line(broker)
    with ingesting(broker, database, engine):
        wait_until(lambda: is_up(engine), "the broker to be heard")
        cabinet.sell("pi_1")
        line.send(cabinet.payload())
        wait_until(lambda: line.told_of(2), "the confirmation")
        postgres.kill()
        cabinet.sell("pi_2")
        line.send(cabinet.payload(2))
        postgres.start()
        wait_until(lambda: line.told_of(4), "the confirmation once it is back")
    with reading(engine) as connection:
        assert sorted(rows(connection, tables.sales, "payment_id")) == [("pi_1",), ("pi_2",)]
    engine.dispose()
    line.close()


def test_a_book_that_takes_no_entries_is_a_trouble_until_it_takes_them(
    broker: Broker, database: URL, book: Engine
) -> None:
    """The rest of the database works: only whoever writes entries can know, and alerts are to tell it."""
    cabinet, line = SmallCabinet(), Line(broker)
    cabinet.sell("pi_1")
    with ingesting(broker, database, book):
        wait_until(lambda: is_up(book), "the broker to be heard")
        run(book, "ALTER TABLE sales RENAME TO sales_away")
        line.send(cabinet.payload())
        wait_until(lambda: troubles(book) != [], "the trouble")
        ((subject, kind, text),) = troubles(book)
        assert (subject, kind) == (":fleet", "database")
        assert text.startswith("what cabinets send cannot be written down, and waits: ")
        assert "sales" in text
        assert "INSERT" not in text
        assert len(text.splitlines()) == 1
        run(book, "ALTER TABLE sales_away RENAME TO sales")
        wait_until(lambda: line.told_of(2), "the confirmation")
        wait_until(lambda: troubles(book) == [], "its end")
    line.close()


def run(engine: Engine, statement: str) -> None:
    with writing(engine) as connection:
        connection.exec_driver_sql(statement)


def troubles(engine: Engine) -> list[tuple[Any, ...]]:
    with reading(engine) as connection:
        return rows(connection, tables.troubles, "subject", "kind", "text")


def test_what_comes_again_is_no_flood_and_what_is_new_can_be_one(
    broker: Broker, database: URL, book: Engine
) -> None:
    """A cabinet that was not told says the same for as long as it takes; a stolen one is stopped."""
    cabinet, line = SmallCabinet(), Line(broker)
    for number in range(5):
        cabinet.write("coin", number=number)
    a_boot_and_ten = Limits(Rate(daily=0, burst=BOOT_COSTS + 10))
    with ingesting(broker, database, book, limits=a_boot_and_ten):
        wait_until(lambda: is_up(book), "the broker to be heard")
        for _ in range(20):
            line.send(cabinet.payload())
        for number in range(5, 11):
            cabinet.write("coin", number=number)
        line.send(cabinet.payload(5, 5))
        wait_until(lambda: line.told_of(10), "the rest of what it may write")
        assert troubles(book) == []
        line.send(cabinet.payload(10))
        wait_until(lambda: troubles(book) != [], "the flood")
    text = "sends more entries than any machine has: they are not written down"
    assert troubles(book) == [("galaga-01", "flood", text)]
    assert not line.told_of(11)
    line.close()
