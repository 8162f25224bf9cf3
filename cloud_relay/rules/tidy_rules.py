"""CORE. (open payment, now) -> publish it again, give it back, or leave it alone."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cloud_relay.rules.messages import expiry_s, seconds_left
from cloud_relay.rules.open_payment import OpenPayment

# A webhook takes seconds; publishing beside it would only make the cabinet's ledger refuse a repeat.
WEBHOOK_ON_ITS_WAY_S = 20


class Waiting(StrEnum):
    """Why an open payment is left alone."""

    WEBHOOK = "its webhook is on its way"
    WINDOW = "its window is about to end"
    RECEIPT = "waiting for its receipt"


@dataclass(frozen=True)
class Republish:
    """Publish the same coin pulse again; the broker may keep it for `expiry_s` seconds."""

    expiry_s: int


@dataclass(frozen=True)
class Remind:
    """The window has passed and no receipt came: let the cabinet say what it did, if it is there.

    The message has no time left, so that a cabinet which never heard of the payment credits nothing: it
    asks for its open payments, writes this one as undelivered, and reports that.
    """


@dataclass(frozen=True)
class GiveBack:
    """Nobody settled it in time, or nobody ever can: read it again, and give it back if it is still open."""


@dataclass(frozen=True)
class Rules:
    """The two times that decide, in seconds: the credit window, and how long a receipt may take."""

    window_s: int
    release_after_s: int

    def step(self, payment: OpenPayment, now_s: float) -> Republish | Remind | GiveBack | Waiting:
        """What to do with an open payment now."""
        if seconds_left(self.window_s, payment.created_s, now_s) > 0:
            return self._step_in_window(payment, now_s)
        if now_s >= self.release_due_s(payment):
            return GiveBack()
        # A plug pulled at closing time must not lose the evening's last sale: it may take until the morning.
        return Remind()

    def release_due_s(self, payment: OpenPayment) -> int:
        """When `step` begins to say GiveBack, in Unix seconds."""
        if payment.came_too_late(self.window_s):
            return payment.created_s + self.window_s
        return max(payment.created_s + self.window_s, payment.release_due_s(self.release_after_s))

    def _step_in_window(self, payment: OpenPayment, now_s: float) -> Republish | Waiting:
        if now_s - payment.created_s < WEBHOOK_ON_ITS_WAY_S:
            return Waiting.WEBHOOK
        expiry = expiry_s(self.window_s, payment.created_s, now_s)
        return Waiting.WINDOW if expiry is None else Republish(expiry)
