"""EDGE. What the broker did not take is tried again, until it does or the credit window has passed.

Stripe's own next attempt comes after minutes: too late for a player who stands before the machine.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable
from typing import Protocol

from cloud_relay.beside import thread_beside
from cloud_relay.relay import Relay
from cloud_relay.rules.log_events import EventName, NotPublished, Publishing
from cloud_relay.rules.messages import LEAST_TIME_LEFT_S, seconds_left
from cloud_relay.settling.pulses import NOT_NOW, PaidOrder, publish_in_window
from cloud_relay.settling.told import tell_money, tell_published

# Often enough for a broker that comes back in the last half minute of a window.
AGAIN_EVERY_S = 2.0

log = logging.getLogger(__name__)


def published(relay: Relay, paid: PaidOrder, left_s: float = math.inf) -> bool:
    """Try once more; whether there is nothing left to try: the broker has it, or its window has passed.

    `left_s` is what is left of it by a clock that is never set: while that has time, what the wall clock
    calls late is tried again, for somebody may have set it wrong.
    """
    began_s = time.monotonic()
    if left_s < LEAST_TIME_LEFT_S:
        return _given_up(relay, paid, began_s)
    relay.tell.retries.count("publish")
    if relay.fitness.clock_trouble:
        relay.fitness.look_on_request()  # where no thread looks whether it is right again
    try:
        expiry = publish_in_window(relay, paid, left_s)
    except NOT_NOW as why:
        log.debug("Did not publish %s again: %s", paid.payment_id, why)
        return False
    if expiry is None:
        return left_s == math.inf and _given_up(relay, paid, began_s)
    tell_published(relay, paid, Publishing.RETRIED, began_s)
    return True


def _given_up(relay: Relay, paid: PaidOrder, began_s: float) -> bool:
    words = f"Gave up publishing {paid.payment_id}: its credit window has passed"
    name, outcome, machine_id = EventName.PUBLISH_FAILED, NotPublished.TOO_LATE, paid.order.machine_id
    tell_money(relay, name, paid.payment_id, machine_id, outcome, began_s, words, logging.ERROR)
    return True


class Retries(Protocol):
    """What tries again to publish what the broker did not take."""

    def keep(self, paid: PaidOrder) -> None:
        """Have it tried again soon, and until it is done."""


class RetryThread:
    """Tries from a thread of this process, as long as anything is left; nothing runs at rest.

    What is left of each window it counts by `steady`, a clock that is never set.
    """

    def __init__(
        self,
        relay: Relay,
        every_s: float = AGAIN_EVERY_S,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._relay = relay
        self._every_s = every_s
        self._steady = steady
        self._lock = threading.Lock()
        self._left: dict[str, tuple[PaidOrder, float]] = {}
        self._thread: threading.Thread | None = None
        self._closed = threading.Event()

    def keep(self, paid: PaidOrder) -> None:
        """Have it tried again soon, and until it is done."""
        window_s = self._relay.settings.credit_window_s
        # Nothing left, by a clock that is ahead: the whole window is the most that there can be.
        left_s = seconds_left(window_s, paid.charged_s, self._relay.clock()) or window_s
        with self._lock:
            self._left.setdefault(paid.payment_id, (paid, self._steady() + left_s))
            if self._thread is None and not self._closed.is_set():
                self._thread = thread_beside("unpublished", self._run, self._closed)
                self._thread.start()

    def close(self) -> None:
        """Try no more; what is left is found by the next tidy."""
        self._closed.set()

    def _run(self) -> None:
        while not self._closed.wait(self._every_s):
            with self._lock:
                left = list(self._left.values())
            done = [paid.payment_id for paid, until_s in left if self._is_done(paid, until_s)]
            with self._lock:
                for payment_id in done:
                    self._left.pop(payment_id, None)
                if not self._left:
                    self._thread = None
                    return

    def _is_done(self, paid: PaidOrder, until_s: float) -> bool:
        try:
            return published(self._relay, paid, until_s - self._steady())
        except Exception:
            log.exception("Could not publish %s again", paid.payment_id)
            return False
