"""CORE. The rules for play: board inputs, sessions and game over."""

from __future__ import annotations

from controller.debounce import DebouncedLine
from controller.effects import PublishGameOver, SaveSession
from controller.events import InputChanged, Tick
from controller.payment import Train
from controller.session import Session, with_credits
from controller.turn import Turn


def input_changed(turn: Turn, event: InputChanged) -> None:
    """A raw edge moves its line, which is believed once it has held."""
    if event.line == "game_over":
        _believe_game_over(turn, turn.cabinet.game_over.edge(event.active, event.at_s))
    else:
        _believe_ready(turn, turn.cabinet.ready.edge(event.active, event.at_s))


def tick(turn: Turn, _: Tick) -> None:
    """No edge waits to be handled, so that each line has held until now."""
    _believe_game_over(turn, turn.cabinet.game_over.settled(turn.now_s))
    _believe_ready(turn, turn.cabinet.ready.settled(turn.now_s))


def add_to_session(turn: Turn, train: Train, credits: int) -> None:
    """Whole credits of `train` reached the board: a session begins, or the running one grows."""
    before = turn.cabinet.session
    payment_id, boot_id = train.payment.id, turn.cabinet.boot_id
    after = with_credits(before, credits, payment_id=payment_id, boot_id=boot_id, now_s=turn.now_s)
    if after != before:
        turn.record(SaveSession(after))
        turn.change(session=after)


def end_session_that_was_forgotten(turn: Turn) -> None:
    """A board whose game over wire never speaks must not keep the attract screen away for ever."""
    session = turn.cabinet.session
    if session and turn.now_s >= session.started_s + turn.cabinet.rules.session_timeout_s:
        _end(turn, session, "session_timeout_s")


def _believe_ready(turn: Turn, line: DebouncedLine) -> None:
    if line.level != turn.cabinet.ready.level:
        turn.note(f"board {'ready' if line.level else 'not ready'}")
    turn.change(ready=line)


def _believe_game_over(turn: Turn, line: DebouncedLine) -> None:
    rose = line.level and not turn.cabinet.game_over.level
    turn.change(game_over=line)
    if rose and turn.cabinet.session is not None:
        _end(turn, turn.cabinet.session, "game over")
    elif rose:
        turn.note("game over came while no paid game was running: not published")


def _end(turn: Turn, session: Session, why: str) -> None:
    duration_s = session.duration_s(turn.now_s)
    turn.record(SaveSession(None))
    turn.change(session=None)
    turn.act(PublishGameOver(session, duration_s))
    turn.note(f"session {session.id}: ended after {duration_s} s ({why})")
