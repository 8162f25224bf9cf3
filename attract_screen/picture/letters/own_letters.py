"""Letters of the operator's own typeface, and a design's letters in one colour."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pygame

from attract_screen.picture.colours import Colour
from attract_screen.picture.letters.glyphs import has_glyph
from attract_screen.picture.letters.typefaces import BigLetters

_SIZE_STEP = 0.95
_SMALLEST_PX = 9  # of a line, for each unit of the smallest scale
_MEASURED_PX = 200
_TRIED_PX = 24
_KEPT_FONTS = 4


class OwnLetters:
    """A font's letters as they are; sizes are pixels from the top of a line to its bottom."""

    def __init__(self, path: Path, title: Colour) -> None:
        pygame.font.init()
        self._path = str(path)
        self._title = title
        self._line = pygame.font.Font(self._path, _MEASURED_PX).get_linesize() / _MEASURED_PX
        self._tried = pygame.font.Font(self._path, _TRIED_PX)
        self._known: dict[str, bool] = {}
        self._fonts: dict[int, pygame.font.Font] = {}

    def spelled(self, text: str) -> str | None:
        """The text itself, or None if the font lacks a letter of it."""
        return text if all(map(self._has, text)) else None

    def sizes(self, largest_px: int, smallest_scale: int, *, title: bool) -> Iterator[int]:
        """Ever smaller ones."""
        size = largest_px
        while size >= max(14, _SMALLEST_PX * smallest_scale):
            yield size
            size = min(size - 1, round(size * _SIZE_STEP))

    def tiny_sizes(self, smallest_scale: int) -> Iterator[int]:
        """Lower than any small print: for a digit in a badge."""
        return iter((12, 10, 8) if smallest_scale == 1 else ())

    def width(self, text: str, size: int, *, title: bool) -> int:
        """Pixels from the first to the last column of a text, and one on either side."""
        return self._font(self._em(size)).size(text)[0] + 2

    def height(self, size: int, *, title: bool) -> int:
        """The size itself."""
        return size

    def gap(self, size: int) -> int:
        """A font brings its own."""
        return 0

    def draw(self, text: str, size: int, colour: Colour, *, title: bool) -> pygame.Surface:
        """The text on a transparent ground, of exactly the measured size."""
        ink = self._font(self._em(size)).render(text, True, self._title if title else colour)
        whole = pygame.Surface((self.width(text, size, title=title), size), pygame.SRCALPHA, 32)
        whole.blit(ink, ink.get_rect(center=whole.get_rect().center))
        return whole

    def inks(self, colour: Colour, *, title: bool) -> tuple[Colour, ...]:
        """One."""
        return (self._title if title else colour,)

    def _has(self, character: str) -> bool:
        if character not in self._known:
            self._known[character] = has_glyph(self._tried, character)
        return self._known[character]

    def _em(self, size: int) -> int:
        return max(1, int(size / self._line))

    def _font(self, em: int) -> pygame.font.Font:
        """A few are kept: each takes the memory of its whole file."""
        font = self._fonts.pop(em, None) or pygame.font.Font(self._path, em)
        self._fonts[em] = font
        while len(self._fonts) > _KEPT_FONTS:
            self._fonts.pop(next(iter(self._fonts)))
        return font


class OneColour:
    """A design's letters, whose title is drawn as its plain ones are."""

    def __init__(self, letters: BigLetters, ink: Colour) -> None:
        self._letters = letters
        self._ink = ink

    def spelled(self, text: str) -> str | None:
        """As the design has it."""
        return self._letters.spelled(text)

    def sizes(self, largest_px: int, smallest_scale: int, *, title: bool) -> Iterator[int]:
        """Those of plain letters."""
        return self._letters.sizes(largest_px, smallest_scale, title=False)

    def tiny_sizes(self, smallest_scale: int) -> Iterator[int]:
        """As the design has them."""
        return self._letters.tiny_sizes(smallest_scale)

    def width(self, text: str, size: int, *, title: bool) -> int:
        """That of plain letters."""
        return self._letters.width(text, size, title=False)

    def height(self, size: int, *, title: bool) -> int:
        """That of plain letters."""
        return self._letters.height(size, title=False)

    def gap(self, size: int) -> int:
        """As the design has it."""
        return self._letters.gap(size)

    def draw(self, text: str, size: int, colour: Colour, *, title: bool) -> pygame.Surface:
        """Plain letters; a title's in the one colour."""
        return self._letters.draw(text, size, self._ink if title else colour, title=False)

    def inks(self, colour: Colour, *, title: bool) -> tuple[Colour, ...]:
        """One."""
        return self._letters.inks(self._ink if title else colour, title=False)
