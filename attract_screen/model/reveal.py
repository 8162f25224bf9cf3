"""CORE. How one page gives way to the next: which parts of a box are new, from one moment to another."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from attract_screen.model.box import Box

TURN_S = 0.7
"""How long it takes for a page, and for a whole picture."""


@dataclass(frozen=True)
class Step:
    """The parts that come up new, and the front: what is drawn in its own colour until the next step."""

    new: tuple[Box, ...]
    front: tuple[Box, ...] = ()


Reveal = Callable[[Box, float, float], Step]
"""The step in a box from one part (0 to 1) of the way to another. All steps together show each pixel once or
more; the last one, which ends with 1, has no front."""

_BLOCKS_ACROSS = 16
_COLUMNS = 6
_LATEST_START = 0.55


def dissolve(box: Box, before: float, after: float) -> Step:
    """Square blocks, here and there and ever more of them; each shines up for a step before it is new."""
    side = max(4, max(box.w, box.h) // _BLOCKS_ACROSS)
    blocks = list(_blocks(box, side))
    due = [(number * 0.618034) % 1 for number in range(len(blocks))]
    ahead = after + (after - before)
    return Step(
        tuple(block for block, at in zip(blocks, due, strict=True) if _is_due(at, before, after)),
        tuple(block for block, at in zip(blocks, due, strict=True) if after < 1 and after < at <= ahead),
    )


def sweep(box: Box, before: float, after: float) -> Step:
    """From left to right, behind a beam."""
    left, right = (box.x + round(box.w * _eased(part)) for part in (before, after))
    new = Box(left, box.y, right - left, box.h)
    beam = max(2, box.w // 200)
    front = Box(right, box.y, min(beam, box.right - right), box.h)
    return Step((new,) if new.w else (), (front,) if front.w > 0 and after < 1 else ())


def reels(box: Box, before: float, after: float) -> Step:
    """Columns that come down one after the other, as the reels of a score do."""
    new, front = [], []
    for number in range(_COLUMNS):
        left, right = (box.x + box.w * place // _COLUMNS for place in (number, number + 1))
        top, bottom = (box.y + round(box.h * _of_reel(number, part)) for part in (before, after))
        if bottom > top:
            new.append(Box(left, top, right - left, bottom - top))
            shade = min(max(3, box.h // 60), box.bottom - bottom)
            front += [Box(left, bottom, right - left, shade)] if shade > 0 and after < 1 else []
    return Step(tuple(new), tuple(front))


def _of_reel(number: int, part: float) -> float:
    start = number / (_COLUMNS - 1) * _LATEST_START
    return _eased(min(1.0, max(0.0, (part - start) / (1 - _LATEST_START))))


def _eased(part: float) -> float:
    """Slow at first and at last."""
    return 0.5 - 0.5 * math.cos(math.pi * part)


def _is_due(at: float, before: float, after: float) -> bool:
    return before < at <= after or (at == before == 0)


def _blocks(box: Box, side: int) -> Iterator[Box]:
    for top in range(box.y, box.bottom, side):
        for left in range(box.x, box.right, side):
            yield Box(left, top, min(side, box.right - left), min(side, box.bottom - top))
