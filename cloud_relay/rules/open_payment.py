"""CORE. A payment that nobody has settled, and what time means for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

DAY_S = 24 * 3600
# How long a card's reservation lasts where Stripe does not say: https://docs.stripe.com/payments/place-a-hold-on-a-payment-method
RESERVATION_S = 7 * DAY_S


@dataclass(frozen=True)
class OpenPayment:
    """A payment as Stripe has it, times in Unix seconds; `immediate`: charged without a reservation.

    `created_s` is its charge's, or its order's if that was before, and begins the credit window. `named_s`
    is the payment's own, which never changes and is the same in every webhook. `lapses_s` is when the bank
    takes the reservation back. `came_s` is when the money of a deferred method came.
    """

    payment_id: str
    metadata: Mapping[str, str]
    amount: int
    currency: str
    created_s: int
    named_s: int
    lapses_s: int
    immediate: bool = False
    came_s: int | None = None

    @property
    def machine_id(self) -> str:
        """The machine that it is for, as its metadata names it."""
        return self.metadata.get("machine_id", "")

    def came_too_late(self, window_s: int) -> bool:
        """Whether its money came after its window, so that no cabinet can ever have heard of it in time."""
        return self.came_s is not None and self.came_s > self.created_s + window_s

    def release_due_s(self, release_after_s: int) -> int:
        """When to give it back if no receipt came: always a day before it lapses by itself."""
        return min(self.created_s + release_after_s, self.lapses_s - DAY_S)
