"""EDGE. Tells that tidy ran, and what it did: each run that did something, once a minute where none did."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from typing import TypeVar

from cloud_relay.relay import Relay
from cloud_relay.rules.log_events import TidyList, tidied
from cloud_relay.watching.teller import ms_since

T = TypeVar("T")
_IDLE = ("republished", "released", "failed")


def told_run(
    relay: Relay, which: TidyList, run: Callable[[], T], counts_of: Callable[[T], Mapping[str, int]]
) -> T:
    """Run tidy over one of its lists, and tell it; what is raised is told too.

    The list of all that can be open is read once an hour, and each of its runs is told.
    """
    began_s, times = time.monotonic(), relay.tidied
    try:
        done = run()
    except Exception:
        if which is TidyList.RECENT:
            times.failed()
            relay.book.recent_failed()
        words = f"Could not tidy the list of {which} payments"
        relay.tell(tidied(which, "failed", {}, ms_since(began_s), words, logging.WARNING))
        raise
    counts = counts_of(done)
    is_idle = not any(counts[key] for key in _IDLE)
    is_told = times.ran(relay.clock(), was_due=which is TidyList.RECENT, is_idle=is_idle)
    if is_told:
        relay.watch.tidied()
    if is_told or which is TidyList.ALL:
        relay.tell(tidied(which, "done", counts, ms_since(began_s), f"Tidied: {in_words(counts)}"))
    return done


def in_words(counts: Mapping[str, int]) -> str:
    """A summary as one line."""
    return ", ".join(f"{count} {outcome}" for outcome, count in counts.items())
