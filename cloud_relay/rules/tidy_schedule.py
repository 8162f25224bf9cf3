"""CORE. When tidy reads which list of Stripe's: often while somebody may be paying, seldom at rest.

Stripe rations reads (10,000 a month for a small account: https://docs.stripe.com/rate-limits), and one list
a minute would be 43,200.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

# How long a Checkout Session lives: whoever has opened one may pay until then. Stripe's least is 30 minutes,
# counted when the request arrives there: a minute more covers the way, and clocks that differ.
SESSION_LIFE_S = 31 * 60
# Most pay within it. A webhook that got lost must be found before the last half minute of its window.
BUSY_FOR_S, BUSY_EVERY_S = 5 * 60, 15
AT_REST_EVERY_S = 600
ALL_EVERY_S = 3600


@dataclass(frozen=True)
class TidySchedule:
    """What a process knows of itself: when somebody last may have paid, and when it last read.

    Times in Unix seconds. A process that has just begun knows nothing: somebody may have paid before. What
    lies in the future was noted by a clock that has been set back since, and counts for nothing.
    """

    window_s: int
    every_s: int
    active_s: float
    recent_read_s: float = float("-inf")
    all_read_s: float = float("-inf")

    def is_recent_due(self, now_s: float) -> bool:
        """Whether to read what may still be credited: made within a window and the life of a session."""
        return not 0 <= now_s - self.recent_read_s < self._every_s(now_s)

    def is_all_due(self, now_s: float) -> bool:
        """Whether to begin to read all that can be open."""
        return not 0 <= now_s - self.all_read_s < ALL_EVERY_S

    def noticed(self, now_s: float) -> TidySchedule:
        """Somebody opened a payment page, paid, or could not be credited."""
        return replace(self, active_s=now_s)

    def recent_read(self, now_s: float) -> TidySchedule:
        """The short list was asked for, whatever the answer: a Stripe that is down is asked no more often."""
        return replace(self, recent_read_s=now_s, active_s=min(self.active_s, now_s))

    def recent_failed(self, now_s: float) -> TidySchedule:
        """The short list did not come: at rest too, it is asked for again after `every_s`."""
        rest_s = self._every_s(now_s) - self.every_s
        return replace(self, recent_read_s=min(self.recent_read_s, now_s - max(0.0, rest_s)))

    def all_read(self, now_s: float) -> TidySchedule:
        """The long list was begun, whatever comes of it."""
        return replace(self, all_read_s=now_s)

    def _every_s(self, now_s: float) -> float:
        quiet_s = now_s - self.active_s
        if quiet_s <= BUSY_FOR_S:
            return min(BUSY_EVERY_S, self.every_s)
        if quiet_s <= SESSION_LIFE_S + self.window_s:
            return self.every_s
        return max(AT_REST_EVERY_S, self.every_s)
