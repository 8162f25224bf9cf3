"""The pixel lettering of assets/lettering.txt: plain, or a title in enamel with a hard shadow."""

from __future__ import annotations

import unicodedata
from collections.abc import Container, Iterator
from pathlib import Path

import pygame

from attract_screen.picture.colours import Colour

ROWS = 8
_SOURCE = Path(__file__).parent.parent / "assets" / "lettering.txt"
_SPACE_COLUMNS = 3
SPACES = " \N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}"
_GLYPH_GAP = 1
_SHADOW = 1

Glyph = tuple[str, ...]


class PixelLetters:
    """Capital letters, digits and signs, eight rows high; sizes are pixels per row.

    A title has the colours `enamel`, one a row, and a shadow one pixel right and below.
    """

    def __init__(self, enamel: tuple[Colour, ...], shadow: Colour) -> None:
        self._glyphs = dict(_glyphs(_SOURCE.read_text(encoding="utf-8")))
        self._glyphs |= dict.fromkeys(SPACES, ("." * _SPACE_COLUMNS,) * ROWS)
        self._enamel = enamel
        self._shadow = shadow

    def spelled(self, text: str) -> str | None:
        """The text in letters that exist here (capitals, with the accents that are drawn), or None."""
        return capitals_of(text, self._glyphs.keys())

    def sizes(self, largest_px: int, smallest_scale: int, *, title: bool) -> Iterator[int]:
        """Whole pixels a row, from the largest down; at one, the small print is easier to read."""
        return iter(range(largest_px // self.height(1, title=title), max(1, smallest_scale - 1), -1))

    def tiny_sizes(self, smallest_scale: int) -> Iterator[int]:
        """One pixel a row, which is lower than any small print."""
        return iter((1,) if smallest_scale == 1 else ())

    def width(self, text: str, size: int, *, title: bool) -> int:
        """Pixels from the first to the last column of a spelled text."""
        return (self._columns(text) + _SHADOW * title) * size

    def height(self, size: int, *, title: bool) -> int:
        """Pixels from the top to the bottom of one line."""
        return (ROWS + _SHADOW * title) * size

    def gap(self, size: int) -> int:
        """Pixels between two lines."""
        return 2 * size

    def draw(self, text: str, size: int, colour: Colour, *, title: bool) -> pygame.Surface:
        """The spelled text on a transparent ground."""
        rows = self._enamel if title else (colour,) * ROWS
        depth = _SHADOW * title
        grid = pygame.Surface((self._columns(text) + depth, ROWS + depth), pygame.SRCALPHA, 32)
        ink = self._ink(text)
        if title:
            for x, y in ink:
                grid.set_at((x + _SHADOW, y + _SHADOW), self._shadow)
        for x, y in ink:
            grid.set_at((x, y), rows[y])
        return pygame.transform.scale(grid, (grid.get_width() * size, grid.get_height() * size))

    def inks(self, colour: Colour, *, title: bool) -> tuple[Colour, ...]:
        """One, or those of the enamel."""
        return self._enamel if title else (colour,)

    def _columns(self, text: str) -> int:
        """Width of a spelled text in lettering pixels."""
        widths = [self._width(c) for c in text]
        return sum(widths) + _GLYPH_GAP * max(0, len(widths) - 1)

    def _width(self, char: str) -> int:
        return len(self._glyphs[char][0])

    def _ink(self, text: str) -> list[tuple[int, int]]:
        ink = []
        left = 0
        for char in text:
            for y, row in enumerate(self._glyphs[char]):
                ink += [(left + x, y) for x, mark in enumerate(row) if mark == "#"]
            left += self._width(char) + _GLYPH_GAP
        return ink


def capitals_of(text: str, known: Container[str]) -> str | None:
    """The text in known capitals, without the accents that are not known; None where a letter is not."""
    capitals = unicodedata.normalize("NFC", text.upper())
    plain = "".join(c if c in known or c in SPACES else _plain(c) for c in capitals)
    return plain if all(c in known or c in SPACES for c in plain) else None


def _plain(character: str) -> str:
    """The letter without what stands on it."""
    return "".join(c for c in unicodedata.normalize("NFKD", character) if not unicodedata.combining(c))


def _glyphs(source: str) -> list[tuple[str, Glyph]]:
    blocks = [block.splitlines() for block in source.strip().split("\n\n")[1:]]
    return [(block[0], tuple(block[1:])) for block in blocks]
