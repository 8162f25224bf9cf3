"""CORE. How often somebody may do something: so many at once, and so many a minute in the long run."""

from __future__ import annotations

from dataclasses import dataclass

MINUTE_S = 60.0
_ROUNDING_S = 0.001  # Unix times as floats are exact to less than a microsecond, each time one is added


@dataclass(frozen=True)
class Rate:
    """A bucket of `burst` that fills again by `per_minute`.

    All that is remembered of a bucket is one time: when it will be full again. None is a full one.
    """

    burst: int
    per_minute: float

    @property
    def _each_s(self) -> float:
        return MINUTE_S / self.per_minute

    def wait_s(self, full_s: float | None, now_s: float) -> float:
        """Seconds until one more may pass, 0 where it may pass now."""
        missing_s = self._full_s(full_s, now_s) - now_s
        wait_s = missing_s - (self.burst - 1) * self._each_s
        return wait_s if wait_s > _ROUNDING_S else 0.0

    def after_one(self, full_s: float | None, now_s: float) -> float:
        """When the bucket will be full, after one more has passed now."""
        return self._full_s(full_s, now_s) + self._each_s

    def before_one(self, full_s: float) -> float:
        """When the bucket would be full, had one that passed not passed."""
        return full_s - self._each_s

    def _full_s(self, full_s: float | None, now_s: float) -> float:
        if full_s is None:
            return now_s
        # At the latest as if it were empty now: a clock that was set back must not shut anybody out for long.
        return min(max(full_s, now_s), now_s + self.burst * self._each_s)

    def times(self, factor: float) -> Rate:
        """The rate for so many times as many callers."""
        return Rate(max(1, round(self.burst * factor)), self.per_minute * factor)
