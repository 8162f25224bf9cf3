"""EDGE. Ctrl-C, a closed terminal and `kill` all end the demo in the same good order."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def ending_signal() -> Iterator[threading.Event]:
    """An event that is set by the first such signal; impatient further ones change nothing.

    Nothing is raised in the middle of anything, so what was started is always known, and is stopped.
    """
    came = threading.Event()

    def note(_number: int, _frame: FrameType | None) -> None:
        came.set()

    before = {number: signal.signal(number, note) for number in ENDING}
    try:
        yield came
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
