"""CORE. When things were, on machines whose clock nobody can ask: by when their messages came."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

# A Pi without a network boots into the past; what it says before this product was there is no time of day.
_LEAST_AT = datetime.fromisoformat("2024-01-01T00:00:00+00:00").timestamp()
# By how much a better measurement must differ to move what was written before.
WORTH_MOVING_S = 2.0


@dataclass(frozen=True)
class Boot:
    """When a boot began (Unix seconds); measured by a message of it, or only said by the machine's clock."""

    boot: str
    began_at: float
    is_measured: bool


def measured(boot: str, sent_s: float, came_at: float, known: Boot | None) -> Boot:
    """The boot as a message tells it that was sent `sent_s` after it, and came at `came_at`.

    Delays only make a boot look later than it was: the earliest measurement is the best one.
    """
    began_at = came_at - sent_s
    if known is None or not known.is_measured or began_at < known.began_at - WORTH_MOVING_S:
        return Boot(boot, began_at, is_measured=True)
    return known


def said(boot: str, last_s: float, wall: str, at_s: float, before_at: float | None, after_at: float) -> Boot:
    """A boot of which no message came: by its own clock, which said `wall` at `at_s` of the boot.

    It lies between its neighbours: what came before it was at `before_at` (None without any), and its last
    entry, at `last_s` of the boot, was before `after_at`.
    """
    latest = after_at - last_s
    told = _time_of_day(wall)
    began_at = latest if told is None else min(told - at_s, latest)
    # Where the two cannot both be, the one that a message measured holds.
    return Boot(
        boot, min(latest, began_at if before_at is None else max(began_at, before_at)), is_measured=False
    )


def _time_of_day(wall: str) -> float | None:
    try:
        at = datetime.fromisoformat(wall)
    except ValueError:
        return None
    if at.tzinfo is None:
        return None
    return at.timestamp() if at.timestamp() >= _LEAST_AT else None
