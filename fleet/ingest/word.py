"""EDGE. What an ingester says in the book about itself and about odd machines; alerts read it there."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable
from contextlib import suppress

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from fleet.book.database.engine import reason_of, writing
from fleet.book.running.workers import beat, end_trouble, say_trouble
from fleet.ingest.broker import Link
from fleet.rules.alert_state import FLEET

# How often alerts hear that somebody listens to the broker.
BEAT_S = 15.0
# What is odd about one machine is logged and told so often: a flood shall not become one of writing.
_LOGGED_AGAIN_S, _TOLD_AGAIN_S = 3600.0, 60.0

log = logging.getLogger(__name__)


class Word:
    """Says it as well as the book lets it: where nothing at all can be written, alerts miss the beat."""

    def __init__(self, engine: Engine, clock: Callable[[], float]) -> None:
        self._engine, self._clock = engine, clock
        self._worker = secrets.token_hex(8)
        self._trouble = "not connected to the broker yet"
        self._beat_s = float("-inf")
        self._logged_s: dict[str, float] = {}
        self._told_s: dict[str, float] = {}
        self._cannot_write = False

    def link(self, link: Link) -> None:
        """The broker is there, or no longer."""
        if link.is_up:
            log.info("broker connected")
        else:
            log.warning("broker: %s", link.why)
        self._trouble = "" if link.is_up else link.why or "not connected"
        self._beat_s = float("-inf")  # said at once

    def beat(self) -> None:
        """Say, now and then, that somebody listens, and what keeps it from hearing."""
        if time.monotonic() < self._beat_s + BEAT_S:
            return
        self._beat_s = time.monotonic()
        with suppress(SQLAlchemyError), writing(self._engine) as connection:
            beat(connection, "ingest", self._worker, self._clock(), self._trouble)

    def refused(self, machine_id: str, why: str) -> None:
        """A message was no batch."""
        self._log_once(machine_id, f"{machine_id}: a journal message is refused: {why}")

    def flood(self, machine_id: str) -> None:
        """A machine sends more than any has."""
        self._log_once(machine_id, f"{machine_id} floods the book: it is not written down")
        now_s = time.monotonic()
        if now_s < self._told_s.get(machine_id, float("-inf")) + _TOLD_AGAIN_S:
            return
        self._told_s[machine_id] = now_s
        text = "sends more entries than any machine has: they are not written down"
        with suppress(SQLAlchemyError), writing(self._engine) as connection:
            say_trouble(connection, machine_id, "flood", text, self._clock())

    def cannot_write(self, why: SQLAlchemyError) -> None:
        """What came cannot be written down, and waits."""
        reason = reason_of(why)
        log.error("Cannot write into the book, trying again: %s", reason)
        self._cannot_write = True
        text = f"what cabinets send cannot be written down, and waits: {reason}"
        with suppress(SQLAlchemyError), writing(self._engine) as connection:
            say_trouble(connection, FLEET, "database", text, self._clock())

    def has_written(self) -> None:
        """What came is in the book."""
        if not self._cannot_write:
            return
        with suppress(SQLAlchemyError), writing(self._engine) as connection:
            end_trouble(connection, FLEET, "database")
            self._cannot_write = False

    def _log_once(self, machine_id: str, text: str) -> None:
        now_s = time.monotonic()
        if now_s - self._logged_s.get(machine_id, float("-inf")) >= _LOGGED_AGAIN_S:
            self._logged_s[machine_id] = now_s
            log.warning("%s", text)
