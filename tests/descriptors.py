"""What a process of the tests has open: a thousand is the most that Linux gives it."""

from __future__ import annotations

import gc
from collections import Counter
from contextlib import suppress
from pathlib import Path

# The last test of a file still holds its fixtures then: three designs, say, with 32 fonts each.
MANY = 150


def open_now() -> Counter[str]:
    """What each descriptor leads to, as Linux says it: a path, `socket:[...]`, `pipe:[...]`."""
    leads_to: Counter[str] = Counter()
    for descriptor in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):  # the listing's own
            leads_to[str(descriptor.readlink())] += 1
    return leads_to


def left_since(before: Counter[str]) -> list[str]:
    """What is open and was not before, without what is only not collected yet."""
    if (open_now() - before).total() >= MANY:
        gc.collect()
    return sorted((open_now() - before).elements())
