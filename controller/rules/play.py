"""CORE. The rules for play: board inputs, sessions and game over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from controller.model.cabinet import Cabinet
from controller.model.debounce import DebouncedLine
from controller.model.effects import ForgetGameOver, PublishGameOver, RecordGameOver, SaveSession
from controller.model.events import GameOverPublished
from controller.model.journal import EntryKind
from controller.model.session import GameOver, Session, with_credits, with_game_over
from controller.rules.turn import Turn


def add_to_session(turn: Turn, credits: int, *, named: str) -> None:
    """Whole credits reached the board: a session begins, or the running one grows."""
    before, boot_id = turn.cabinet.session, turn.cabinet.boot_id
    idle_since_s = turn.cabinet.idle_since_s
    idle_s = None if idle_since_s is None else turn.now_s - idle_since_s
    after = with_credits(before, credits, named=named, boot_id=boot_id, now_s=turn.now_s, idle_s=idle_s)
    if after != before:
        _save(turn, after)


def end_session_that_was_forgotten(turn: Turn) -> None:
    """A board whose game over wire never speaks must not keep the attract screen away for ever."""
    session = turn.cabinet.session
    if session is None or turn.now_s < session.active_s + turn.cabinet.rules.session_timeout_s:
        return
    if session.playing:
        _game_over(turn, session, "session_timeout_s")
        session = with_game_over(session, turn.now_s)
    else:
        turn.note(f"session {session.id}: {session.credits_left} credits forgotten (session_timeout_s)")
    turn.enter(EntryKind.SESSION_END, sessionId=session.id, creditsLeft=session.credits_left)
    _save(turn, None)


def believe_ready(turn: Turn, line: DebouncedLine) -> None:
    """The board takes coins, or has ceased to."""
    turn.change(ready=line)


def mind_readiness(turn: Turn) -> None:
    """Say once when the opinion changes: a line that flickers says nothing, and its board is not ready."""
    is_ready = turn.cabinet.says_ready
    if not turn.cabinet.started or not turn.cabinet.rules.has_ready_line:
        return
    if is_ready == (turn.cabinet.not_ready_since_s is None):
        return
    turn.note(f"board {'ready' if is_ready else 'not ready'}")
    turn.change(not_ready_since_s=None if is_ready else turn.now_s)


def believe_game_over(turn: Turn, line: DebouncedLine) -> None:
    """A game has ended, if one can have run: it takes a credit that we know of."""
    rose = line.level and not turn.cabinet.game_over.level
    turn.change(game_over=line)
    if rose and turn.cabinet.session is not None:
        _game_over(turn, turn.cabinet.session, "game over")
        after = with_game_over(turn.cabinet.session, turn.now_s)
        _save(turn, after if after.credits_left > 0 else None)
    elif rose:
        turn.note("game over came while no paid game was running: not published")


def game_over_published(turn: Turn, event: GameOverPublished) -> None:
    """The broker has it: nobody needs to be told again."""
    turn.record(ForgetGameOver(event.session_id, event.game))


def publish_again(turn: Turn, game_overs: Iterable[GameOver]) -> None:
    """Let it be heard of games that ended before this start: rather twice than never."""
    for each in game_overs:
        turn.act(PublishGameOver(each))


def _game_over(turn: Turn, session: Session, why: str) -> None:
    ended = GameOver(session.id, session.games_over + 1, session.credits, session.duration_s(turn.now_s))
    turn.record(RecordGameOver(ended))
    turn.enter(
        EntryKind.GAME,
        sessionId=ended.session_id,
        game=ended.game,
        credits=ended.credits,
        durationS=ended.duration_s,
        idleS=session.idle_s,
        why=why,
    )
    turn.act(PublishGameOver(ended))
    turn.note(f"session {session.id}: game over after {ended.duration_s} s ({why})")


def _save(turn: Turn, session: Session | None) -> None:
    turn.record(SaveSession(session))
    turn.change(session=session, idle_since_s=turn.now_s if session is None else None)


def wakes_s(cabinet: Cabinet) -> Iterator[float]:
    """When a session has been forgotten."""
    if cabinet.session:
        yield cabinet.session.active_s + cabinet.rules.session_timeout_s
