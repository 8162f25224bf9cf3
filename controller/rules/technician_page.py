"""CORE. The rules for the technician's page: a held button or a tool shows it, and it goes by itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from attract_screen.model.leaf_times import SHOWN_S
from controller.model.cabinet import Cabinet
from controller.model.debounce import DebouncedLine
from controller.model.events import InputChanged, TechnicianPageRequested, Tick
from controller.model.technician_page import TechnicianPage
from controller.rules import noise
from controller.rules.turn import Turn

# Longer than a knock or a cleaning cloth, and short enough to be held with the other hand in a cable.
HELD_S: Final = 2.0
COIN_LINE: Final = "coin_line"


def believe(turn: Turn, line: DebouncedLine) -> None:
    """The button has moved, or has come to rest: a short press turns the page's leaf.

    A hold is answered while it lasts, unless the loop was held up meanwhile.
    """
    before = turn.cabinet.service_button
    turn.change(service_button=line)
    released = before.level and not line.level and turn.cabinet.is_steady("service_button")
    if not released or turn.cabinet.press_answered:
        return
    page = turn.cabinet.technician_page
    if line.since_s - before.since_s >= HELD_S:
        _turn_over(turn)
    elif page is not None:
        turn.change(technician_page=page.turned(turn.now_s))


def button_alone(turn: Turn, event: InputChanged | Tick) -> None:
    """The button while nothing else is decided, for want of a ledger: it needs none."""
    if isinstance(event, InputChanged):
        line = turn.cabinet.service_button.settled(event.known_until_s)
        moved = line.edge(event.active, event.at_s, event.began_s)
        count(turn, event.line, event.edges)
        noise.heard(turn, event, line, moved)
    else:
        moved = turn.cabinet.service_button.settled(turn.now_s)
        noise.calm_down(turn, turn.now_s, only="service_button")
    believe(turn, moved)
    mind_page(turn)


def begin(turn: Turn, line: DebouncedLine) -> None:
    """A button that is down when we start was not pressed for us: it is stuck, or `active` is wrong."""
    turn.change(service_button=line, press_answered=line.level)


def requested(turn: Turn, event: TechnicianPageRequested) -> None:
    """A tool shows it for two minutes from now, or ends it."""
    if event.shown:
        _show(turn)
    else:
        _end(turn, "by cabinet screen")


def mind_page(turn: Turn) -> None:
    """End the page when its time is up; show it, or end it, for a button that was held."""
    page = turn.cabinet.technician_page
    if page is not None and turn.now_s >= page.until_s:
        _end(turn, "by itself")
    due_s = _held_s(turn.cabinet)
    if due_s is not None and turn.now_s >= due_s:
        _turn_over(turn)
        turn.change(press_answered=True)
    elif (answered := _is_answered(turn.cabinet)) != turn.cabinet.press_answered:
        turn.change(press_answered=answered)


def count(turn: Turn, line: str, edges: int) -> None:
    """Edges of a line, for whoever watches it on the page."""
    if turn.cabinet.technician_page is not None:
        turn.change(technician_page=turn.cabinet.technician_page.counting(line, edges))


def wakes_s(cabinet: Cabinet) -> Iterator[float]:
    """When the page has been shown for long enough, and when the button has been held for long enough."""
    if cabinet.technician_page is not None:
        yield cabinet.technician_page.until_s
    if (held_s := _held_s(cabinet)) is not None:
        yield held_s


def _held_s(cabinet: Cabinet) -> float | None:
    """When a press that nothing has come of is long enough; None if there is none, or nobody can know."""
    button = cabinet.service_button
    is_down = button.level and button.moved_s is None and cabinet.is_steady("service_button")
    return button.since_s + HELD_S if is_down and not cabinet.press_answered else None


def _is_answered(cabinet: Cabinet) -> bool:
    """Noise is no press, and what is left of it when the line is steady again is none either."""
    button = cabinet.service_button
    is_released = button.moved_s is None and not button.level
    return not cabinet.is_steady("service_button") or (cabinet.press_answered and not is_released)


def _turn_over(turn: Turn) -> None:
    _end(turn, "by the service button") if turn.cabinet.technician_page else _show(turn)


def _show(turn: Turn) -> None:
    turn.change(technician_page=TechnicianPage(turn.now_s + SHOWN_S, turn.now_s))
    turn.note(f"technician's page shown for {SHOWN_S:.0f} s")


def _end(turn: Turn, how: str) -> None:
    if turn.cabinet.technician_page is not None:
        turn.change(technician_page=None)
        turn.note(f"technician's page ended {how}")
