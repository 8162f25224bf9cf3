"""EDGE. What the broker did not take is tried again, until it does or the credit window has passed.

Stripe's own next attempt comes after minutes: too late for a player who stands before the machine.
"""

from __future__ import annotations

import logging
import threading
from typing import Protocol

from cloud_relay.errors import BrokerUnavailable, NobodySubscribed, PublishRefused
from cloud_relay.relay import Relay
from cloud_relay.settling.pulses import PaidOrder, publish_in_window

# Often enough for a broker that comes back in the last half minute of a window.
AGAIN_EVERY_S = 2.0

log = logging.getLogger(__name__)


def published(relay: Relay, paid: PaidOrder) -> bool:
    """Try once more; whether there is nothing left to try: the broker has it, or its window has passed."""
    try:
        expiry = publish_in_window(relay, paid)
    except (BrokerUnavailable, NobodySubscribed, PublishRefused) as why:
        log.debug("Did not publish %s again: %s", paid.payment_id, why)
        return False
    if expiry is None:
        log.error("Gave up publishing %s: its credit window has passed", paid.payment_id)
    else:
        order = paid.order
        log.info("Published %s at last: %d credits for %s", paid.payment_id, order.credits, order.machine_id)
    return True


class Retries(Protocol):
    """What tries again to publish what the broker did not take."""

    def keep(self, paid: PaidOrder) -> None:
        """Have it tried again soon, and until it is done."""


class RetryThread:
    """Tries from a thread of this process, as long as anything is left; nothing runs at rest."""

    def __init__(self, relay: Relay, every_s: float = AGAIN_EVERY_S) -> None:
        self._relay = relay
        self._every_s = every_s
        self._lock = threading.Lock()
        self._left: dict[str, PaidOrder] = {}
        self._thread: threading.Thread | None = None
        self._closed = threading.Event()

    def keep(self, paid: PaidOrder) -> None:
        """Have it tried again soon, and until it is done."""
        with self._lock:
            self._left[paid.payment_id] = paid
            if self._thread is None and not self._closed.is_set():
                self._thread = threading.Thread(target=self._run, name="unpublished", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Try no more; what is left is found by the next tidy."""
        self._closed.set()

    def _run(self) -> None:
        while not self._closed.wait(self._every_s):
            with self._lock:
                left = list(self._left.values())
            done = [paid.payment_id for paid in left if self._is_done(paid)]
            with self._lock:
                for payment_id in done:
                    self._left.pop(payment_id, None)
                if not self._left:
                    self._thread = None
                    return

    def _is_done(self, paid: PaidOrder) -> bool:
        try:
            return published(self._relay, paid)
        except Exception:
            log.exception("Could not publish %s again", paid.payment_id)
            return False
