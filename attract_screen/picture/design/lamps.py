"""Lamps around the frame: where they stand, and how bright each is."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import pygame

from attract_screen.model.feed_format import State
from attract_screen.picture.design.theme import Sprite
from attract_screen.picture.layout import Layout

CHASE_LENGTH = 4  # every fourth lamp is bright
# How long a lamp takes from bright to bright: never three times a second (WCAG 2.2, 2.3.1).
_CHASE_PERIOD_S = {State.STARTING: 4.0, State.ATTRACT: 2.4, State.PAYING: 1.0}
_RESTING_GLOW = {State.PLAYING: 1.0}


class Lamps:
    """Light runs around the frame. `lamps` are a lamp's pictures from dark to bright; kinds take turns."""

    def __init__(
        self, layout: Layout, state: State, kinds: Sequence[Sequence[pygame.Surface]], pitch: float = 1.5
    ) -> None:
        self._places = lamp_places(layout, pitch)
        self._kinds = kinds
        self._period_s = _CHASE_PERIOD_S.get(state)
        self._resting = _RESTING_GLOW.get(state, 0.0)

    def sprites(self, elapsed_s: float) -> list[Sprite]:
        """Each lamp as bright as it is now."""
        return [(self._lamp(index, elapsed_s), place) for index, place in enumerate(self._places)]

    def _lamp(self, index: int, elapsed_s: float) -> pygame.Surface:
        levels = self._kinds[index % len(self._kinds)]
        return levels[round(self._glow(index, elapsed_s) * (len(levels) - 1))]

    def _glow(self, index: int, elapsed_s: float) -> float:
        if self._period_s is None:
            return self._resting
        turn = index / CHASE_LENGTH - elapsed_s / self._period_s
        glow = 0.5 + 0.5 * math.cos(2 * math.pi * turn)
        return glow * glow


def lamp_places(layout: Layout, pitch: float = 1.5) -> list[tuple[int, int]]:
    """Top left corners of the lamps, clockwise; their number is a multiple of the chase's."""
    w, h = layout.size[0] - layout.rail, layout.size[1] - layout.rail
    apart = layout.rail * pitch
    across, down = round(w / apart), round(h / apart)
    down += (across + down) % (CHASE_LENGTH // 2)
    top = [(round(w * i / across), 0) for i in range(across)]
    right = [(w, round(h * i / down)) for i in range(down)]
    opposite = [(w - x, h - y) for x, y in top + right]
    return [*top, *right, *opposite]


def smooth(size: int, draw: Callable[[pygame.Surface, int], None]) -> pygame.Surface:
    """A square picture, drawn four times as large and scaled down, so that its edges are smooth."""
    fine = pygame.Surface((size * 4, size * 4), 0, 32)
    draw(fine, size * 4)
    return pygame.transform.smoothscale(fine, (size, size))
