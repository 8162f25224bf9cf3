"""The pictures of assets/pixel_art.txt, in whole multiples of their pixels."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pygame

from attract_screen.picture.colours import Colour

_SOURCE = Path(__file__).parent.parent / "assets" / "pixel_art.txt"


class PixelArt:
    """Named pieces of pixel art; `colours` are those of its letters."""

    def __init__(self, colours: Mapping[str, Colour]) -> None:
        blocks = _SOURCE.read_text(encoding="utf-8").strip().split("\n\n")[1:]
        self._pieces = {name: rows for name, *rows in (block.splitlines() for block in blocks)}
        self._colours = colours

    def size(self, name: str) -> tuple[int, int]:
        """Columns and rows of a piece."""
        rows = self._pieces[name]
        return len(rows[0]), len(rows)

    def draw(self, name: str, scale: int) -> pygame.Surface:
        """The piece on a transparent ground, each of its pixels `scale` wide and high."""
        columns, rows = self.size(name)
        grid = pygame.Surface((columns, rows), pygame.SRCALPHA, 32)
        for y, row in enumerate(self._pieces[name]):
            for x, letter in enumerate(row):
                if letter != ".":
                    grid.set_at((x, y), self._colours[letter])
        return pygame.transform.scale(grid, (columns * scale, rows * scale))
