"""A loop that does nothing 30 times a second: what it is late by, the machine is to blame for."""

from __future__ import annotations

import threading
import time


class BareLoop:
    """Rests for a frame's time, over and over, and counts when that took more than twice as long."""

    def __init__(self, frame_s: float) -> None:
        self.late = 0
        self._frame_s = frame_s
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> BareLoop:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        before_s = time.monotonic()
        while not self._ended.is_set():
            time.sleep(self._frame_s)
            now_s = time.monotonic()
            self.late += now_s - before_s > 2 * self._frame_s
            before_s = now_s
