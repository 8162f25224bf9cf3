"""EDGE. When tidy last did what it is for, as this process knows it, and when that was last told."""

from __future__ import annotations

import threading

# Less than a schedule's minute, which comes a little early now and then.
TOLD_EVERY_S = 50.0


class TidyTimes:
    """For threads; times in Unix seconds.

    A look at which nothing was due counts as a run, unless the list could not be read when it was due: an
    account that nobody can read is not tidied, however often somebody looks at the clock.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ran_s: float | None = None
        self._told_s = float("-inf")
        self._has_failed = False

    @property
    def ran_s(self) -> float | None:
        """When it last ran; None if it never did here."""
        with self._lock:
            return self._ran_s

    def ran(self, now_s: float, *, was_due: bool, is_idle: bool) -> bool:
        """It has run; whether that is to be told: once a minute where nothing had to be done."""
        with self._lock:
            self._has_failed = self._has_failed and not was_due
            if self._has_failed:
                return False
            self._ran_s = now_s
            is_told = not is_idle or not 0 <= now_s - self._told_s < TOLD_EVERY_S
            if is_told:
                self._told_s = now_s
            return is_told

    def failed(self) -> None:
        """The list could not be read."""
        with self._lock:
            self._has_failed = True
