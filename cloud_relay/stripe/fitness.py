"""EDGE. Watches whether this relay could settle what it sells; while it could not, no door is open."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime

from cloud_relay.memory.tally import Tally
from cloud_relay.rules.fitness import (
    KeyFound,
    Offset,
    Trouble,
    clock_trouble,
    off_now_s,
    offset_by_answer,
    offset_by_signature,
)

# How often the key is tried, how soon again while anything is wrong, and after a refusal.
LOOK_EVERY_S, AGAIN_EVERY_S, LEAST_S = 3600.0, 15.0, 2.0

log = logging.getLogger(__name__)


class Fitness:
    """What is known of the relay's clock and its key, and how often Stripe was asked. For threads.

    The clock is compared with the date of each answer of Stripe's, and with the signatures of its webhooks.
    `try_key` tries the key; `look_if_due` has it do so, which a thread calls where this `is_watched`. `clock`
    gives Unix seconds, `steady` is one that is never set.
    """

    def __init__(
        self,
        try_key: Callable[[Fitness], KeyFound],
        clock: Callable[[], float],
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self.clock = clock
        self.is_watched = False
        self.calls, self.retries = Tally(), Tally()
        self._try_key = try_key
        self._steady = steady
        self._lock = threading.Lock()
        self._looking = threading.Lock()
        self._looked_s = self._due_s = float("-inf")
        self._offset: Offset | None = None
        self._off_s = 0.0
        self._signed_s: int | None = None
        self._key: Trouble | None = None

    @property
    def troubles(self) -> tuple[Trouble, ...]:
        """Why nothing may be sold now; none if nothing is known to be wrong."""
        with self._lock:
            return self._troubles()

    @property
    def clock_trouble(self) -> Trouble | None:
        """Why nothing can be said of how old a payment is; None if the clock is not known to be wrong."""
        with self._lock:
            return clock_trouble(self._off_s)

    @property
    def offset(self) -> Offset | None:
        """How far the clock was ahead of Stripe's when Stripe last answered."""
        with self._lock:
            return self._offset

    def answered(self, sent_s: float, date: str) -> None:
        """Stripe has answered just now what it was asked at `sent_s`, with this Date header."""
        try:
            date_s = parsedate_to_datetime(date).timestamp()
        except ValueError:
            return
        self._measured(offset_by_answer(sent_s, self.clock(), date_s))

    @property
    def signed_s(self) -> int | None:
        """When Stripe signed the webhook that came last, by Stripe's clock; None before the first."""
        return self._signed_s

    def signed(self, signed_s: int) -> None:
        """A webhook has come that Stripe signed at that time of its clock."""
        self._signed_s = signed_s
        self._measured(offset_by_signature(self.clock(), signed_s))

    def suspect(self) -> None:
        """Something was refused that the key or the clock may be to blame for: look soon."""
        with self._lock:
            self._due_s = min(self._due_s, self._looked_s + LEAST_S)

    def look_on_request(self) -> None:
        """Look if that is due and no thread of this process does it, as on Lambda."""
        if not self.is_watched:
            self.look_if_due()

    def look_if_due(self) -> None:
        """Try what a sale takes, if that is due and nobody else does it now; four writes that change nothing.

        At first, every hour, soon after a refusal, and every 15 s while anything is wrong.
        """
        with self._lock:
            is_due = self._steady() >= self._due_s
        if not is_due or not self._looking.acquire(blocking=False):
            return
        try:
            self._look()
        finally:
            self._looking.release()

    def _look(self) -> None:
        with self._lock:
            self._looked_s = self._steady()
            self._due_s = self._looked_s + AGAIN_EVERY_S  # should the look itself fail
        found = self._try_key(self)
        with self._lock:
            before = self._troubles()
            if found.is_known:
                self._key = found.trouble
            is_well = found.is_known and not self._troubles()
            # Its own refusals made it due again: they are what was looked for.
            self._due_s = self._looked_s + (LOOK_EVERY_S if is_well else AGAIN_EVERY_S)
            self._say(before)

    def _measured(self, offset: Offset) -> None:
        with self._lock:
            before = self._troubles()
            self._offset = offset if offset.least_s > float("-inf") else self._offset
            self._off_s = off_now_s(self._off_s, offset)
            self._say(before)

    def _troubles(self) -> tuple[Trouble, ...]:
        return tuple(trouble for trouble in (clock_trouble(self._off_s), self._key) if trouble)

    def _say(self, before: tuple[Trouble, ...]) -> None:
        """One line when the doors close or open, and when the reason changes."""
        after = self._troubles()
        if after == before:
            return
        self._due_s = min(self._due_s, self._looked_s + AGAIN_EVERY_S)
        if after:
            log.error("Sell nothing: %s", "; ".join(trouble.words for trouble in after))
        else:
            log.warning("Sell again: Stripe takes the key, and the clock agrees with Stripe's")
