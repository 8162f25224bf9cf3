"""CORE. When things were, on machines whose clock nobody can ask: by when their messages came."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

# A Pi without a network boots into the past; what it says before this product was there is no time of day.
_LEAST_AT = datetime.fromisoformat("2024-01-01T00:00:00+00:00").timestamp()
# By how much a better measurement must differ to move what was written before.
WORTH_MOVING_S = 2.0
# So often at no more than that; each further move takes twice as much as the one before. No cabinet, lie as
# it may, has a boot moved more than some forty times.
_FREE_MOVES = 8


@dataclass(frozen=True)
class Boot:
    """When a boot began (Unix seconds); measured by a message of it, or only said by the machine's clock.

    `moves` is how often it turned out to have begun at another time.
    """

    boot: str
    began_at: float
    is_measured: bool
    moves: int = 0

    @property
    def worth_moving_s(self) -> float:
        """By how much it must have begun earlier to be moved."""
        return float(WORTH_MOVING_S * 2 ** max(0, self.moves - _FREE_MOVES))

    def moved(self, began_at: float, *, is_measured: bool) -> Boot:
        """The boot as it is known better now."""
        is_elsewhere = began_at != self.began_at
        return Boot(self.boot, began_at, is_measured, self.moves + is_elsewhere)


def measured(boot: str, sent_s: float, came_at: float, known: Boot | None) -> Boot:
    """The boot as a message tells it that was sent `sent_s` after it, and came at `came_at`.

    Delays only make a boot look later than it was: the earliest measurement is the best one.
    """
    began_at = came_at - sent_s
    if known is None:
        return Boot(boot, began_at, is_measured=True)
    if not known.is_measured or began_at < known.began_at - known.worth_moving_s:
        return known.moved(began_at, is_measured=True)
    return known


@dataclass(frozen=True)
class Told:
    """What a boot's own entries tell: the first was at `first_s` of it, and at `wall` by the machine's clock.

    The last was at `last_s`. Of a boot that is known the first stays, and the last grows.
    """

    first_s: float
    wall: str
    last_s: float


def said(boot: str, told: Told, before_at: float | None, after_at: float, known: Boot | None = None) -> Boot:
    """A boot of which no message came: by its own clock, as far as that can be.

    It lies between its neighbours: what came before it was at `before_at` (None without any), and its last
    entry was before `after_at`. One that is `known` stays where it is, if it would move by too little.
    """
    latest = after_at - told.last_s
    by_clock = _time_of_day(told.wall)
    began_at = latest if by_clock is None else min(by_clock - told.first_s, latest)
    # Where the two cannot both be, the one that a message measured holds.
    began_at = min(latest, began_at if before_at is None else max(began_at, before_at))
    if known is None:
        return Boot(boot, began_at, is_measured=False)
    is_worth_it = known.moves < _FREE_MOVES or abs(began_at - known.began_at) >= known.worth_moving_s
    return known.moved(began_at, is_measured=False) if is_worth_it else known


def _time_of_day(wall: str) -> float | None:
    try:
        at = datetime.fromisoformat(wall)
    except ValueError:
        return None
    if at.tzinfo is None:
        return None
    return at.timestamp() if at.timestamp() >= _LEAST_AT else None
