"""Who guesses: wrong logins from one address, in this process."""

from __future__ import annotations

import threading

from fleet.rules.lockout import GUESSES_FORGOTTEN_S, MOST_GUESSES

# Of more addresses than that, the ones whose guesses are longest ago are forgotten first.
_MOST_ADDRESSES = 10_000


class Guesses:
    """Counts wrong logins by address. For threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._wrong: dict[str, tuple[int, float]] = {}

    def is_over(self, address: str, now: float) -> bool:
        """Whether so many were wrong lately that nothing is tried any more."""
        with self._lock:
            return self._count(address, now) >= MOST_GUESSES

    def note(self, address: str, now: float, *, was_right: bool) -> None:
        """A login was tried."""
        with self._lock:
            count = 0 if was_right else self._count(address, now) + 1
            self._wrong.pop(address, None)
            if count:
                self._wrong[address] = count, now
            while len(self._wrong) > _MOST_ADDRESSES:
                del self._wrong[next(iter(self._wrong))]

    def _count(self, address: str, now: float) -> int:
        count, last_at = self._wrong.get(address, (0, now))
        return count if now - last_at < GUESSES_FORGOTTEN_S else 0
