"""EDGE. Whether the broker answers, and when tidy last ran anywhere: known before anybody asks."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from cloud_relay.beside import thread_beside
from cloud_relay.broker.publisher import Publisher
from cloud_relay.errors import BrokerUnavailable, PublishRefused
from cloud_relay.rules.messages import read_tidied_note, tidied_note

# Asked as often as anybody likes, it looks no more often than this; tidy looks once a minute by itself.
LOOK_EVERY_S = 10.0
# What is older is no answer to "is it there now?".
STALE_AFTER_S = 120.0
# A look that fails ends sooner. One that took longer was frozen with its process, as on Lambda: the broker
# may have waited for us.
LONGEST_LOOK_S = 15.0
NOTE_KEPT_S = 7 * 24 * 3600

log = logging.getLogger(__name__)


class BrokerState(StrEnum):
    """Whether the broker answered when it was last asked; UNKNOWN where nobody has asked of late."""

    UP = "up"
    AWAY = "away"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Seen:
    """What a look has shown; `tidied_s` is when a process of this relay last tidied, in Unix seconds."""

    broker: BrokerState = BrokerState.UNKNOWN
    tidied_s: float | None = None


class BrokerWatch:
    """Looks at the broker now and then, and remembers what it saw. For threads.

    When tidy ran is a note that the broker keeps, in `topic`: the relay has no storage, and on Lambda the
    process that is asked is hardly ever the one that tidied. `clock` gives Unix seconds, `steady` is one that
    is never set.
    """

    def __init__(
        self,
        publisher: Publisher,
        topic: str,
        clock: Callable[[], float],
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._publisher = publisher
        self._topic = topic
        self._clock = clock
        self._steady = steady
        self._lock = threading.Lock()
        self._looking = threading.Lock()
        self._seen = Seen()
        self._seen_at_s = self._began_s = float("-inf")
        self._is_refused = False

    def seen(self) -> Seen:
        """What was seen last, at once; a thread looks anew where that was some time ago."""
        now_s = self._steady()
        with self._lock:
            is_due = now_s - self._began_s >= LOOK_EVERY_S
            if is_due:
                self._began_s = now_s
            seen, is_stale = self._seen, now_s - self._seen_at_s > STALE_AFTER_S
        if is_due:
            thread_beside("broker watch", self._look_beside).start()
        return replace(seen, broker=BrokerState.UNKNOWN) if is_stale else seen

    def look(self) -> None:
        """Ask the broker what it keeps; nothing is done while another thread does it."""
        if self._looking.acquire(blocking=False):
            try:
                self._ask(self._read_note)
            finally:
                self._looking.release()

    def _look_beside(self) -> None:
        try:
            self.look()
        except Exception:
            log.exception("Could not look at the broker")

    def tidied(self) -> None:
        """Tidy has run just now: have the broker keep that for the relay's other processes."""
        self._ask(self._keep_note)

    def _read_note(self) -> float | None:
        note = self._publisher.kept(self._topic)
        return None if note is None else read_tidied_note(note)

    def _keep_note(self) -> float:
        now_s = self._clock()
        self._publisher.keep(self._topic, tidied_note(now_s), expiry_s=NOTE_KEPT_S)
        return now_s

    def _ask(self, ask: Callable[[], float | None]) -> None:
        began_s = self._steady()
        try:
            tidied_s, state = ask(), BrokerState.UP
        except PublishRefused as why:
            tidied_s, state = None, BrokerState.UP
            self._say_refused(why)
        except BrokerUnavailable:
            tidied_s, state = None, BrokerState.AWAY
        took_s = self._steady() - began_s
        with self._lock:
            if state is BrokerState.AWAY and took_s > LONGEST_LOOK_S:
                state = BrokerState.UNKNOWN
            self._seen = Seen(state, self._seen.tidied_s if tidied_s is None else tidied_s)
            self._seen_at_s = self._began_s = self._steady()

    def _say_refused(self, why: PublishRefused) -> None:
        if not self._is_refused:
            log.warning("Only this process knows when it tidied: %s. Give the broker its new rules", why)
        self._is_refused = True
