"""EDGE. How fast Stripe is: its own times, and the faster ones of a world that asks for them."""

from __future__ import annotations

from dataclasses import dataclass

MINUTE_S, HOUR_S = 60.0, 3600.0


@dataclass(frozen=True)
class Retries:
    """When a webhook that was not taken is sent again: waits between attempts, the last of them repeated.

    None is sent later than `up_to_s` after the first.
    """

    waits_s: tuple[float, ...]
    up_to_s: float = 72 * HOUR_S

    def wait_s(self, attempts: int, since_first_s: float) -> float | None:
        """How long to wait after so many attempts; None once it is given up."""
        wait_s = self.waits_s[min(attempts, len(self.waits_s)) - 1]
        return wait_s if since_first_s + wait_s <= self.up_to_s else None


# Stripe says "up to three days with an exponential back off" and does not publish the steps; the first one
# comes after minutes.
STRIPES_RETRIES = Retries((5 * MINUTE_S, 30 * MINUTE_S, 2 * HOUR_S, 5 * HOUR_S, 10 * HOUR_S, 12 * HOUR_S))


def quick_retries(first_s: float = 0.2, most_s: float = 5.0) -> Retries:
    """Retries that double from `first_s` up to `most_s`: for a world that cannot wait for minutes."""
    waits_s = [first_s]
    while waits_s[-1] < most_s:
        waits_s.append(min(2 * waits_s[-1], most_s))
    return Retries(tuple(waits_s))


@dataclass(frozen=True)
class Pace:
    """Stripe's own times, unless it is told otherwise.

    `list_page_s` is what one page of a list or a search takes, `call_s` what any other call takes, and
    `search_lag_s` how long a change stays out of the search results.
    """

    retries: Retries = STRIPES_RETRIES
    list_page_s: float = 1.0
    call_s: float = 0.0
    search_lag_s: int = 60


STRIPES_PACE = Pace()
QUICK = Pace(quick_retries(0.05), list_page_s=0.0)
"""For tests of what is not a matter of Stripe's times."""
