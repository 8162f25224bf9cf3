"""What tests of alerts are made of: a clock that is set, channels that write down, a book with machines."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import Engine, delete, insert, select, update
from sqlalchemy.engine import make_url

from fleet.alerting.alerter import Alerter
from fleet.alerting.channel_urls import NotTold
from fleet.book import tables
from fleet.book.database.engine import reading, writing
from fleet.book.running.workers import beat
from fleet.pages.alert_texts import Message
from fleet.settings import MqttSettings, Settings, WebSettings

SETTINGS = Settings(
    make_url("sqlite:///unused"),
    MqttSettings("localhost", 8883, "cloud.fleet", "password", None),
    WebSettings("https://fleet.example.org", "127.0.0.1", 8090, "s" * 32),
    UTC,
)
LINK = "\n\nhttps://fleet.example.org/alerts"
NOON = datetime(2026, 11, 28, 12, tzinfo=UTC).timestamp()


@dataclass
class Clock:
    """A clock that goes when it is told to."""

    now: float = NOON

    def __call__(self) -> float:
        return self.now


@dataclass
class Channels:
    """Channels of a test: what each was told, and which of them fail."""

    told: list[tuple[str, str, str]] = field(default_factory=list)
    failing: set[str] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, url: str, message: Message) -> None:
        if url in self.failing:
            raise NotTold("no route to it")
        with self.lock:
            self.told.append((url, message.title, message.body.removesuffix(LINK)))

    def titles(self, url: str = "test://all") -> list[str]:
        return [title for to, title, _ in self.told if to == url]


class Fleet:
    """A book with machines that are well until something happens to them."""

    def __init__(self, engine: Engine) -> None:
        self.engine, self.clock, self.channels = engine, Clock(), Channels()

    def add_place(self, name: str, opening: str = "", zone: str = "UTC") -> int:
        row = {
            "name": name,
            "zone": zone,
            "opening": opening,
            "owner_name": "",
            "owner_share_percent": 0,
            "deductions": "[]",
        }
        with writing(self.engine) as connection:
            made = insert(tables.locations).values(row).returning(tables.locations.c.id)
            return connection.execute(made).scalar_one()

    def add_machines(self, *names: str, place: int | None = None) -> None:
        now = self.clock()
        machine = {"name": "", "location_id": place, "first_heard_at": now - 9e6}
        with writing(self.engine) as connection:
            connection.execute(insert(tables.machines), [{"machine_id": name, **machine} for name in names])
            status = _status("attract", now - 9e5)
            connection.execute(insert(tables.statuses), [{"machine_id": name, **status} for name in names])

    def add_channel(self, url: str = "test://all", **changed: object) -> int:
        row = {
            "name": url,
            "url": url,
            "location_id": None,
            "zone": "UTC",
            "quiet": "",
            "escalates_after_s": 0,
            "is_active": True,
            **changed,
        }
        with writing(self.engine) as connection:
            return connection.execute(
                insert(tables.channels).values(row).returning(tables.channels.c.id)
            ).scalar_one()

    def say(self, *names: str, state: str = "attract", faults: tuple[tuple[str, str], ...] = ()) -> None:
        """What machines say of themselves now."""
        values = _status(state, self.clock(), faults)
        with writing(self.engine) as connection:
            said = update(tables.statuses).where(tables.statuses.c.machine_id.in_(names))
            connection.execute(said.values(values))
            sighting = {key: values[key] for key in ("is_online", "is_accepting", "state", "heard_at")}
            connection.execute(insert(tables.sightings), [{"machine_id": name, **sighting} for name in names])

    def broker(self, trouble: str = "") -> None:
        """What the ingester says of the broker."""
        with writing(self.engine) as connection:
            beat(connection, "ingest", "one", self.clock(), trouble)

    def thread(self) -> Alerter:
        return Alerter(SETTINGS, self.engine, send=self.channels, clock=self.clock)

    def go(self, *threads: Alerter, for_s: float) -> None:
        """Rounds of each of these workers, one every 15 s."""
        until = self.clock() + for_s
        while self.clock() < until:
            self.clock.now += 15
            for thread in threads:
                thread.go_round()

    def alerts(self) -> list[tuple[str, str, bool]]:
        with reading(self.engine) as connection:
            rows = connection.execute(select(tables.alerts).order_by(tables.alerts.c.id))
            return [(row.subject, row.kind, row.ended_at is None) for row in rows]


def empty(engine: Engine) -> None:
    """A book with nothing in it."""
    with writing(engine) as connection:
        for table in reversed(tables.metadata.sorted_tables):
            connection.execute(delete(table))


def _status(state: str, now: float, faults: tuple[tuple[str, str], ...] = ()) -> dict[str, object]:
    kinds, texts = [kind for kind, _ in faults], [text for _, text in faults]
    return {
        "is_online": state != "offline",
        "is_accepting": state == "attract",
        "state": state,
        "version": "1",
        "body": json.dumps({"faults": texts, "faultKinds": kinds}),
        "heard_at": now,
        "since_at": now,
    }
