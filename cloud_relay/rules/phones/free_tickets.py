"""CORE. Free credits: the ticket in the door's button, and the name by which a cabinet gives them once.

The relay holds nothing, so a credit's name is made from whose it is: machine, phone, and a slot of time.
However often a button is pressed or a request is repeated, it is one name, and the cabinet's ledger gives it
once. A phone is told by a cookie for this door alone; without cookies it is a new one at each look, and only
the limits of its address hold.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass

from cloud_relay.rules.selling.periods import FreePlay

FREE_CREDIT = "free_"
_PHONE = re.compile(r"[A-Za-z0-9_-]{16,32}")
_SEALED = re.compile(r"([0-9]{1,12})\.([A-Za-z0-9_-]{16,32})\.([0-9a-f]{64})")
_NAME = re.compile(r"free_([1-9][0-9]?)_([0-9a-f]{32})_([0-9a-f]{32})")


@dataclass(frozen=True)
class FreeTicket:
    """The right of one phone to the free credits of one machine in one slot of time; slots are counted."""

    machine_id: str
    phone: str
    free: FreePlay
    slot: int

    @property
    def begins_s(self) -> int:
        """When its slot begins, in Unix seconds: the credit's time, however often it is sent."""
        return self.slot * self.free.minutes * 60

    def next_in_min(self, now_s: float) -> int:
        """Minutes until the phone has the next one, rounded up."""
        left_s = self.begins_s + self.free.minutes * 60 - now_s
        return max(1, -int(-left_s // 60))

    def sealed(self, relay_secret: str) -> str:
        """What the door's button sends."""
        return f"{self.slot}.{self.phone}.{self._seal('ticket', relay_secret)}"

    def payment_id(self, relay_secret: str) -> str:
        """The name of its credits, for the cabinet's ledger and its receipt."""
        own = self._seal("credit", relay_secret)[:32]
        return f"{FREE_CREDIT}{self.free.credits}_{own}_" + _mark(
            self.machine_id, self.free.credits, own, relay_secret
        )

    def _seal(self, what: str, relay_secret: str) -> str:
        machine, free = self.machine_id, self.free
        message = f"free {what}\n{machine}\n{self.phone}\n{self.slot}\n{free.credits}\n{free.minutes}"
        return hmac.new(relay_secret.encode(), message.encode(), hashlib.sha256).hexdigest()


def ticket_now(machine_id: str, phone: str, free: FreePlay, now_s: float) -> FreeTicket:
    """The phone's ticket of this slot."""
    return FreeTicket(machine_id, phone, free, _slot(free, now_s))


def ticket_in(
    text: str, machine_id: str, free: FreePlay, now_s: float, secrets: Iterable[str]
) -> tuple[FreeTicket, str] | None:
    """The ticket that a button sends, and which of the secrets sealed it: that one names its credits.

    None where this relay gave none, or not for here and of late.
    """
    parts = _SEALED.fullmatch(text)
    if parts is None:
        return None
    found, now = FreeTicket(machine_id, parts[2], free, int(parts[1])), _slot(free, now_s)
    if found.slot not in (now - 1, now):  # the page may have been opened in the slot before
        return None
    sealed_by = [secret for secret in secrets if hmac.compare_digest(found.sealed(secret), text)]
    return (found, sealed_by[0]) if sealed_by else None


def is_phone(text: str) -> bool:
    """Whether a cookie can be one of ours."""
    return _PHONE.fullmatch(text) is not None


def is_free_credit(payment_id: object) -> bool:
    """Whether this names a free credit, of which Stripe knows nothing."""
    return isinstance(payment_id, str) and payment_id.startswith(FREE_CREDIT)


def is_free_name(text: str) -> bool:
    """Whether `text` has the form of a free credit's name, whoever made it."""
    return _NAME.fullmatch(text) is not None


def free_credits(payment_id: str, machine_id: str, secrets: Iterable[str]) -> int | None:
    """How many credits this names, if one of these secrets gave them to this machine; else None."""
    parts = _NAME.fullmatch(payment_id)
    if parts is None:
        return None
    credits = int(parts[1])
    marks = [_mark(machine_id, credits, parts[2], secret) for secret in secrets]
    return credits if any(hmac.compare_digest(mark, parts[3]) for mark in marks) else None


def _slot(free: FreePlay, now_s: float) -> int:
    return int(now_s // (free.minutes * 60))


def _mark(machine_id: str, credits: int, own: str, relay_secret: str) -> str:
    message = f"free credit's name\n{machine_id}\n{credits}\n{own}"
    return hmac.new(relay_secret.encode(), message.encode(), hashlib.sha256).hexdigest()[:32]
