"""CORE. A session: from the first credit on the board until game over."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Session:
    """Credits put on the board since `started_s` (seconds since the boot `boot_id`)."""

    id: str
    boot_id: str
    started_s: float
    credits: int

    def duration_s(self, now_s: float) -> int:
        """Whole seconds that the session has lasted."""
        return int(now_s - self.started_s)


def with_credits(
    session: Session | None, credits: int, *, payment_id: str, boot_id: str, now_s: float
) -> Session | None:
    """The session after `credits` whole credits reached the board: the running one, or one that begins now.

    A session is named after the payment that began it, so that a game over can be traced to a sale.
    """
    if credits == 0:
        return session
    if session is None:
        return Session(payment_id, boot_id, now_s, credits)
    return replace(session, credits=session.credits + credits)
