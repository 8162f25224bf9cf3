"""CORE. The rule for noisy lines: one that is no steady contact is not believed, and is a fault."""

from __future__ import annotations

import logging
from collections.abc import Iterator

from controller.model.cabinet import Cabinet
from controller.model.debounce import DebouncedLine
from controller.model.events import InputChanged, InputLine
from controller.model.line_noise import RESTLESS_S, LineNoise, Unsteady
from controller.rules.turn import Turn


def heard(turn: Turn, event: InputChanged, before: DebouncedLine, after: DebouncedLine) -> None:
    """Raw edges came, and moved the line from `before` to `after`."""
    noise = _noise(turn, event.line).heard(event.edges, event.at_s)
    if _leaves_its_rest(before, after, event.line) and not _may_answer_us(turn, event.line):
        noise = noise.moved(event.at_s)
    if after.moved_s is not None and after.seen_at_s - after.moved_s > RESTLESS_S:
        noise = noise.found(Unsteady.FLICKERS, event.at_s)
    _note(turn, event.line, noise)


def races(turn: Turn, at_s: float) -> None:
    """The coin meter counted what no coins can be."""
    _note(turn, "coin_meter", _noise(turn, "coin_meter").found(Unsteady.RACES, at_s))


def calm_down(turn: Turn, until_s: float, only: InputLine | None = None) -> None:
    """Every edge until then was told: a line that has been steady for long enough is believed again.

    With `only` the others' edges were not told.
    """
    for line, noise in turn.cabinet.noise.items():
        if only in (None, line) and (ends_s := noise.ends_s) is not None and until_s >= ends_s:
            _note(turn, line, noise.at(until_s))


def trouble(cabinet: Cabinet, line: InputLine) -> str | None:
    """What is wrong with a line, and which wire it is; None for a steady one."""
    noise = cabinet.noise.get(line)
    if noise is None or noise.trouble is None:
        return None
    pin = cabinet.rules.input_pins.get(line)
    return f"{line}{'' if pin is None else f' (GPIO {pin})'} {noise.trouble}"


def troubles(cabinet: Cabinet) -> tuple[str, ...]:
    """What is wrong with the lines, each in words."""
    found = (trouble(cabinet, line) for line in sorted(cabinet.noise))
    return tuple(each for each in found if each)


def wakes_s(cabinet: Cabinet) -> Iterator[float]:
    """When a line that was noisy may be believed again."""
    yield from (noise.ends_s for noise in cabinet.noise.values() if noise.ends_s is not None)


def _leaves_its_rest(before: DebouncedLine, after: DebouncedLine, line: InputLine) -> bool:
    """A board is ready, and no game is over, unless something happens."""
    rest = line == "ready"
    return before.level == rest and before.moved_s is None and after.moved_s is not None


def _may_answer_us(turn: Turn, line: InputLine) -> bool:
    """A board may close its coin slot for a moment with each coin; its meter has a rule of its own.

    And a person may press a button as often as he likes.
    """
    with_a_pulse = line == "ready" and any(train.in_flight for train in turn.cabinet.trains)
    return line in ("coin_meter", "service_button") or with_a_pulse


def _noise(turn: Turn, line: InputLine) -> LineNoise:
    return turn.cabinet.noise.get(line) or LineNoise()


def _note(turn: Turn, line: InputLine, noise: LineNoise) -> None:
    before = trouble(turn.cabinet, line)
    turn.change(noise={**turn.cabinet.noise, line: noise})
    after = trouble(turn.cabinet, line)
    if after and not before:
        turn.note(f"{after}: it is not believed until it has been steady for a while", logging.WARNING)
    elif before and not after:
        turn.note(f"{before.partition(' ')[0]} is steady again")
