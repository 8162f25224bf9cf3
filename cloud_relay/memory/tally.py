"""EDGE. What has happened how often since this process began, for whoever watches it."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass

Key = tuple[str, ...]


class Tally:
    """Counts by key. For threads. Keys are words of our own: nobody else can make them many."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[Key] = Counter()

    def count(self, *key: str) -> None:
        """One more."""
        with self._lock:
            self._counts[key] += 1

    def counts(self) -> dict[Key, int]:
        """How many of each, so far."""
        with self._lock:
            return dict(self._counts)


@dataclass(frozen=True)
class Spread:
    """How many values were at most each bound and, last, how many there were; and what they come to."""

    up_to: tuple[int, ...]
    total: float


class Spreads:
    """Values by key, each sorted under the least bound that it does not pass. For threads."""

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self._lock = threading.Lock()
        self._found: dict[Key, tuple[list[int], float]] = {}

    def add(self, value: float, *key: str) -> None:
        """One more."""
        with self._lock:
            counts, total = self._found.get(key, ([0] * (len(self.bounds) + 1), 0.0))
            counts[bisect_left(self.bounds, value)] += 1
            self._found[key] = counts, total + value

    def spreads(self) -> dict[Key, Spread]:
        """What there is of each, so far."""
        with self._lock:
            return {key: Spread(_summed(counts), total) for key, (counts, total) in self._found.items()}


def _summed(counts: list[int]) -> tuple[int, ...]:
    return tuple(sum(counts[: place + 1]) for place in range(len(counts)))
