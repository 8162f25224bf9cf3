"""EDGE. Answers kept for a moment, so that a page which asks often does not ask others as often."""

from __future__ import annotations

import threading
from typing import Generic, TypeVar

T = TypeVar("T")


class Recent(Generic[T]):
    """At most `most` values, each for its own time; the oldest go first. For threads."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: dict[str, tuple[float, float, T]] = {}
        self._lock = threading.Lock()

    def get(self, key: str, now_s: float) -> T | None:
        """The value of `key` that is still fresh, if there is one."""
        with self._lock:
            since_s, until_s, value = self._kept.get(key, (0.0, 0.0, None))
        # Nothing from the future: a clock that was set back must not keep an answer alive.
        return value if since_s <= now_s < until_s else None

    def forget(self, key: str) -> None:
        """Have nobody get it any more."""
        with self._lock:
            self._kept.pop(key, None)

    def keep(self, key: str, value: T, now_s: float, for_s: float) -> None:
        """Give `value` to whoever asks for `key` in the next `for_s` seconds."""
        with self._lock:
            self._kept.pop(key, None)
            self._kept[key] = (now_s, now_s + for_s, value)
            while len(self._kept) > self._most:
                del self._kept[next(iter(self._kept))]
