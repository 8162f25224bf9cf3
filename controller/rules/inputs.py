"""CORE. Edges of the board's lines become levels that can be believed, and each has its rule."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from controller.model.cabinet import Cabinet
from controller.model.debounce import DebouncedLine
from controller.model.events import InputChanged, InputLine, Tick
from controller.rules import coin_meter, play
from controller.rules.turn import Turn

_BELIEVE: Final[dict[InputLine, Callable[[Turn, DebouncedLine], None]]] = {
    "game_over": play.believe_game_over,
    "ready": play.believe_ready,
    "coin_meter": coin_meter.believe,
}


def input_changed(turn: Turn, event: InputChanged) -> None:
    """A raw edge moves its line, which is believed once it has held; until then the others have held.

    A line that hums leaves no moment of silence, and would else keep all others from being believed.
    """
    line: DebouncedLine = getattr(turn.cabinet, event.line)
    if event.at_start and event.line == "coin_meter":
        # What it counts are edges: a count that was under way is half seen, and one of before was seen.
        turn.change(coin_meter=replace(line, level=event.active, seen=event.active, seen_at_s=event.at_s))
        return
    _settle(turn, [name for name in _BELIEVE if name != event.line], event.at_s)
    _BELIEVE[event.line](turn, line.edge(event.active, event.at_s))


def tick(turn: Turn, _: Tick) -> None:
    """No edge waits to be handled, so that each line has held until now."""
    _settle(turn, list(_BELIEVE), turn.now_s)


def _settle(turn: Turn, names: Sequence[InputLine], until_s: float) -> None:
    """Every edge of these lines until then has been told."""
    for name in names:
        line: DebouncedLine = getattr(turn.cabinet, name)
        _BELIEVE[name](turn, line.settled(until_s))
    if "coin_meter" in names:
        coin_meter.miss_what_was_not_counted(turn, until_s)


def wakes_s(cabinet: Cabinet) -> Iterator[float]:
    """When a line has held long enough to be believed."""
    for line in (cabinet.game_over, cabinet.ready, cabinet.coin_meter):
        if line.due_s is not None:
            yield line.due_s
