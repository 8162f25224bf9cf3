"""Pictures as shapes on a grid, read from assets: printed in flat inks, or as lines that glow."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pygame

from attract_screen.picture.colours import Colour
from attract_screen.picture.glow import Line, glowing

_ASSETS = Path(__file__).parent.parent / "assets"
_FINE = 4  # drawn so many times as large, and scaled down, so that edges are smooth
_CORNERS = 28  # of an oval
_GLOW_WIDTH = 0.3  # of a column


@dataclass(frozen=True)
class _Shape:
    ink: str
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class _Piece:
    size: tuple[int, int]
    shapes: tuple[_Shape, ...]


class _Shapes:
    def __init__(self, source: str, inks: Mapping[str, Colour]) -> None:
        blocks = (_ASSETS / source).read_text(encoding="utf-8").strip().split("\n\n")[1:]
        self._pieces = dict(_piece(block.splitlines()) for block in blocks)
        self._inks = inks

    def size(self, name: str) -> tuple[int, int]:
        """Columns and rows of a piece."""
        return self._pieces[name].size


class PrintedShapes(_Shapes):
    """Named pieces, filled with flat inks."""

    def draw(self, name: str, scale: int) -> pygame.Surface:
        """The piece on a transparent ground, each column of its grid `scale` pixels wide."""
        piece = self._pieces[name]
        w, h = (side * scale for side in piece.size)
        fine = pygame.Surface((w * _FINE, h * _FINE), pygame.SRCALPHA, 32)
        fine.fill((*self._inks[piece.shapes[0].ink], 0))
        for shape in piece.shapes:
            corners = [(x * scale * _FINE, y * scale * _FINE) for x, y in shape.points]
            pygame.draw.polygon(fine, self._inks[shape.ink], corners)
        return pygame.transform.smoothscale(fine, (w, h))


class GlowingShapes(_Shapes):
    """Named pieces, as lines of a beam."""

    def draw(self, name: str, scale: int) -> pygame.Surface:
        """The piece on a transparent ground, each column of its grid `scale` pixels wide."""
        piece = self._pieces[name]
        size = (piece.size[0] * scale, piece.size[1] * scale)
        by_ink: dict[str, list[Line]] = {}
        for shape in piece.shapes:
            by_ink.setdefault(shape.ink, []).append([(x * scale, y * scale) for x, y in shape.points])
        whole = pygame.Surface(size, pygame.SRCALPHA, 32)
        for ink, lines in by_ink.items():
            whole.blit(glowing(size, lines, self._inks[ink], max(1.2, scale * _GLOW_WIDTH)), (0, 0))
        return whole


def _piece(lines: list[str]) -> tuple[str, _Piece]:
    name, columns, rows = lines[0].split()
    return name, _Piece((int(columns), int(rows)), tuple(_shape(line.split()) for line in lines[1:]))


def _shape(words: list[str]) -> _Shape:
    kind, ink, *numbers = words
    points = tuple((float(x), float(y)) for x, y in (point.split(",") for point in numbers))
    return _Shape(ink, _oval(*points) if kind == "oval" else points)


def _oval(centre: tuple[float, float], radii: tuple[float, float]) -> tuple[tuple[float, float], ...]:
    turns = [2 * math.pi * corner / _CORNERS for corner in range(_CORNERS + 1)]
    return tuple((centre[0] + radii[0] * math.cos(a), centre[1] + radii[1] * math.sin(a)) for a in turns)
