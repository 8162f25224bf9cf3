"""Feeds systemd's watchdog with pictures that were shown, so that who hangs is started again. EDGE."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from attract_screen.systemd_notify import ALIVE, notify, patience

# A picture that stands still is shown again after this time: SDL then waits for the page flip before.
SHOWN_AGAIN_AFTER_S = 5.0
# Mesa compiles its drawing code while a display is opened.
OPENING_S = 180.0


class Watchdog:
    """Hears of each picture that is on the glass, and passes it on every few seconds."""

    def __init__(self, on_answer: Callable[[], None]) -> None:
        """`on_answer` hears once that the display answers."""
        self._on_answer: Callable[[], None] | None = on_answer
        self._told_s = float("-inf")
        self._shown_s = float("-inf")

    def shown(self, now_s: float) -> None:
        """The display took a picture; with the one before it is done."""
        self._shown_s = now_s
        if now_s >= self._told_s + SHOWN_AGAIN_AFTER_S:
            if self._told_s > 0 and self._on_answer is not None:  # it took the picture after the first, too
                self._on_answer()
                self._on_answer = None
            self._told_s = now_s
            notify(ALIVE)

    def wants_a_picture(self, now_s: float) -> bool:
        """Whether none was shown for so long that nobody knows whether the display still answers."""
        return now_s >= self._shown_s + SHOWN_AGAIN_AFTER_S


def waiting() -> None:
    """There is no display, and waiting for one is all that there is to do."""
    notify(ALIVE)


def wait_awake(seconds: float, stopped: Callable[[], bool]) -> None:
    """Wait for that long after a display that hung, or until `stopped` says so."""
    if seconds:
        notify(f"STATUS=The display has hung; it is tried again after {seconds:.0f} s")
    until_s = time.monotonic() + seconds
    while not stopped() and time.monotonic() < until_s:
        waiting()
        time.sleep(0.5)


@contextmanager
def opening() -> Iterator[None]:
    """A display is being opened, and that may take its time."""
    with patience(OPENING_S):
        yield
