"""How a figure scatters: the middle, what 999 of 1000 stay within, and the worst."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from simulator.board.model.edge import Edge


@dataclass(frozen=True)
class Spread:
    """Of `count` values, in milliseconds; of fewer than 1000, `p999_ms` is the worst."""

    count: int
    median_ms: float
    p999_ms: float
    worst_ms: float


def spread(values_ms: Sequence[float]) -> Spread:
    """How the values scatter; ValueError if there are none."""
    if not values_ms:
        raise ValueError("nothing was measured")
    ranked = sorted(values_ms)
    return Spread(len(ranked), _at(ranked, 0.5), _at(ranked, 0.999), ranked[-1])


def _at(ranked: Sequence[float], share: float) -> float:
    """The smallest value that this share of all stays within."""
    return ranked[math.ceil(share * len(ranked)) - 1]


@dataclass(frozen=True)
class Errors:
    """How far each pulse of a train was off, in milliseconds; positive is too long."""

    widths_ms: list[float]
    gaps_ms: list[float]

    @property
    def width(self) -> Spread:
        """The error of the widths, without its sign."""
        return spread([abs(error) for error in self.widths_ms])

    @property
    def gap(self) -> Spread:
        """The error of the gaps, without its sign."""
        return spread([abs(error) for error in self.gaps_ms])


def errors(edges: Sequence[Edge], pulse_ms: float, gap_ms: float) -> Errors:
    """What became of a train of such pulses; ValueError unless the levels are 1, 0, 1, 0, ..."""
    if [edge.level for edge in edges] != [1, 0] * (len(edges) // 2):
        raise ValueError(f"not a train of pulses: levels {[edge.level for edge in edges][:20]} ...")
    spans_ms = [(after.at_s - before.at_s) * 1000 for before, after in pairwise(edges)]
    return Errors([ms - pulse_ms for ms in spans_ms[::2]], [ms - gap_ms for ms in spans_ms[1::2]])
