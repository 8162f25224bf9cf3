"""EDGE. Threads of the relay beside those that serve, and how a process ends with them.

A thread that no one waits for may be inside OpenSSL while Python's end takes that down beneath it: the
process dies of a signal, and its service has "failed".
"""

from __future__ import annotations

import atexit
import threading
import time
from collections.abc import Callable
from weakref import WeakSet

# Longer than a thread is busy with anything but waiting for the network, which is not taken down.
MOMENT_S = 2.0

_threads: WeakSet[threading.Thread] = WeakSet()
_stops: WeakSet[threading.Event] = WeakSet()


def thread_beside(
    name: str, run: Callable[[], object], stop: threading.Event | None = None
) -> threading.Thread:
    """Make a thread that keeps no process alive, and that the process's end waits for, two seconds at most.

    `stop` is set at that end. Start it yourself.
    """
    thread = threading.Thread(target=run, name=name, daemon=True)
    _threads.add(thread)
    if stop is not None:
        _stops.add(stop)
    return thread


@atexit.register
def _end() -> None:
    for stop in list(_stops):
        stop.set()
    until_s = time.monotonic() + MOMENT_S
    for thread in list(_threads):
        if thread.is_alive():
            thread.join(max(0.0, until_s - time.monotonic()))
