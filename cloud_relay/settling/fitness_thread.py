"""EDGE. Tries the Stripe key when it is due beside a plain server; on Lambda a schedule does."""

from __future__ import annotations

import logging
import threading

from cloud_relay.beside import thread_beside
from cloud_relay.stripe.fitness import LEAST_S, Fitness

log = logging.getLogger(__name__)


class FitnessThread:
    """Looks at once, and then every few seconds, whether the key is to be tried."""

    def __init__(self, fitness: Fitness, look_every_s: float = LEAST_S) -> None:
        self._fitness = fitness
        self._look_every_s = look_every_s
        self._stopped = threading.Event()
        self._thread = thread_beside("fitness", self._run, self._stopped)

    def start(self) -> None:
        """Begin."""
        self._fitness.is_watched = True
        self._thread.start()

    def stop(self, within_s: float = 10.0) -> None:
        """Look no more, and wait for a look under way."""
        self._stopped.set()
        self._thread.join(within_s)

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                self._fitness.look_if_due()
            except Exception:
                log.exception("Could not try the Stripe key")
            self._stopped.wait(self._look_every_s)
