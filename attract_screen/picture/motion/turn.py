"""A turn from one page or picture to the next, step by step; where a code is or was, it is new at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from attract_screen.model.box import Box
from attract_screen.model.reveal import TURN_S, Reveal, Step
from attract_screen.picture.layout import Layout


class Turn:
    """Parts of `box` come up new; those `at_once` with the first step, and no front ever passes over them."""

    def __init__(self, reveal: Reveal, box: Box, at_once: Sequence[Box], began_s: float) -> None:
        self._reveal = reveal
        self._box = box
        self._at_once = tuple(at_once)
        self._began_s = began_s
        self._part = 0.0
        self._begun = False

    @property
    def is_over(self) -> bool:
        """Whether all is new."""
        return self._part >= 1

    def step(self, now_s: float) -> Step:
        """What is new since the last step."""
        part = min(1.0, max(self._part, (now_s - self._began_s) / TURN_S))
        step = self._reveal(self._box, self._part, part)
        new = step.new if self._begun else (*self._at_once, *step.new)
        self._part, self._begun = part, True
        return Step(new, tuple(_without(step.front, self._at_once)))


def codes_of(*layouts: Layout) -> list[Box]:
    """Where each has its code."""
    return [layout.qr.card for layout in layouts if layout.qr]


def _without(boxes: Iterable[Box], holes: Iterable[Box]) -> list[Box]:
    left = list(boxes)
    for hole in holes:
        left = [part for box in left for part in box.without(hole)]
    return left
