"""EDGE. Who did something how often of late, in a memory that nobody can fill."""

from __future__ import annotations

import threading

from cloud_relay.rules.phones.rates import Rate

MOST_KEPT = 10_000


class Buckets:
    """A bucket of one rate for each key; the keys that were used longest ago are forgotten. For threads."""

    def __init__(self, rate: Rate, most: int = MOST_KEPT) -> None:
        self._rate = rate
        self._most = most
        self._full_s: dict[str, float] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._full_s)

    def give_back(self, key: str) -> None:
        """Have one that `key` took not be counted."""
        with self._lock:
            if key in self._full_s:
                self._full_s[key] = self._rate.before_one(self._full_s[key])

    def take(self, key: str, now_s: float) -> float:
        """Let `key` do it once, and give 0; else seconds until it may, and what was refused costs nothing."""
        with self._lock:
            full_s = self._full_s.get(key)
            wait_s = self._rate.wait_s(full_s, now_s)
            if not wait_s:
                self._full_s.pop(key, None)
                self._full_s[key] = self._rate.after_one(full_s, now_s)
                if len(self._full_s) > self._most:
                    del self._full_s[next(iter(self._full_s))]
            return wait_s
