"""The composition root: which parts of the fleet run in this process, and how they end together."""

from __future__ import annotations

import logging
import signal
import threading
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
_LOOK_S = 0.5  # a part that failed is noticed so soon
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
    with _held_signals():
        parts = [(name, make(settings, engine)) for name, make in makes]
        threads = [_started(name, part, over, failed) for name, part in parts]
        while not over.is_set() and signal.sigtimedwait(_SIGNALS, _LOOK_S) is None:
            pass
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
def _held_signals() -> Iterator[None]:
    """Have the ending signals wait until they are asked for; impatient further ones change nothing.

    A handler would run wherever the main thread stands: within a lock that it wants itself, or just before a
    wait that it was to end.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        yield
    finally:
        while signal.sigtimedwait(_SIGNALS, 0) is not None:
            pass
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
