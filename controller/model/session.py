"""CORE. A session: from the first credit on the board until the games that they buy are over."""

from __future__ import annotations

from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class Session:
    """`credits` were put on the board, and `games_over` of their games ended; times since the boot `boot_id`.

    `since_s` is when the present game began as far as anybody can tell: with the first credit, or after the
    last game over. `active_s` is when the board was last heard of: a credit or a game over. `playing` is
    False between a game over and the next credit, when nobody knows whether somebody has pressed START.
    `idle_s` is how long there was no session before it, in whole seconds; None where nobody knows.
    """

    id: str
    boot_id: str
    since_s: float
    credits: int
    active_s: float
    games_over: int = 0
    playing: bool = True
    idle_s: int | None = field(default=None, compare=False)  # of the time before it

    @property
    def credits_left(self) -> int:
        """Credits that are still on the board, where each game costs one."""
        return self.credits - self.games_over

    def duration_s(self, now_s: float) -> int:
        """Whole seconds that the present game has lasted."""
        return int(now_s - self.since_s)


@dataclass(frozen=True)
class GameOver:
    """A game that has ended: the `game`th of a session that had `credits`, after whole seconds.

    `ended_at` is the time of day (ISO 8601) that the ledger wrote down; None in the moment itself.
    """

    session_id: str
    game: int
    credits: int
    duration_s: int
    ended_at: str | None = None


def with_credits(
    session: Session | None,
    credits: int,
    *,
    named: str,
    boot_id: str,
    now_s: float,
    idle_s: float | None = None,
) -> Session | None:
    """The session after `credits` whole credits reached the board: the running one, or one that begins now.

    One that begins now comes after `idle_s` seconds without any. It is `named` after the payment or the coin
    that began it, so that a game over can be traced to a sale.
    """
    if credits == 0:
        return session
    if session is None:
        idle = None if idle_s is None else int(idle_s)
        return Session(named, boot_id, now_s, credits, active_s=now_s, idle_s=idle)
    return replace(session, credits=session.credits + credits, active_s=now_s, playing=True)


def with_game_over(session: Session, now_s: float) -> Session:
    """The session once one of its games is over."""
    return replace(session, games_over=session.games_over + 1, since_s=now_s, active_s=now_s, playing=False)
