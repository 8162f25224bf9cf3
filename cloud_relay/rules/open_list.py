"""CORE. What Stripe holds open, as its operator reads it."""

from __future__ import annotations

from dataclasses import dataclass

from cloud_relay.rules.messages import iso_utc, seconds_left
from cloud_relay.rules.open_payment import OpenPayment
from cloud_relay.rules.prices import price
from cloud_relay.rules.tidy_rules import Rules

OPEN_HEAD = ("payment", "machine", "amount", "age", "left", "why")


@dataclass(frozen=True)
class OpenRow:
    """One open payment, with the reason why it still is."""

    payment: OpenPayment
    age_s: int
    seconds_left: int
    why: str
    release_due: str

    @property
    def cells(self) -> tuple[str, ...]:
        """The row of the list."""
        paid = self.payment
        amount = price(paid.amount, paid.currency)
        left = f"{self.seconds_left} s"
        return (paid.payment_id, paid.machine_id, amount, duration(self.age_s), left, self.why)

    @property
    def as_json(self) -> dict[str, str | int]:
        """The row for a program."""
        return {
            "paymentId": self.payment.payment_id,
            "machineId": self.payment.machine_id,
            "amount": self.payment.amount,
            "currency": self.payment.currency,
            "ageS": self.age_s,
            "secondsLeft": self.seconds_left,
            "why": self.why,
            "releaseDue": self.release_due,
        }


def open_row(payment: OpenPayment, rules: Rules, now_s: float) -> OpenRow:
    """Why a payment is open at this moment."""
    left_s = seconds_left(rules.window_s, payment.created_s, now_s)
    due_s = rules.release_due_s(payment)
    releases, released = ("refunds", "refunded") if payment.immediate else ("releases", "released")
    if left_s > 0:
        why = "in its credit window"
    elif now_s >= due_s:
        why = f"the next tidy {releases} it"
    else:
        why = f"waiting for its receipt, will be {released} at {iso_utc(due_s)}"
    return OpenRow(payment, max(0, int(now_s - payment.created_s)), left_s, why, iso_utc(due_s))


def duration(seconds: int) -> str:
    """A time as people say it, to the two units that matter: `45 s`, `3 h 20 min`, `2 d 4 h`."""
    minutes, rest_s = divmod(seconds, 60)
    hours, rest_min = divmod(minutes, 60)
    days, rest_h = divmod(hours, 24)
    if days:
        return f"{days} d {rest_h} h"
    if hours:
        return f"{hours} h {rest_min} min"
    return f"{minutes} min {rest_s} s" if minutes else f"{seconds} s"
