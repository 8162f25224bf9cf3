"""EDGE. Takes what was heard, writes it down in one transaction, and only then confirms it."""

from __future__ import annotations

import logging
import queue
import secrets
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from fleet.book.engine import cause, writing
from fleet.book.notes import fleet_id
from fleet.book.places import zones
from fleet.book.recording import Came, record
from fleet.book.seen import progress_of
from fleet.book.statuses import record_statuses
from fleet.book.workers import beat, say_trouble
from fleet.ingest.broker import FleetBroker, Heard, Link
from fleet.ingest.topics import seen_topic
from fleet.journal.batch import BadBatch, Batch, read_batch
from fleet.journal.progress import seen_payload
from fleet.rules.rates import Allowance, spend, whole_allowance
from fleet.settings import Settings

# In one transaction: what a second brings in is written with one sync of the disk.
AT_ONCE = 200
AGAIN_S = (1.0, 15.0)
# How often alerts hear that somebody listens to the broker.
BEAT_S = 15.0
# What is odd about one machine is said so often.
_SAID_AGAIN_S = 3600.0

log = logging.getLogger(__name__)


class Ingester:
    """One ingester of the fleet; several share the cabinets' messages where the settings name a share."""

    def __init__(self, settings: Settings, engine: Engine, clock: Callable[[], float] = time.time) -> None:
        self._engine = engine
        self._clock = clock
        self._zone = settings.zone
        self._heard: queue.SimpleQueue[Heard | Link | None] = queue.SimpleQueue()
        self._broker = FleetBroker(settings.mqtt, self._heard.put, clock)
        self._allowances: dict[str, Allowance] = {}
        self._greeted: set[str] = set()
        self._said_s: dict[str, float] = {}
        self._flood_noted_s: dict[str, float] = {}
        self._worker = secrets.token_hex(8)
        self._trouble = "not connected to the broker yet"
        self._beat_s = float("-inf")
        self._stopped = threading.Event()
        with writing(engine) as connection:
            self._fleet_id = fleet_id(connection)

    def run(self) -> None:
        """Ingest until stopped."""
        self._broker.start()
        try:
            while not self._stopped.is_set():
                self._turn(self._take())
        finally:
            self._broker.stop()

    def stop(self) -> None:
        """Have `run` end; from any thread."""
        self._stopped.set()
        self._heard.put(None)

    def _take(self) -> list[Heard | Link]:
        """What has come; nothing, if it is time to say that somebody listens, or to stop."""
        items: list[Heard | Link | None] = []
        with suppress(queue.Empty):
            items.append(self._heard.get(timeout=BEAT_S))
            while len(items) < AT_ONCE:
                items.append(self._heard.get_nowait())
        return [item for item in items if item is not None]

    def _turn(self, items: list[Heard | Link]) -> None:
        for item in items:
            if isinstance(item, Link):
                self._note_link(item)
        self._beat()
        heard = [item for item in items if isinstance(item, Heard)]
        batches = [(item, self._batch(item)) for item in heard if item.kind == "journal"]
        came = [Came(batch, item.came_at) for item, batch in batches if batch is not None]
        statuses = [(item.machine_id, item.payload, item.came_at) for item in heard if item.kind == "status"]
        if not self._written(came, statuses):
            return  # asked to stop meanwhile: nothing was confirmed, and all of it comes again
        for item in heard:
            item.confirm()

    def _written(self, came: list[Came], statuses: list[tuple[str, bytes, float]]) -> bool:
        """Whether it is in the book, however long the database was away."""
        wait_s = AGAIN_S[0]
        while came or statuses:
            try:
                self._write(came, statuses)
            except SQLAlchemyError as why:
                log.error("Cannot write into the book, trying again: %s", cause(why))
                if self._stopped.wait(wait_s):
                    return False
                wait_s = min(2 * wait_s, AGAIN_S[1])
            else:
                break
        return True

    def _write(self, came: list[Came], statuses: list[tuple[str, bytes, float]]) -> None:
        with writing(self._engine) as connection:
            zone_of = zones(connection, self._zone)
            joined = record(connection, came, zone_of) if came else []
            record_statuses(connection, statuses)
            unmet = {machine_id for machine_id, _, _ in statuses} - self._greeted
            greeted = {machine_id: progress_of(connection, machine_id) for machine_id in sorted(unmet)}
        for machine_id, progress in greeted.items():
            self._broker.say(seen_topic(machine_id), seen_payload(progress, self._fleet_id))
        for each, found in zip(came, joined, strict=True):
            if each.batch.entries:
                payload = seen_payload(found.after, self._fleet_id)
                self._broker.say(seen_topic(each.batch.machine_id), payload)
        self._greeted |= unmet

    def _batch(self, heard: Heard) -> Batch | None:
        try:
            batch = read_batch(heard.payload, heard.machine_id)
        except BadBatch as why:
            self._say_once(heard.machine_id, f"{heard.machine_id}: a journal message is refused: {why}")
            return None
        now_s = time.monotonic()
        allowance = self._allowances.get(heard.machine_id) or whole_allowance(now_s)
        left = spend(allowance, len(batch.entries), now_s)
        if left is None:
            self._say_once(heard.machine_id, f"{heard.machine_id} floods the book: it is not written down")
            self._note_flood(heard.machine_id, now_s)
            return None
        self._allowances[heard.machine_id] = left
        return batch

    def _note_flood(self, machine_id: str, now_s: float) -> None:
        """Have alerts tell of it; said once a minute, for a flood shall not become one of writing."""
        if now_s < self._flood_noted_s.get(machine_id, float("-inf")) + 60:
            return
        self._flood_noted_s[machine_id] = now_s
        text = "sends more entries than any machine has: they are not written down"
        with suppress(SQLAlchemyError), writing(self._engine) as connection:
            say_trouble(connection, machine_id, "flood", text, self._clock())

    def _say_once(self, machine_id: str, text: str) -> None:
        now_s = time.monotonic()
        if now_s - self._said_s.get(machine_id, float("-inf")) >= _SAID_AGAIN_S:
            self._said_s[machine_id] = now_s
            log.warning("%s", text)

    def _note_link(self, link: Link) -> None:
        if link.is_up:
            log.info("broker connected")
            self._greeted.clear()
        else:
            log.warning("broker: %s", link.why)
        self._trouble = "" if link.is_up else link.why or "not connected"
        self._beat_s = float("-inf")  # said at once

    def _beat(self) -> None:
        """Say, now and then, that somebody listens, and what keeps it from hearing."""
        if time.monotonic() < self._beat_s + BEAT_S:
            return
        self._beat_s = time.monotonic()
        with suppress(SQLAlchemyError), writing(self._engine) as connection:
            beat(connection, "ingest", self._worker, self._clock(), self._trouble)
