"""Edges of a contact become a level that can be believed."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from controller.model.debounce import DebouncedLine

# Binary fractions, so that sums of times are exact.
HOLD_S = 1 / 32
STEP_S = 1 / 1024
HOLD_STEPS = 32

Edges = list[tuple[bool, float]]


def believed(edges: Edges, until_s: float, line: DebouncedLine | None = None) -> list[bool]:
    """Every change of level that a line believes, edge by edge and then until `until_s`."""
    line = line or DebouncedLine(HOLD_S)
    levels = [line.level]
    for level, at_s in edges:
        line = line.edge(level, at_s)
        levels.append(line.level)
    levels.append(line.settled(until_s).level)
    return [after for before, after in pairwise(levels) if before != after]


def alternating(gaps_steps: list[int]) -> Edges:
    """Edges that begin with a rise, each so many steps behind the one before."""
    edges, at_s = [], 1.0
    for number, gap in enumerate(gaps_steps):
        at_s += gap * STEP_S
        edges.append((number % 2 == 0, at_s))
    return edges


def test_a_contact_that_holds_is_believed_at_the_end_of_its_hold() -> None:
    """Not a moment before, and from then on."""
    line = DebouncedLine(HOLD_S).edge(True, 1.0)

    assert (line.due_s, line.settled(1.0 + HOLD_S - STEP_S).level) == (1.0 + HOLD_S, False)
    assert line.settled(1.0 + HOLD_S) == DebouncedLine(
        HOLD_S, level=True, seen=True, seen_at_s=1.0, since_s=1.0
    )


def test_a_held_contact_is_one_change() -> None:
    """A button that is held for a minute rises once and falls once."""
    assert believed([(True, 1.0), (False, 61.0)], 62.0) == [True, False]


def test_a_spike_is_no_change() -> None:
    """Noise that ends before its hold was never there."""
    assert believed([(True, 1.0), (False, 1.0 + HOLD_S - STEP_S)], 60.0) == []


def test_chatter_is_one_change_that_counts_from_the_last_edge() -> None:
    """A bouncing contact is believed once it rests."""
    line = DebouncedLine(HOLD_S)
    for level, at_s in alternating([1, 2, 3, 2, 1]):
        line = line.edge(level, at_s)

    assert (line.level, line.due_s) == (False, 1.0 + 9 * STEP_S + HOLD_S)


def test_a_repeated_level_does_not_begin_the_hold_anew() -> None:
    """An input that tells its level twice is no bounce."""
    line = DebouncedLine(HOLD_S).edge(True, 1.0).edge(True, 1.0 + HOLD_S / 2)

    assert line.due_s == 1.0 + HOLD_S


def test_edges_that_are_handled_late_count_by_their_own_times() -> None:
    """A loop that was held up still sees the press that ended meanwhile."""
    line = DebouncedLine(HOLD_S).edge(True, 1.0)

    assert line.edge(False, 2.0) == DebouncedLine(
        HOLD_S, level=True, seen=False, seen_at_s=2.0, since_s=1.0, moved_s=2.0
    )


def test_a_spike_that_is_handled_late_is_no_change() -> None:
    """However late the loop comes to it, its two edges were close together."""
    assert believed([(True, 1.0), (False, 1.0 + STEP_S)], 900.0) == []


@given(gaps=st.lists(st.integers(1, HOLD_STEPS - 1), max_size=60))
def test_chatter_shorter_than_the_hold_is_never_believed(gaps: list[int]) -> None:
    """Whatever the pattern, as long as no level holds."""
    edges = alternating(gaps)
    end_s = edges[-1][1] if edges else 1.0

    assert believed(edges, end_s) == []


@given(gaps=st.lists(st.integers(1, 3 * HOLD_STEPS), max_size=60))
def test_each_level_that_holds_is_believed_exactly_once(gaps: list[int]) -> None:
    """Of any train of edges there remain the levels that held, without repeats."""
    edges = alternating(gaps)
    end_s = (edges[-1][1] if edges else 1.0) + 2 * HOLD_S
    ends = [at_s for _, at_s in edges[1:]] + [end_s]
    held = [level for (level, at_s), until_s in zip(edges, ends, strict=False) if until_s - at_s >= HOLD_S]

    wanted = [level for before, level in pairwise([False, *held]) if level != before]
    assert believed(edges, end_s) == wanted


def test_an_edge_older_than_what_was_seen_changes_nothing() -> None:
    """The level read at start may be told behind an edge that came after it."""
    line = DebouncedLine(0.03).edge(True, 5.0)
    assert line.edge(False, 4.9) == line
