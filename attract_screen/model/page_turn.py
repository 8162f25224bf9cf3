"""CORE. Which page of a picture is shown when, where not all that it says has room at once."""

from __future__ import annotations

from collections.abc import Sequence

CREDITS_S = 5.0
# Long enough to take out a phone and scan.
CODE_S = 10.0


def page_at(elapsed_s: float, seconds: Sequence[float]) -> int:
    """The number of the page that is shown `elapsed_s` seconds on, where each has its seconds in turn."""
    if len(seconds) < 2:
        return 0
    left_s = elapsed_s % sum(seconds)
    for number, page_s in enumerate(seconds):
        if left_s < page_s:
            return number
        left_s -= page_s
    return 0
