"""EDGE. The best scheduling that this process is permitted, for the one thing that must be on time."""

from __future__ import annotations

import ctypes
import os

# Half of what SCHED_FIFO offers: above all that is not realtime, below the kernel's migration of tasks.
FIFO_PRIORITY = 50
NICENESS = -20
# linux/mman.h. On fault: only what is used stays in memory, not every page of every library.
_MCL_CURRENT, _MCL_FUTURE, _MCL_ONFAULT = 1, 2, 4


def take_best_scheduling() -> str:
    """Take the first that the system permits: SCHED_FIFO, niceness -20, or what there is; and keep memory.

    Never fails. Returns what was got, and why not more, in words for the log. It holds for the calling thread
    and those that it starts later: called after the opening of the pins, lgpio's threads stay ordinary.
    The order is measured: `make bench ONLY=candidates`.
    """
    return f"{_scheduling()}, {_memory()}"


def _scheduling() -> str:
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(FIFO_PRIORITY))
    except OSError as error:
        return f"{_niceness()} (SCHED_FIFO: {error.strerror})"
    return f"SCHED_FIFO {FIFO_PRIORITY}"


def _niceness() -> str:
    try:
        os.setpriority(os.PRIO_PROCESS, 0, NICENESS)
    except OSError:
        return f"niceness {os.getpriority(os.PRIO_PROCESS, 0)}"
    return f"niceness {NICENESS}"


def _memory() -> str:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mlockall(_MCL_CURRENT | _MCL_FUTURE | _MCL_ONFAULT) == 0:
        return "memory locked"
    return f"memory not locked ({os.strerror(ctypes.get_errno())})"
