"""EDGE. What glibc keeps of the memory that this process no longer uses."""

from __future__ import annotations

import ctypes

# malloc.h
_M_ARENA_MAX = -8


def share_one_heap() -> None:
    """Have all threads take from one heap, once for all: each has one of its own otherwise, mostly empty.

    Python's lock lets one of them run at a time, so that they do not wait for it either.
    """
    ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)


def give_back() -> None:
    """Return to the system what was freed; call it behind something large, and where nothing waits for it."""
    ctypes.CDLL(None).malloc_trim(0)
