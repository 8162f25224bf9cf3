"""EDGE. Runs tidy when it is due beside a plain server; on Lambda a schedule does."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from functools import partial
from math import inf

from cloud_relay.beside import thread_beside
from cloud_relay.relay import Relay
from cloud_relay.settling.tidy import LongTidy, tidy_recent

LOOK_EVERY_S = 5.0

log = logging.getLogger(__name__)


class TidyThreads:
    """Looks at once, and then every `look_every_s` seconds, whether a run is due.

    The long list has a thread of its own: it may take minutes, in which a payment could miss its window.
    """

    def __init__(self, relay: Relay, look_every_s: float = LOOK_EVERY_S) -> None:
        self._look_every_s = look_every_s
        self._stopped = threading.Event()
        long = LongTidy(relay)
        self._threads = [
            thread_beside(name, partial(self._run, run), self._stopped)
            for name, run in (
                ("tidy", lambda: tidy_recent(relay)),
                ("long tidy", lambda: long.go_on(inf)),
            )
        ]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def stop(self, within_s: float = 10.0) -> None:
        """Begin no further run, and wait for one under way."""
        self._stopped.set()
        for thread in self._threads:
            thread.join(within_s)

    @property
    def is_alive(self) -> bool:
        """Whether both still run."""
        return all(thread.is_alive() for thread in self._threads)

    def _run(self, run: Callable[[], object]) -> None:
        while not self._stopped.is_set():
            try:
                run()
            except ConnectionError as why:
                log.error("A run of tidy failed: %s", why)
            except Exception:
                log.exception("A run of tidy failed")
            self._stopped.wait(self._look_every_s)
