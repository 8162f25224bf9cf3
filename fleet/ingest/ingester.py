"""EDGE. Takes what was heard, writes it down in one transaction, and only then confirms it."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from fleet.book.came.recording import Came, record
from fleet.book.came.seen import progress_of
from fleet.book.came.statuses import record_statuses
from fleet.book.database.engine import writing
from fleet.book.running.notes import fleet_id
from fleet.book.typed.places import zones
from fleet.ingest.broker import FleetBroker, Heard, Link
from fleet.ingest.limits import Limits
from fleet.ingest.topics import seen_topic
from fleet.ingest.word import BEAT_S, Word
from fleet.journal.batch import BadBatch, Batch, read_batch
from fleet.journal.progress import seen_payload
from fleet.rules.rates import work
from fleet.settings import Settings

# In one transaction: what a second brings in is written with one sync of the disk.
AT_ONCE = 200
AGAIN_S = (1.0, 15.0)


class Ingester:
    """One ingester of the fleet; several share the cabinets' messages where the settings name a share."""

    def __init__(
        self,
        settings: Settings,
        engine: Engine,
        clock: Callable[[], float] = time.time,
        limits: Limits | None = None,
    ) -> None:
        self._engine = engine
        self._zone = settings.zone
        self._heard: queue.SimpleQueue[Heard | Link | None] = queue.SimpleQueue()
        self._broker = FleetBroker(settings.mqtt, self._heard.put, clock)
        self._limits = limits or Limits()
        self._word = Word(engine, clock)
        self._greeted: set[str] = set()
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
        self._word.beat()
        heard = [item for item in items if isinstance(item, Heard)]
        taken = [item for item in heard if self._is_taken(item)]
        batches = [(item, self._batch(item)) for item in taken if item.kind == "journal"]
        came = [Came(batch, item.came_at) for item, batch in batches if batch is not None]
        statuses = [(item.machine_id, item.payload, item.came_at) for item in taken if item.kind == "status"]
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
                self._word.cannot_write(why)
                if self._stopped.wait(wait_s):
                    return False
                wait_s = min(2 * wait_s, AGAIN_S[1])
                self._word.beat()
            else:
                self._word.has_written()
                break
        return True

    def _write(self, came: list[Came], statuses: list[tuple[str, bytes, float]]) -> None:
        with writing(self._engine) as connection:
            zone_of = zones(connection, self._zone)
            recorded = record(connection, came, zone_of) if came else []
            record_statuses(connection, statuses)
            unmet = {machine_id for machine_id, _, _ in statuses} - self._greeted
            greeted = {machine_id: progress_of(connection, machine_id) for machine_id in sorted(unmet)}
        for machine_id, progress in greeted.items():
            self._broker.say(seen_topic(machine_id), seen_payload(progress, self._fleet_id))
        for each, found in zip(came, recorded, strict=True):
            machine_id = each.batch.machine_id
            self._limits.wrote(machine_id, work(found.entries, found.boots), time.monotonic())
            if each.batch.entries:
                self._broker.say(seen_topic(machine_id), seen_payload(found.after, self._fleet_id))
        self._greeted |= unmet

    def _is_taken(self, heard: Heard) -> bool:
        is_taken = self._limits.takes(heard.machine_id, time.monotonic())
        if not is_taken:
            self._word.flood(heard.machine_id)
        return is_taken

    def _batch(self, heard: Heard) -> Batch | None:
        try:
            return read_batch(heard.payload, heard.machine_id)
        except BadBatch as why:
            self._word.refused(heard.machine_id, str(why))
            return None

    def _note_link(self, link: Link) -> None:
        if link.is_up:
            self._greeted.clear()
        self._word.link(link)
