"""CORE. Whether the relay could settle what it sells: its clock beside Stripe's, and what its key may do."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

# Further off than this, windows and releases are counted wrongly, and at 300 s no webhook is believed.
TOLERATED_S = 10.0
# A clock that drifts is told anew only once it is this much further off.
TOLD_AGAIN_S = 5.0

# What Stripe calls a permission, and the row of a restricted key in its Dashboard.
_ROWS = {
    "charge": "Charges and Refunds",
    "refund": "Charges and Refunds",
    "payment_intent": "PaymentIntents",
    "checkout_session": "Checkout Sessions",
    "payment_link": "Payment Links",
    "payment_links": "Payment Links",
    "plan": "Prices",
    "product": "Products",
    "webhook": "Webhook Endpoints",
    "event": "Events",
    "dispute": "Disputes",
    "payment_method_configuration": "Payment Method Configurations",
    "payment_method_configurations": "Payment Method Configurations",
}
# Until 2025 "Having the 'rak_charge_write' permission would", since then "Enabling "Charges and Refunds
# Write" ('charge_write') permissions on this key would allow this request to continue."
_NAMED = re.compile(r"'(?:rak_)?([a-z_]{1,60})_(read|write)'")


class Cause(StrEnum):
    """What is wrong with the relay itself, so that it must not sell."""

    CLOCK = "clock"
    KEY = "key"


@dataclass(frozen=True)
class Trouble:
    """A reason to keep every door closed, and what the operator does about it."""

    cause: Cause
    text: str
    remedy: str

    @property
    def remedy_sentence(self) -> str:
        """The remedy alone."""
        return f"{self.remedy[0].upper()}{self.remedy[1:]}."

    @property
    def words(self) -> str:
        """Both in one line."""
        return f"{self.text}: {self.remedy}"


@dataclass(frozen=True)
class KeyFound:
    """What a round of probes has found; unless all of it `is_known`, the trouble says nothing."""

    is_known: bool
    trouble: Trouble | None = None


@dataclass(frozen=True)
class Offset:
    """How far the relay's clock is ahead of Stripe's: at least, and at most; behind where it is negative."""

    least_s: float
    most_s: float

    @property
    def is_right(self) -> bool:
        """Whether the two surely agree."""
        return self.least_s >= -TOLERATED_S and self.most_s <= TOLERATED_S

    @property
    def surely_off_s(self) -> float | None:
        """By how much the relay's clock is surely wrong, as near as is known; None if it may be right."""
        if self.least_s > TOLERATED_S:
            return self.least_s if self.most_s == float("inf") else (self.least_s + self.most_s) / 2
        if self.most_s < -TOLERATED_S:
            return self.most_s if self.least_s == float("-inf") else (self.least_s + self.most_s) / 2
        return None


def offset_by_answer(sent_s: float, answered_s: float, date_s: float) -> Offset:
    """What an answer's date proves, however slow the way: it was set between question and answer.

    `date_s` is a whole second, which had begun. Where the relay's own clock was set back meanwhile nothing
    is proven.
    """
    if answered_s < sent_s:
        return Offset(float("-inf"), float("inf"))
    return Offset(sent_s - date_s - 1, answered_s - date_s)


def offset_by_signature(received_s: float, signed_s: float) -> Offset:
    """What a webhook proves that Stripe signed: it may be late, or an old one sent again, but not early."""
    return Offset(float("-inf"), received_s - signed_s)


def off_now_s(before_s: float, offset: Offset) -> float:
    """How far off the clock is held to be (0.0: it is right) after one more measurement."""
    off_s = offset.surely_off_s
    if off_s is None:
        return 0.0 if offset.is_right else before_s
    return before_s if before_s and abs(off_s - before_s) < TOLD_AGAIN_S else off_s


def clock_trouble(off_s: float) -> Trouble | None:
    """The trouble of a clock that is so far ahead of Stripe's."""
    if not off_s:
        return None
    return Trouble(
        Cause.CLOCK,
        f"the relay's clock is {clock_words(off_s)} Stripe's",
        "set it, best by NTP (sudo timedatectl set-ntp true)",
    )


def clock_words(off_s: float) -> str:
    """An offset as it is told: `25 s ahead of`."""
    return f"{abs(off_s):.0f} s {'ahead of' if off_s > 0 else 'behind'}"


def key_trouble(missing: Sequence[str]) -> Trouble | None:
    """The trouble of a key that lacks some permissions."""
    if not missing:
        return None
    rows = " and ".join(dict.fromkeys(missing))
    return Trouble(Cause.KEY, f"the Stripe key lacks {rows}", GIVE_PERMISSION)


GIVE_PERMISSION = "give it in Stripe's Dashboard, Developers, API keys, Edit key"
KEY_REFUSED = Trouble(
    Cause.KEY, "Stripe refuses the key", "write a key that is valid into the relay's STRIPE_API_KEY"
)


def permissions_in(refusal: str) -> list[str]:
    """The permissions that Stripe's refusal names, each as the Dashboard does: `PaymentIntents: Write`."""
    return [f"{_ROWS.get(name, name)}: {level.capitalize()}" for name, level in _NAMED.findall(refusal)]
