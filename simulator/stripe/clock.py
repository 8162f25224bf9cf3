"""EDGE. Stripe's clock, which may differ from that of whoever asks."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass
class StripesClock:
    """What time Stripe has, in Unix seconds: that of `base`, and `ahead_s` more."""

    base: Callable[[], float] = time.time
    ahead_s: float = 0.0

    def __call__(self) -> float:
        """The time now."""
        return self.base() + self.ahead_s
