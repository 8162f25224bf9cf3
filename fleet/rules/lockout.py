"""CORE. How long somebody who gave wrong passwords has to wait, and how long a login lasts."""

from __future__ import annotations

# Three slips are anybody's; from then on each one doubles the wait.
FREE_FAILURES = 3
# No longer than that: whoever fails on purpose keeps somebody out by it.
FIRST_WAIT_S, LONGEST_WAIT_S = 15.0, 120.0
# From one address, whatever names it tries; forgotten once it was quiet for so long.
MOST_GUESSES, GUESSES_FORGOTTEN_S = 10, 600.0
IDLE_S, LONGEST_S = 12 * 3600.0, 30 * 86400.0


def locked_until(failures: int, now: float) -> float:
    """Until when nobody is let in by this name, after so many failures in a row."""
    if failures < FREE_FAILURES:
        return 0.0
    return now + min(FIRST_WAIT_S * 2.0 ** min(failures - FREE_FAILURES, 20), LONGEST_WAIT_S)


def is_over(began_at: float, used_at: float, now: float) -> bool:
    """Whether a login has ended, by idleness or by age."""
    return now - used_at > IDLE_S or now - began_at > LONGEST_S
