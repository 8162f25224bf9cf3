"""CORE. Edges of the board's lines become levels that can be believed, and each has its rule."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from controller.model.cabinet import Cabinet
from controller.model.debounce import DebouncedLine
from controller.model.events import InputChanged, InputLine, Tick
from controller.rules import coin_meter, noise, play, technician_page
from controller.rules.turn import Turn

_BELIEVE: Final[dict[InputLine, Callable[[Turn, DebouncedLine], None]]] = {
    "game_over": play.believe_game_over,
    "ready": play.believe_ready,
    "coin_meter": coin_meter.believe,
    "service_button": technician_page.believe,
}

# What these tell are changes: how they stand at the start is none.
_BEGIN: Final[dict[InputLine, Callable[[Turn, DebouncedLine], None]]] = {
    "coin_meter": coin_meter.begin,
    "service_button": technician_page.begin,
}


def input_changed(turn: Turn, event: InputChanged) -> None:
    """A raw edge moves its line, which is believed once it has held; until then the others have held."""
    _settle(turn, event.known_until_s)
    line: DebouncedLine = getattr(turn.cabinet, event.line)
    if event.at_start and event.line in _BEGIN:
        level = event.active
        begun = replace(line, level=level, seen=level, seen_at_s=event.at_s, moved_s=None)
        _BEGIN[event.line](turn, begun)
        return
    if not event.at_start:
        technician_page.count(turn, event.line, event.edges)
    moved = line.edge(event.active, event.at_s, event.began_s)
    noise.heard(turn, event, line, moved)
    _BELIEVE[event.line](turn, moved)


def tick(turn: Turn, event: Tick) -> None:
    """Every edge until then was told, so that each line has held since its last one."""
    _settle(turn, turn.now_s if event.heard_s is None else event.heard_s)


def _settle(turn: Turn, until_s: float) -> None:
    for name, believe in _BELIEVE.items():
        line: DebouncedLine = getattr(turn.cabinet, name)
        if (settled := line.settled(until_s)) is not line:
            believe(turn, settled)
    coin_meter.miss_what_was_not_counted(turn, until_s)
    noise.calm_down(turn, until_s)


def wakes_s(cabinet: Cabinet) -> Iterator[float]:
    """When a line has held long enough to be believed."""
    for line in (cabinet.game_over, cabinet.ready, cabinet.coin_meter, cabinet.service_button):
        if line.due_s is not None:
            yield line.due_s
