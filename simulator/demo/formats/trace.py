"""CORE. The wires between cabinet and board as a trace that can be drawn: which line, active or not, when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from simulator.board.model.edge import Edge

WINDOW_S = 10.0
"""How much of the past somebody sees who has just begun to look."""


@dataclass(frozen=True)
class Lane:
    """One line of the trace: its name, and the level at which it is active."""

    name: str
    active_level: int


@dataclass(frozen=True)
class Change:
    """A line that became active, or rested; `at_s` is seconds since boot."""

    line: str
    active: bool
    at_s: float


def changes(edges: Sequence[Edge], lanes: Mapping[int, Lane]) -> list[Change]:
    """The edges of the pins that have a lane, by the names of their lines."""
    return [
        Change(lanes[edge.pin].name, edge.level == lanes[edge.pin].active_level, edge.at_s)
        for edge in edges
        if edge.pin in lanes
    ]


def recent(all_changes: Sequence[Change], now_s: float) -> list[Change]:
    """The changes in the window, and the last one of each line before it: how the window begins."""
    begin_s = now_s - WINDOW_S
    before = {change.line: change for change in all_changes if change.at_s < begin_s}
    return [c for c in all_changes if c.at_s >= begin_s or c is before[c.line]]
