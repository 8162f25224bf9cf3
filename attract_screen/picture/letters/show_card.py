"""Letters as a sign painter slants them, from the typeface that everything else is set in, too."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache, partial

import pygame

from attract_screen.model.letters import has_letter
from attract_screen.picture.colours import Colour
from attract_screen.picture.letters.font_files import SANS_FILE

# Drawn so many times as large, and scaled down, so that slanted edges are smooth; large ones need less of it.
_FINE, _LESS_FINE, _LARGE_PX = 3, 2, 48
_SLANT = 0.2  # columns a row
_SIZE_STEP = 0.95
_MOST_FONTS, _MOST_WIDTHS = 4, 2048
_TINY_PX = (12, 10, 8)
_SMALLEST_PX = 9  # of a line, for each unit of the smallest scale
_LINE = 1.04  # of the em: capitals and their accents have room, and what hangs below them has little


class SlantedLetters:
    """Capitals; sizes are pixels from the top of a line to its bottom.

    A title is filled with one colour, within an outline, over a shadow.
    """

    def __init__(self, title: Colour, outline: Colour, shadow: Colour) -> None:
        self._title, self._outline, self._shadow = title, outline, shadow
        pygame.font.init()
        # A font for each size that is tried would fill the memory.
        self._font = lru_cache(maxsize=_MOST_FONTS)(_font)
        # And one picture is laid out like the last.
        self._plain_width = lru_cache(maxsize=_MOST_WIDTHS)(partial(_plain_width, self._font))

    def spelled(self, text: str) -> str | None:
        """The text in capitals, or None if the typeface lacks one."""
        capitals = "".join(" " if c.isspace() else c for c in text.upper())  # no-break ones among them
        return capitals if all(map(has_letter, capitals)) else None

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
        """Pixels from the first to the last column of a text."""
        return self._plain_width(text, size) + 2 * _edge(size, title=title)

    def height(self, size: int, *, title: bool) -> int:
        """The size itself."""
        return size

    def gap(self, size: int) -> int:
        """Pixels between two lines."""
        return 0

    def draw(self, text: str, size: int, colour: Colour, *, title: bool) -> pygame.Surface:
        """The text on a transparent ground."""
        edge = _edge(size, title=title)
        w, h = self.width(text, size, title=title), size
        larger = _fine(size)
        fine = pygame.Surface((w * larger, h * larger), pygame.SRCALPHA, 32)
        fine.fill((*(self._outline if title else colour), 0))
        at = (edge * larger, 0)
        if title:
            out = edge * larger // 2
            self._stamp(fine, text, size, self._shadow, [(at[0] + out, at[1] + out)], out)
            self._stamp(fine, text, size, self._outline, [at], out)
        self._stamp(fine, text, size, self._title if title else colour, [at], 0)
        return pygame.transform.smoothscale(fine, (w, h))

    def inks(self, colour: Colour, *, title: bool) -> tuple[Colour, ...]:
        """One; of a title that of the outline, which is what its letters are told by."""
        return (self._outline,) if title else (colour,)

    def _stamp(
        self,
        fine: pygame.Surface,
        text: str,
        size: int,
        ink: Colour,
        places: list[tuple[int, int]],
        thick: int,
    ) -> None:
        """The text in one ink, made thicker all around by so many pixels."""
        slanted = _slanted(self._font(size).render(text, True, ink))
        steps = [(0, 0)] if not thick else [(x * thick, y * thick) for x, y in _AROUND]
        for left, top in places:
            for x, y in steps:
                fine.blit(slanted, (left + round(x), top + round(y)))


_AROUND = [
    (1.0, 0.0),
    (0.7, 0.7),
    (0.0, 1.0),
    (-0.7, 0.7),
    (-1.0, 0.0),
    (-0.7, -0.7),
    (0.0, -1.0),
    (0.7, -0.7),
]


def _plain_width(font_of: Callable[[int], pygame.font.Font], text: str, size: int) -> int:
    font = font_of(size)
    return -(-(font.size(text)[0] + round(font.get_height() * _SLANT) + 1) // _fine(size))


def _font(size: int) -> pygame.font.Font:
    return pygame.font.Font(str(SANS_FILE), round(size / _LINE * _fine(size)))


def _fine(size: int) -> int:
    return _FINE if size < _LARGE_PX else _LESS_FINE


def _edge(size: int, *, title: bool) -> int:
    return max(2, size // 11) if title else 0


def _slanted(plain: pygame.Surface) -> pygame.Surface:
    w, h = plain.get_size()
    slanted = pygame.Surface((w + round(h * _SLANT) + 1, h), pygame.SRCALPHA, 32)
    for row in range(h):
        slanted.blit(plain, (round((h - row) * _SLANT), row), pygame.Rect(0, row, w, 1))
    return slanted
