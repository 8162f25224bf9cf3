"""CORE. Whether the relay's clock agrees with Stripe's: only a right one tells what a window has left."""

from __future__ import annotations

TOLERATED_S = 10.0


def clock_is_off(asked_s: float, told_s: float, answered_s: float) -> str | None:
    """What is wrong with our clock, in words: Stripe told `told_s` between asking and its answer.

    That is a whole second, which had begun.
    """
    ahead_s, behind_s = asked_s - told_s - 1, told_s - answered_s
    off_s, way = max((ahead_s, "ahead of"), (behind_s, "behind"))
    if off_s <= TOLERATED_S:
        return None
    return f"the relay's clock is {off_s:.0f} s {way} Stripe's: set it, best by NTP"
