"""EDGE. Two ways to start the coin line's process; what it is told and says is the same in both.

The daemon forks it from itself, before all else: gpiozero and much of Python are then in memory once for
both. What has threads already, or fires in the daemon's place, starts a new Python.
"""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, NoReturn, TextIO

import controller
from controller.system.memory import give_back

LOOK_EVERY_S = 0.005
# As `ps` and `top` show it: the command line is the daemon's.
NAME = "coin-line"


class ForkedProcess:
    """A child that runs our own code: of `subprocess.Popen`, what the coin line uses."""

    def __init__(self, pid: int, stdin: IO[str], stdout: IO[str]) -> None:
        self.pid, self.stdin, self.stdout = pid, stdin, stdout
        self._status: int | None = None
        self._asking = threading.Lock()

    def poll(self) -> int | None:
        """Its status, once it has ended; that of a signal is less than 0."""
        with self._asking:
            if self._status is None:
                pid, status = os.waitpid(self.pid, os.WNOHANG)
                self._status = os.waitstatus_to_exitcode(status) if pid else None
            return self._status

    def wait(self, timeout: float | None = None) -> int:
        """Its status, in the end.

        Raises:
            subprocess.TimeoutExpired: it has not ended in time.
        """
        began_s = time.monotonic()
        while (status := self.poll()) is None:
            if timeout is not None and time.monotonic() > began_s + timeout:
                raise subprocess.TimeoutExpired(NAME, timeout)
            time.sleep(LOOK_EVERY_S)
        return status

    def kill(self) -> None:
        """End it at once, if it has not ended."""
        if self.poll() is None:
            os.kill(self.pid, 9)


Process = subprocess.Popen[str] | ForkedProcess


def start_anew() -> Process:
    """In a Python of its own, which imports it all again."""
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "controller.board.coin_line_process"],
        # Its code is found where this process's lies, and not where a technician happens to stand.
        env=os.environ | {"PYTHONPATH": str(Path(controller.__file__).parent.parent)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
    )


def fork_early() -> ForkedProcess:
    """From this process, which has no threads yet: a lock that one of them held would be held for ever.

    It waits for its first order, and ends with this one.
    """
    # Imported here, before the fork, for both.
    from controller.board import coin_line_process

    # A collection writes to each object that it looks at, and so would make a second copy of what is shared.
    gc.collect()
    gc.freeze()
    give_back()
    orders, replies = os.pipe(), os.pipe()
    if not (pid := os.fork()):
        os.close(orders[1])
        os.close(replies[0])
        _be_the_child(coin_line_process.main, orders[0], replies[1])
    os.close(orders[0])
    os.close(replies[1])
    return ForkedProcess(pid, os.fdopen(orders[1], "w", 1), os.fdopen(replies[0]))


def _be_the_child(main: Callable[[TextIO, TextIO], int], orders: int, replies: int) -> NoReturn:
    """Nothing of what the parent would do at its end is done by this one."""
    status = 1
    try:
        Path("/proc/self/comm").write_text(NAME)
        status = main(os.fdopen(orders), os.fdopen(replies, "w"))
    finally:
        os._exit(status)
