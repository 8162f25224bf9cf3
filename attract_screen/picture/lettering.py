"""The cabinet's own pixel lettering, drawn in assets/lettering.txt."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from pathlib import Path

import pygame

from attract_screen.picture.theme import Colour

ROWS = 8
_SPACE_COLUMNS = 3
_SPACES = " \N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}"
_GLYPH_GAP = 1

Glyph = tuple[str, ...]


class Lettering:
    """Capital letters, digits and signs, eight rows high; sizes are pixels per row."""

    def __init__(self, source: Path) -> None:
        self._glyphs = dict(_glyphs(source.read_text(encoding="utf-8")))
        self._glyphs |= dict.fromkeys(_SPACES, ("." * _SPACE_COLUMNS,) * ROWS)

    def spelled(self, text: str) -> str | None:
        """The text in letters that exist here (capitals, with the accents that are drawn), or None."""
        capitals = unicodedata.normalize("NFC", text.upper())
        plain = "".join(c if c in self._glyphs else _plain(c) for c in capitals)
        return plain if all(c in self._glyphs for c in plain) else None

    def columns(self, text: str) -> int:
        """Width of a spelled text in lettering pixels."""
        widths = [self._width(c) for c in text]
        return sum(widths) + _GLYPH_GAP * max(0, len(widths) - 1)

    def draw(
        self, text: str, scale: int, rows: Sequence[Colour], shadow: Colour | None = None
    ) -> pygame.Surface:
        """The spelled text, one colour a row, with a hard shadow one pixel right and below."""
        depth = 0 if shadow is None else 1
        grid = pygame.Surface((self.columns(text) + depth, ROWS + depth), pygame.SRCALPHA, 32)
        ink = self._ink(text)
        if shadow is not None:
            for x, y in ink:
                grid.set_at((x + 1, y + 1), shadow)
        for x, y in ink:
            grid.set_at((x, y), rows[y])
        return pygame.transform.scale(grid, (grid.get_width() * scale, grid.get_height() * scale))

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


def _plain(character: str) -> str:
    """The letter without what stands on it."""
    return "".join(c for c in unicodedata.normalize("NFKD", character) if not unicodedata.combining(c))


def _glyphs(source: str) -> list[tuple[str, Glyph]]:
    blocks = [block.splitlines() for block in source.strip().split("\n\n")[1:]]
    return [(block[0], tuple(block[1:])) for block in blocks]
