"""CORE. Columns over time as an SVG template draws them: positions only, so that the one CSS has the colours.

Libraries for plots write their styles into the picture, which the pages' policy forbids, and know neither
dark pages nor small ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 720.0, 160.0
_GAP = 0.15


@dataclass(frozen=True)
class Part:
    """A piece of a column; `kind` is its name in the legend and its class."""

    kind: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Column:
    """What is drawn at one time, and what it says to who points at it."""

    parts: tuple[Part, ...]
    says: str


@dataclass(frozen=True)
class Plot:
    """Columns side by side, oldest at the left; `most` is what the highest one says."""

    title: str
    kinds: tuple[str, ...]
    columns: tuple[Column, ...]
    most: str
    first: str
    last: str
    width: float = WIDTH
    height: float = HEIGHT


def columns_over(
    title: str,
    labels: Sequence[str],
    series: Mapping[str, Mapping[str, int]],
    words: Callable[[int], str],
) -> Plot:
    """The series stacked over the labels; a label that a series lacks is none of it."""
    highest = max((sum(each.get(label, 0) for each in series.values()) for label in labels), default=0)
    step = WIDTH / max(len(labels), 1)
    columns = []
    for place, label in enumerate(labels):
        parts, top = [], HEIGHT
        for kind, values in series.items():
            height = HEIGHT * values.get(label, 0) / highest if highest else 0.0
            top -= height
            if height:
                x, width = (place + _GAP / 2) * step, (1 - _GAP) * step
                parts.append(Part(kind, *(round(each, 1) for each in (x, top, width, height))))
        if parts:
            shares = (f"{kind} {words(values.get(label, 0))}" for kind, values in series.items())
            columns.append(Column(tuple(parts), f"{label}: {', '.join(shares)}"))
    ends = (labels[0], labels[-1]) if labels else ("", "")
    return Plot(title, tuple(series), tuple(columns), words(highest) if highest else "", *ends)


def stretch(began_at: float, ended_at: float, from_at: float, to_at: float) -> tuple[float, float]:
    """Where a stretch of time lies between two times: its beginning and width, never too thin to see."""
    x = WIDTH * (max(began_at, from_at) - from_at) / (to_at - from_at)
    end = WIDTH * (min(ended_at, to_at) - from_at) / (to_at - from_at)
    width = max(end - x, 2.0)
    return round(min(x, WIDTH - width), 1), round(width, 1)
