"""Letters of glowing strokes (assets/strokes.txt), as a vector monitor writes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pygame

from attract_screen.picture.colours import Colour
from attract_screen.picture.glow import Line, glowing
from attract_screen.picture.letters.lettering import SPACES, capitals_of

_SOURCE = Path(__file__).parent.parent / "assets" / "strokes.txt"
_COLUMNS, _ROWS = 4, 6
# Of a line's height: how high letters are, and what they and the space between them are wide.
_LETTER_H, _LETTER_W, _SPACING, _STROKE = 0.72, 0.46, 0.2, 0.085
_SPACE_W = 0.3
_SIZE_STEP = 0.95
_TINY_PX = (12, 10, 8)
_SMALLEST_PX = 9  # of a line, for each unit of the smallest scale


class StrokeLetters:
    """Capital letters, digits and signs; sizes are pixels from the top of a line to its bottom."""

    def __init__(self, title: Colour) -> None:
        lines = _SOURCE.read_text(encoding="utf-8").splitlines()[1:]
        self._glyphs = {line[0]: _strokes(line[2:]) for line in lines}
        self._title = title

    def spelled(self, text: str) -> str | None:
        """The text in letters that exist here (capitals, with the accents that are drawn), or None."""
        return capitals_of(text, self._glyphs.keys())

    def tiny_sizes(self, smallest_scale: int) -> Iterator[int]:
        """Lower than any small print: for a digit in a badge."""
        return iter(_TINY_PX if smallest_scale == 1 else ())

    def sizes(self, largest_px: int, smallest_scale: int, *, title: bool) -> Iterator[int]:
        """Ever smaller ones."""
        size = largest_px
        while size >= max(14, _SMALLEST_PX * smallest_scale):
            yield size
            size = min(size - 1, round(size * _SIZE_STEP))

    def width(self, text: str, size: int, *, title: bool) -> int:
        """Pixels from the first to the last column of a spelled text, halo included."""
        return round(self._end(text) * size) + 2 * _margin(size)

    def height(self, size: int, *, title: bool) -> int:
        """The size itself."""
        return size

    def gap(self, size: int) -> int:
        """Pixels between two lines; their halos keep them apart."""
        return 0

    def draw(self, text: str, size: int, colour: Colour, *, title: bool) -> pygame.Surface:
        """The spelled text on a transparent ground."""
        top, margin = size * (1 - _LETTER_H) / 2, _margin(size)
        high, wide = size * _LETTER_H / _ROWS, size * _LETTER_W / _COLUMNS
        lines: list[Line] = []
        left = float(margin)
        for char in text:
            for stroke in self._glyphs.get(char, ()):
                lines.append([(left + x * wide, top + y * high) for x, y in stroke])
            left += (_SPACE_W if char in SPACES else _LETTER_W + _SPACING) * size
        ink = self._title if title else colour
        return glowing((self.width(text, size, title=title), size), lines, ink, max(1.3, size * _STROKE))

    def inks(self, colour: Colour, *, title: bool) -> tuple[Colour, ...]:
        """One: a core is brighter than that."""
        return (self._title,) if title else (colour,)

    def _end(self, text: str) -> float:
        widths = [_SPACE_W if c == " " else _LETTER_W + _SPACING for c in text]
        return max(0.0, sum(widths) - _SPACING)


def _margin(size: int) -> int:
    return max(2, round(size * _STROKE * 1.6))


def _strokes(text: str) -> tuple[Line, ...]:
    return tuple(
        tuple((float(x), float(y)) for x, y in (point.split(",") for point in stroke.split()))
        for stroke in text.split(" / ")
    )
