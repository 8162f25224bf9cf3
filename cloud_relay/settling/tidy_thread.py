"""EDGE. Runs tidy once a minute beside a plain server; on Lambda a schedule does."""

from __future__ import annotations

import logging
import threading

from cloud_relay.relay import Relay
from cloud_relay.settling.tidy import tidy

log = logging.getLogger(__name__)


class TidyThread:
    """Runs tidy at once and then every `every_s` seconds, until it is stopped or the process ends."""

    def __init__(self, relay: Relay, every_s: float) -> None:
        self._relay = relay
        self._every_s = every_s
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="tidy", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self, within_s: float = 10.0) -> None:
        """Begin no further run, and wait for one under way."""
        self._stopped.set()
        self._thread.join(within_s)

    @property
    def is_alive(self) -> bool:
        """Whether it still runs."""
        return self._thread.is_alive()

    def _run(self) -> None:
        while not self._stopped.is_set():
            self._run_once()
            self._stopped.wait(self._every_s)

    def _run_once(self) -> None:
        try:
            tidy(self._relay)
        except ConnectionError as why:
            log.error("A run of tidy failed, the next one is in %g s: %s", self._every_s, why)
        except Exception:
            log.exception("A run of tidy failed, the next one is in %g s", self._every_s)
