"""EDGE. Ctrl-C, a closed terminal and `kill` all end the demo in the same good order."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Ending:
    """Whether somebody asked for the end. Without a lock: a signal may come while its owner looks."""

    def __init__(self) -> None:
        self._came: list[int] = []

    def note(self, number: int, _frame: FrameType | None) -> None:
        """A signal's handler."""
        self._came.append(number)

    def is_set(self) -> bool:
        """Whether it came."""
        return bool(self._came)


@contextmanager
def ending_signal() -> Iterator[Ending]:
    """Notes the first such signal; impatient further ones change nothing.

    Nothing is raised in the middle of anything, so what was started is always known, and is stopped.
    """
    ending = Ending()
    before = {number: signal.signal(number, ending.note) for number in ENDING}
    try:
        yield ending
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
