"""What the edges of one line tell about it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.pages.line_statistics import BOUNCE_S, Burst, WatchedLine, Widths


def after(*edges: tuple[bool, float], active: bool = False) -> WatchedLine:
    """An inactive line behind these edges."""
    line = WatchedLine(active)
    for level, at_s in edges:
        line = line.edge(level, at_s)
    return line


def burst(edges: int, began_s: float, ended_s: float) -> Burst:
    return Burst(edges, began_s, ended_s)


def test_before_the_first_edge_nothing_is_known() -> None:
    """But the level."""
    assert after(active=True) == WatchedLine(
        active=True,
        edges=0,
        last_edge_s=None,
        last_ms=None,
        while_active=Widths(),
        while_inactive=Widths(),
        burst=Burst(),
        worst=Burst(),
    )


def test_the_first_edge_ends_no_width() -> None:
    """How long the level had been there, nobody saw."""
    assert after((True, 5.0)) == WatchedLine(
        active=True, edges=1, last_edge_s=5.0, burst=burst(1, 5.0, 5.0), worst=burst(1, 5.0, 5.0)
    )


def test_widths_are_from_edge_to_edge() -> None:
    """Each level has its own; the last is of whichever."""
    line = after((True, 1.0), (False, 1.0625), (True, 2.0625), (False, 2.1875), (True, 2.6875))
    assert line == WatchedLine(
        active=True,
        edges=5,
        last_edge_s=2.6875,
        last_ms=500.0,
        while_active=Widths(62.5, 125.0),
        while_inactive=Widths(500.0, 1000.0),
        burst=burst(1, 2.6875, 2.6875),
        worst=burst(1, 1.0, 1.0),
    )


def test_a_bouncing_contact_is_one_burst() -> None:
    """Twelve edges in eleven milliseconds, however many clean ones come behind it."""
    bounce = [(number % 2 == 0, 3.0 + number / 1024) for number in range(12)]
    line = after(*bounce, (True, 4.0), (False, 5.0))
    assert (line.worst, line.burst, line.edges) == (
        burst(12, 3.0, 3.0 + 11 / 1024),
        burst(1, 5.0, 5.0),
        14,
    )
    assert line.worst.span_ms == pytest.approx(10.74, abs=0.01)


def test_the_worst_burst_has_the_most_edges_and_then_the_longest_time() -> None:
    """That is what the debounce must outlast."""
    short = [(True, 1.0), (False, 1.001), (True, 1.002)]
    long = [(False, 2.0), (True, 2.01), (False, 2.02)]
    assert after(*short, *long).worst == burst(3, 2.0, 2.02)
    assert after(*long, *((level, at_s + 2) for level, at_s in short)).worst == burst(3, 2.0, 2.02)


def test_edges_twenty_milliseconds_apart_are_meant() -> None:
    """The shortest pulse that a receiver should take."""
    assert after((True, 0.0), (False, BOUNCE_S)).worst == burst(1, 0.0, 0.0)
    assert after((True, 0.0), (False, 0.0199)).worst == burst(2, 0.0, 0.0199)


def test_an_edge_to_the_same_level_is_counted_and_ends_no_width() -> None:
    """One between them was missed."""
    line = after((True, 1.0), (True, 2.0), (False, 2.5))
    assert (line.edges, line.last_ms, line.while_active) == (3, 500.0, Widths(500.0, 500.0))


@given(st.lists(st.integers(1, 100_000), max_size=50))
def test_every_width_lies_between_the_shortest_and_the_longest(widths_us: list[int]) -> None:
    """Whatever the edges; and none is counted that was not there."""
    line, at_s, level = WatchedLine(active=False).edge(True, 0.0), 0.0, True
    seen: dict[bool, list[float]] = {True: [], False: []}
    for width_us in widths_us:
        before_s, at_s = at_s, at_s + width_us / 1_000_000
        seen[level].append((at_s - before_s) * 1000)
        level = not level
        line = line.edge(level, at_s)

    for widths, each in ((line.while_active, seen[True]), (line.while_inactive, seen[False])):
        assert widths == Widths(min(each, default=None), max(each, default=None))
    assert (line.edges, line.worst.edges <= line.edges) == (len(widths_us) + 1, True)
