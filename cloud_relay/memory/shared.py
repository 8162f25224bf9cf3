"""EDGE. One answer for all who ask at the same time: a long list is read once, and never twice at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Shared(Generic[T]):
    """What `read` gives, read at most every `fresh_s` seconds by `clock`. For threads.

    Who asks while it is being read waits for that answer, and shares its failure too: a queue of
    time-outs, one after the other, would hold every thread.
    """

    def __init__(self, read: Callable[[], T], fresh_s: float, clock: Callable[[], float]) -> None:
        self._read = read
        self._fresh_s = fresh_s
        self._clock = clock
        self._reading = threading.Lock()
        self._found: tuple[float, T] | None = None
        self._failed: tuple[float, Exception] | None = None

    def get(self) -> T:
        """The answer; whatever `read` raises is raised for all who waited for it."""
        asked_s = self._clock()
        with self._reading:
            # Nothing from the future: a clock that was set back must not keep an answer alive.
            now_s = self._clock()
            if self._found is not None and asked_s - self._fresh_s <= self._found[0] <= now_s:
                return self._found[1]
            if self._failed is not None and asked_s < self._failed[0] <= now_s:
                raise self._failed[1]
            return self._read_anew()

    def _read_anew(self) -> T:
        began_s = self._clock()
        try:
            found = self._read()
        except Exception as why:
            self._failed = (self._clock(), why)
            raise
        self._found = (began_s, found)
        return found
