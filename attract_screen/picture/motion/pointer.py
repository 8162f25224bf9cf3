"""Arrows that light up one after the other towards the code, and end before its card."""

from __future__ import annotations

import math

import pygame

from attract_screen.model.box import Box
from attract_screen.picture.colours import Colour
from attract_screen.picture.design.theme import Sprite
from attract_screen.picture.layout import Layout

_LEVELS = 6
_PERIOD_S = 1.5
_MOST = 3
_SMALLEST_PX = 5
_FAINTEST = 0.18


class Pointer:
    """Arrows on the left of a code, and on its right where that is as free."""

    def __init__(self, layout: Layout, colour: Colour, *, lit: bool) -> None:
        self._places = _places(layout) if lit else []
        size = self._places[0].box.h if self._places else 0
        glows = [_FAINTEST + (1 - _FAINTEST) * level / (_LEVELS - 1) for level in range(_LEVELS)]
        self._arrows = {
            is_right: [_arrow(size, colour, glow, is_right=is_right) for glow in glows]
            for is_right in (True, False)
        }

    @property
    def boxes(self) -> list[Box]:
        """Where they are."""
        return [place.box for place in self._places]

    def sprites(self, elapsed_s: float) -> list[Sprite]:
        """Each arrow as bright as it is now; all come back to the first in a second and a half."""
        return [self._sprite(place, elapsed_s) for place in self._places]

    def _sprite(self, place: _Place, elapsed_s: float) -> Sprite:
        glow = 0.5 + 0.5 * math.cos(2 * math.pi * (elapsed_s / _PERIOD_S - place.turn))
        return self._arrows[place.is_right][round(glow * glow * (_LEVELS - 1))], place.box[:2]


class _Place:
    def __init__(self, box: Box, turn: float, *, is_right: bool) -> None:
        self.box, self.turn, self.is_right = box, turn, is_right


def _places(layout: Layout) -> list[_Place]:
    if layout.qr is None or layout.stage is None:
        return []
    card, clear = layout.qr.card, max(2, layout.rail // 7)
    left = _left_of(layout, card)
    rooms = [(Box(left, card.y, card.x - clear - left, card.h), True)]
    if layout.stage.y >= card.bottom:
        right = layout.size[0] - layout.rail - clear
        rooms.append((Box(card.right + clear, card.y, right - card.right - clear, card.h), False))
    return [place for room, is_right in rooms for place in _row(room, is_right=is_right)]


def _left_of(layout: Layout, card: Box) -> int:
    """Where the free room on the left of a card begins."""
    clear = max(2, layout.rail // 7)
    beside = [
        box.right
        for box in layout.taken
        if box.right <= card.x and box.y < card.bottom and box.bottom > card.y
    ]
    if layout.stage is not None and layout.stage.right <= card.x:
        beside.append(layout.stage.right)
    return max([layout.rail, *beside]) + clear


def _row(room: Box, *, is_right: bool) -> list[_Place]:
    """As many arrows as have room beside each other."""
    w = min(room.w, room.h // 9)
    if w < _SMALLEST_PX:
        return []
    count = min(_MOST, max(1, room.w // (w + w // 3)))
    step = w + w // 3
    left = room.x + (room.w - step * (count - 1) - w) // 2
    boxes = [Box(left + number * step, room.y + (room.h - 2 * w) // 2, w, 2 * w) for number in range(count)]
    ordered = boxes if is_right else boxes[::-1]
    return [_Place(box, number / _MOST, is_right=is_right) for number, box in enumerate(ordered)]


def _arrow(height: int, colour: Colour, glow: float, *, is_right: bool) -> pygame.Surface:
    w, h = height // 2, height
    fine = pygame.Surface((w * 4, h * 4), pygame.SRCALPHA, 32)
    fine.fill((*colour, 0))
    shape = [(0.0, 0.06), (0.42, 0.06), (0.98, 0.5), (0.42, 0.94), (0.0, 0.94), (0.54, 0.5)]
    points = [((x if is_right else 1 - x) * w * 4, y * h * 4) for x, y in shape]
    pygame.draw.polygon(fine, (*colour, round(255 * glow)), points)
    return pygame.transform.smoothscale(fine, (max(1, w), max(1, h)))
