"""CORE. What a coin meter does again and again: it counts our pulses late, or each of them twice."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

# How long after a pulse's time, or after its count, another count may still be about it.
NEARBY_S = 1.5
# Coins of metal do not fall with such a regularity, twice in a row.
ALIKE_S = 0.1
# So many pulses with as many counts on top of theirs are no chance.
SURE = 3


@dataclass(frozen=True)
class LateCounts:
    """Counts that came after a pulse's time: `missed_s` is the end of the newest pulse that has none yet."""

    missed_s: float | None = None
    late_s: float | None = None
    found: bool = False

    def missed(self, fell_s: float) -> LateCounts:
        """After a pulse, which ended at `fell_s`, was not counted in time."""
        # Where nothing came for the one before either, the meter is not late but deaf.
        return replace(self, missed_s=fell_s, late_s=self.late_s if self.missed_s is None else None)

    def another(self, at_s: float, within_s: float) -> LateCounts | None:
        """After a count that was of no pulse's time; None if it cannot be a late one."""
        if self.missed_s is None or at_s > self.missed_s + within_s + NEARBY_S:
            return None
        late_s = at_s - self.missed_s
        return LateCounts(late_s=late_s, found=self.found or _alike(self.late_s, late_s))


@dataclass(frozen=True)
class DoubleCounts:
    """Counts on top of those of our pulses: so many `ours` and `extras`, none long after the one before.

    `rest_s` is how far behind our last count the last extra one came, `before_s` what it was the time before;
    None where there were not as many extras as ours.
    """

    ours: int = 0
    extras: int = 0
    ours_s: float = 0.0
    newest_s: float | None = None
    rest_s: float | None = None
    before_s: float | None = None
    found: bool = False

    def counted(self, at_s: float) -> DoubleCounts:
        """After a pulse of ours was counted in time."""
        if self.newest_s is not None and at_s <= self.newest_s + NEARBY_S:
            return replace(self, ours=self.ours + 1, ours_s=at_s, newest_s=at_s, rest_s=None)
        is_double = self.rest_s is not None
        return DoubleCounts(1, 0, at_s, at_s, before_s=self.rest_s, found=self.found and is_double)

    def another(self, at_s: float) -> DoubleCounts | None:
        """After a count that was of no pulse's time; None if it came too long after ours."""
        if self.newest_s is None or at_s > self.newest_s + NEARBY_S:
            return None
        extras = self.extras + 1
        rest_s = at_s - self.ours_s if extras == self.ours else None
        is_again = rest_s is not None and (_alike(self.before_s, rest_s) or extras >= SURE)
        return replace(self, extras=extras, newest_s=at_s, rest_s=rest_s, found=self.found or is_again)


@dataclass(frozen=True)
class MeterHabits:
    """What the counts that were of no pulse's time have in common."""

    late: LateCounts = LateCounts()
    double: DoubleCounts = DoubleCounts()

    def missed(self, fell_s: float) -> MeterHabits:
        """After a pulse, which ended at `fell_s`, was not counted in time."""
        return replace(self, late=self.late.missed(fell_s))

    def counted(self, at_s: float) -> MeterHabits:
        """After a pulse was counted in time: the meter is not late."""
        return MeterHabits(double=self.double.counted(at_s))

    def another(self, at_s: float, within_s: float) -> MeterHabits:
        """After a count that was of no pulse's time."""
        if late := self.late.another(at_s, within_s):
            return replace(self, late=late)
        if double := self.double.another(at_s):
            return replace(self, double=double)
        return self

    def trouble(self, within_s: float) -> str | None:
        """What it does, and the key that may have to change."""
        if self.late.found and self.late.late_s is not None:
            wanted_ms = math.ceil(self.late.late_s * 15) * 100
            return (
                f"coin meter: it counts {self.late.late_s:.1f} s after our pulses, and coin_meter.within_ms "
                f"is {within_s * 1000:.0f}: set it to {wanted_ms}"
            )
        if self.double.found:
            return (
                "coin meter: it counts each coin pulse twice: if its contact bounces, raise "
                "coin_meter.debounce_ms (up to 59), else set the board to one count a coin"
            )
        return None


def _alike(before_s: float | None, now_s: float) -> bool:
    return before_s is not None and abs(now_s - before_s) <= ALIKE_S
