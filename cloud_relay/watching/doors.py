"""EDGE. How many doors are open, and why others are not: read beside, once a minute at most."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping

from cloud_relay.beside import thread_beside
from cloud_relay.broker.publisher import Publisher
from cloud_relay.errors import BrokerUnavailable, PublishRefused
from cloud_relay.rules.door_states import DOOR_STATES, door_state

# Each look has the broker send what it keeps of every machine.
LOOK_EVERY_S = 60.0

log = logging.getLogger(__name__)


class DoorsWatch:
    """Looks while somebody asks for it, in a thread: whoever asks gets what the last look has shown.

    `named` are the machines that should be there. `steady` is a clock that is never set.
    """

    def __init__(
        self, publisher: Publisher, named: Collection[str], steady: Callable[[], float] = time.monotonic
    ) -> None:
        self._publisher = publisher
        self._named = named
        self._steady = steady
        self._lock = threading.Lock()
        self._began_s = float("-inf")
        self._seen: Mapping[str, int] | None = None

    def seen(self) -> Mapping[str, int] | None:
        """How many doors are in each state; None where that is not known."""
        with self._lock:
            is_due = self._steady() - self._began_s >= LOOK_EVERY_S
            if is_due:
                self._began_s = self._steady()
        if is_due:
            thread_beside("doors watch", self._look_beside).start()
        return self._seen

    def look(self) -> None:
        """Ask the broker what every machine said last."""
        try:
            reports = self._publisher.machine_reports().by_id
        except (BrokerUnavailable, PublishRefused):
            self._seen = None
            return
        unheard = set(self._named) - set(reports)
        states = [door_state(report.status) for report in reports.values()]
        counted = Counter([*states, *(door_state(None) for _ in unheard)])
        self._seen = {state: counted[state] for state in DOOR_STATES}

    def _look_beside(self) -> None:
        try:
            self.look()
        except Exception:
            self._seen = None
            log.exception("Could not count the doors")
