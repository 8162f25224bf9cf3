"""Edges wait at the gate, and not in the loop's queue: in little room, and with all that debouncing needs."""

from __future__ import annotations

import threading
from itertools import accumulate, pairwise

from hypothesis import given
from hypothesis import strategies as st

from controller.board.input_gate import InputGate, InputsMoved
from controller.model.burst import MOST_KEPT, MOST_WAITING, Waiting
from controller.model.debounce import DebouncedLine
from controller.model.events import InputChanged

# Binary fractions, so that sums of times are exact.
HOLD_S = 1 / 32
STEP_S = 1 / 1024


def edges(gaps_steps: list[int], line: str = "ready") -> list[InputChanged]:
    """Edges that begin with a rise, each so many steps after the one before."""
    times = accumulate(gap * STEP_S for gap in gaps_steps)
    return [InputChanged(line, n % 2 == 0, 1 + at_s) for n, at_s in enumerate(times)]  # type: ignore[arg-type]


def changes(lines: list[DebouncedLine]) -> list[tuple[bool, float]]:
    """What a line came to believe, and since when."""
    return [(after.level, after.since_s) for before, after in pairwise(lines) if before.level != after.level]


def believed(told: list[InputChanged]) -> list[tuple[bool, float]]:
    """What debouncing makes of these edges, each settled to the next one's time and then for ever."""
    line = DebouncedLine(HOLD_S)
    lines = [line]
    for edge in told:
        line = line.settled(edge.known_until_s)
        lines.append(line)
        line = line.edge(edge.active, edge.at_s, edge.began_s)
        lines.append(line)
    return changes([*lines, line.settled(1e9)])


@given(gaps=st.lists(st.integers(1, 80), max_size=60), takes=st.sets(st.integers(0, 60)))
def test_what_is_believed_is_the_same_with_the_gate_in_between(gaps: list[int], takes: set[int]) -> None:
    """Level by level and time by time, whenever the loop comes to look."""
    raw = edges(gaps)
    waiting, told = Waiting(HOLD_S), []
    for number, edge in enumerate(raw):
        waiting.add(edge)
        if number in takes:
            told += waiting.take()
    told += waiting.take()

    assert believed(told) == believed(raw)
    assert sum(edge.edges for edge in told) == len(raw)


def test_a_storm_is_one_entry_with_its_first_edges() -> None:
    """However long it lasts, while the loop is busy."""
    waiting = Waiting(HOLD_S)
    for edge in edges([1] * 100_000):
        waiting.add(edge)

    (storm,) = waiting.take()
    assert (storm.edges, storm.began_s, storm.at_s) == (100_000, 1 + STEP_S, 1 + 100_000 * STEP_S)
    assert len(storm.kept) == MOST_KEPT


def test_a_line_that_holds_each_level_for_its_time_has_an_end_too() -> None:
    """What nobody takes for long is noise, if it is so much."""
    waiting = Waiting(HOLD_S)
    for edge in edges([40] * 10_000):
        waiting.add(edge)

    taken = waiting.take()
    assert (len(taken), sum(edge.edges for edge in taken)) == (MOST_WAITING, 10_000)


def test_the_level_at_start_keeps_to_itself() -> None:
    """It is no edge, and what follows soon is one."""
    waiting = Waiting(HOLD_S)
    start = InputChanged("coin_meter", True, 1.0, at_start=True)
    for each in (start, InputChanged("coin_meter", False, 1.001)):
        waiting.add(each)

    assert waiting.take() == [start, InputChanged("coin_meter", False, 1.001)]


def test_the_loop_is_woken_once_by_a_line_that_was_at_rest_and_not_by_a_storm() -> None:
    """It looks again by itself for what goes on moving."""
    woken: list[InputsMoved] = []
    gate = InputGate({"ready": HOLD_S}, woken.append)
    for edge in edges([40, 1, 1]):
        gate.hear(edge)
    first = len(woken)
    gate.take()
    gate.hear(InputChanged("ready", False, 1 + 43 * STEP_S))
    soon = len(woken)
    gate.hear(InputChanged("ready", True, 2.0))

    assert (first, soon, len(woken)) == (1, 1, 2)


def test_edges_of_all_lines_come_in_the_order_of_their_times() -> None:
    """Each tells how far the others have held."""
    gate = InputGate({"ready": HOLD_S, "game_over": HOLD_S}, lambda _: None)
    for line, at_s in (("ready", 3.0), ("game_over", 2.0), ("game_over", 4.0)):
        gate.hear(InputChanged(line, True, at_s))  # type: ignore[arg-type]

    assert [edge.at_s for edge in gate.take()] == [2.0, 3.0, 4.0]


def test_a_debounce_time_that_is_edited_holds_at_the_gate_too() -> None:
    """Else levels that are long enough by the new time would be merged by the old."""
    gate = InputGate({"ready": 1.0}, lambda _: None)
    gate.reconfigure({"ready": HOLD_S, "coin_meter": HOLD_S})
    for edge in edges([40, 40]):
        gate.hear(edge)

    assert [edge.edges for edge in gate.take()] == [1, 1]


def test_nothing_is_lost_between_threads() -> None:
    """Two lines move while the loop looks as often as it can."""
    gate = InputGate({"ready": 0.0, "game_over": 0.0}, lambda _: None)
    movers = [
        threading.Thread(target=lambda line=line: [gate.hear(each) for each in edges([1] * 20_000, line)])
        for line in ("ready", "game_over")
    ]
    for mover in movers:
        mover.start()
    heard = 0
    while any(mover.is_alive() for mover in movers):
        heard += sum(edge.edges for edge in gate.take())
    heard += sum(edge.edges for edge in gate.take())

    assert heard == 40_000
