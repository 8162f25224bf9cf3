"""EDGE. The one way to the book: one turn at a time, and what happened handed on after each."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import TypeVar

from simulator.stripe.model.book import Book
from simulator.stripe.model.holds import lapse
from simulator.stripe.model.objects.table import Account, Event

_T = TypeVar("_T")
_log = logging.getLogger(__name__)


class Keeper:
    """Guards a book for threads; `clock` gives Unix seconds, `on_event` gets new events in order."""

    def __init__(self, book: Book, clock: Callable[[], float], on_event: Callable[[Event], None]) -> None:
        self._book = book
        self._clock = clock
        self._on_event = on_event
        self._lock = threading.RLock()

    @property
    def account(self) -> Account:
        """Whose book it is; read without waiting for a turn."""
        return self._book.account

    def turn(self, action: Callable[[Book, int], _T]) -> _T:
        """Do something with the book, alone; gives what `action` gives, or raises what it raises."""
        with self._lock:
            now_s = int(self._clock())
            lapse(self._book, now_s)
            try:
                return action(self._book, now_s)
            finally:
                self._hand_on()

    def _hand_on(self) -> None:
        for event in self._book.take_unsent_events():
            _log.info("%s happened to %s", event.type, event.object["id"])
            self._on_event(event)
