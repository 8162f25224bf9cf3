"""The composition root: which parts of the fleet run in this process, and how they end together."""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Protocol

from sqlalchemy import Engine

from fleet.alerting.alerter import Alerter
from fleet.book.database.engine import open_book
from fleet.ingest.ingester import Ingester
from fleet.reconciling.part import Reconciler
from fleet.routes.serving import Pages
from fleet.settings import Settings

log = logging.getLogger(__name__)

ENDS_WITHIN_S = 20.0
_LOOK_S = 0.2
_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Part(Protocol):
    """What runs until it is stopped, from another thread."""

    def run(self) -> None:
        """Run until stopped."""

    def stop(self) -> None:
        """Have `run` end soon."""


MakePart = Callable[[Settings, Engine], Part]


def serve(settings: Settings, makes: Iterable[tuple[str, MakePart]]) -> int:
    """Run these parts until asked to end (0), or until one fails (1: the service manager begins anew).

    Raises:
        BookError: the database cannot be used.
    """
    engine = open_book(settings.database)
    over, failed = threading.Event(), threading.Event()
    with _asked_to_end() as asked:
        parts = [(name, make(settings, engine)) for name, make in makes]
        threads = [_started(name, part, over, failed) for name, part in parts]
        while not (asked or over.is_set()):
            time.sleep(_LOOK_S)
        for _, part in parts:
            part.stop()
        for thread in threads:
            thread.join(ENDS_WITHIN_S)
    engine.dispose()
    return int(failed.is_set())


def make_ingester(settings: Settings, engine: Engine) -> Part:
    """What writes the cabinets' journals into the book."""
    return Ingester(settings, engine)


def make_reconciler(settings: Settings, engine: Engine) -> Part:
    """What reads Stripe into the book; without STRIPE_READ_KEY it only waits."""
    return Reconciler(settings, engine)


def make_pages(settings: Settings, engine: Engine) -> Part:
    """What people look at."""
    return Pages(settings, engine)


def make_alerter(settings: Settings, engine: Engine) -> Part:
    """What decides what is wrong, and tells it."""
    return Alerter(settings, engine)


def _started(name: str, part: Part, over: threading.Event, failed: threading.Event) -> threading.Thread:
    def run() -> None:
        try:
            part.run()
        except Exception:
            log.exception("%s failed", name)
            failed.set()
        finally:
            over.set()

    thread = threading.Thread(target=run, name=name, daemon=True)
    thread.start()
    return thread


@contextmanager
def _asked_to_end() -> Iterator[list[int]]:
    """The ending signals that came; impatient further ones change nothing.

    No lock and no event: a handler runs wherever the main thread stands, within a lock that it wants itself,
    or just before a wait that it was to end.
    """
    asked: list[int] = []
    before = {number: signal.signal(number, lambda came, _frame: asked.append(came)) for number in _SIGNALS}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
