"""1979 to 1982: a beam of light draws glowing lines on black, and the code lies at the end of a tunnel."""

from __future__ import annotations

import math
from functools import lru_cache

import pygame

from attract_screen.model.box import Box
from attract_screen.model.feed_format import State
from attract_screen.model.reveal import sweep
from attract_screen.picture.colours import Colour, Colours, mixed
from attract_screen.picture.design.shapes import GlowingShapes
from attract_screen.picture.design.theme import Sprite, Theme, Trim
from attract_screen.picture.glow import glowing
from attract_screen.picture.layout import Layout, Panel, QrPlace
from attract_screen.picture.letters.strokes import StrokeLetters

_BLACK: Colour = (2, 3, 8)
_CYAN: Colour = (96, 226, 255)
_PALE: Colour = (206, 240, 255)
_GREEN: Colour = (104, 255, 150)
_YELLOW: Colour = (255, 232, 92)
_MAGENTA: Colour = (255, 110, 214)
_RED: Colour = (255, 96, 96)
_WEB: Colour = (30, 48, 118)
_INKS = {"c": _CYAN, "g": _GREEN, "y": _YELLOW, "m": _MAGENTA, "r": _RED}

_SPOKES_A_SIDE = 5
_RINGS = (0.0, 0.09, 0.24, 0.46, 0.74)  # of the way from the code to the frame
_LAP_S = {State.STARTING: 60.0, State.ATTRACT: 40.0, State.PAYING: 20.0}
_ROCKS = 7
_CLEAR = 1  # between the frame's outer edge and what flies along it
_TURNS = 24  # pictures of a rock that turns once


def _ground(layout: Layout) -> pygame.Surface:
    surface = pygame.Surface(layout.size, 0, 32)
    surface.fill(_BLACK)
    frame = Box(0, 0, *layout.size).inset(layout.rail)
    _draw_tunnel(surface, _far_end(layout, frame), frame)
    thin = max(1, layout.rail // 14)
    for grown, tone in ((2 * thin, 0.12), (thin, 0.3), (0, 1.0)):
        pygame.draw.rect(surface, mixed(_BLACK, _CYAN, tone), frame.inset(-grown), thin + 2 * grown)
    return surface


def _far_end(layout: Layout, frame: Box) -> Box:
    if layout.qr:
        return layout.qr.card.inset(-max(4, layout.rail // 3))
    return frame.centred(frame.w // 5, frame.h // 5)


def _draw_tunnel(surface: pygame.Surface, far: Box, near: Box) -> None:
    spokes = list(zip(_around(far), _around(near), strict=True))
    for one, other in spokes:
        _line(surface, one, other)
    for part in _RINGS:
        corners = [_between(*spokes[number], part) for number in range(0, len(spokes), _SPOKES_A_SIDE)]
        for one, other in zip(corners, corners[1:] + corners[:1], strict=True):
            _line(surface, one, other)


def _line(surface: pygame.Surface, one: tuple[float, float], other: tuple[float, float]) -> None:
    """As thick as looks thin at this size."""
    for thick in range(max(1, min(surface.get_size()) // 400)):
        for dx, dy in ((thick, 0), (0, thick)):
            pygame.draw.aaline(surface, _WEB, (one[0] + dx, one[1] + dy), (other[0] + dx, other[1] + dy))


def _around(box: Box) -> list[tuple[float, float]]:
    """Points along a box's edge, clockwise from its top left corner."""
    corners = [(box.x, box.y), (box.right, box.y), (box.right, box.bottom), (box.x, box.bottom)]
    return [
        _between(one, other, step / _SPOKES_A_SIDE)
        for one, other in zip(corners, corners[1:] + corners[:1], strict=True)
        for step in range(_SPOKES_A_SIDE)
    ]


def _between(one: tuple[float, float], other: tuple[float, float], part: float) -> tuple[float, float]:
    return one[0] + (other[0] - one[0]) * part, one[1] + (other[1] - one[1]) * part


def _panel(surface: pygame.Surface, panel: Panel) -> None:
    """A window with a bright edge; its halo stays within it."""
    pygame.draw.rect(surface, panel.fill, panel.box)
    thin = max(1, panel.box.h // 28)
    for inset, tone in ((2 * thin, 0.14), (thin, 0.34)):
        pygame.draw.rect(surface, mixed(panel.fill, panel.edge, tone), panel.box.inset(thin), inset)
    pygame.draw.rect(surface, panel.edge, panel.box.inset(thin // 2), thin)


def _card(surface: pygame.Surface, qr: QrPlace) -> None:
    pygame.draw.rect(surface, VECTOR.colours.code_light, qr.card)


class _Orbit:
    """Rocks that drift around the frame, and a ship after them."""

    def __init__(self, layout: Layout, state: State) -> None:
        self._rail = layout.rail
        self._w, self._h = (side - layout.rail for side in layout.size)
        self._lap_s = _LAP_S.get(state)
        side = layout.rail - 2 * _CLEAR
        self._rocks, self._ships = _rocks(side), [_ship(side, turn) for turn in range(4)]

    def sprites(self, elapsed_s: float) -> list[Sprite]:
        """Where each is now."""
        run = elapsed_s / self._lap_s if self._lap_s else 0.0
        (x, y), heading = self._at(run)
        sprites: list[Sprite] = [(self._ships[heading], (x, y))]
        for number in range(_ROCKS):
            place, _ = self._at(run + (number + 1) / (_ROCKS + 1))
            turn = int(elapsed_s * (3 + number % 3) + number * 5) if self._lap_s else number * 5
            sprites.append((self._rocks[number % 3][turn % _TURNS], place))
        return sprites

    def _at(self, run: float) -> tuple[tuple[int, int], int]:
        """The top left corner so many laps on, clockwise, and the side of the frame that it is on."""
        way = run % 1 * 2 * (self._w + self._h)
        heading = 0
        for length in (self._w, self._h, self._w):
            if way < length:
                break
            way, heading = way - length, heading + 1
        x, y = ((way, 0.0), (self._w, way), (self._w - way, self._h), (0.0, self._h - way))[heading]
        return (round(x) + _CLEAR, round(y) + _CLEAR), heading


@lru_cache(maxsize=1)
def _rocks(side: int) -> list[list[pygame.Surface]]:
    """Three kinds, each as it turns; remembered, because they take longer than the rest of a picture."""
    return [[_rock(side, turn, kind) for turn in range(_TURNS)] for kind in range(3)]


def _rock(side: int, turn: int, kind: int) -> pygame.Surface:
    corners = 9
    points = []
    for number in range(corners + 1):
        angle = 2 * math.pi * (number / corners + turn / _TURNS)
        far = side * (0.28 + 0.12 * ((number % corners * 7 + kind * 4) % 5) / 4)
        points.append((side / 2 + far * math.cos(angle), side / 2 + far * math.sin(angle)))
    return _on_black(glowing((side, side), [points], (_MAGENTA, _CYAN, _GREEN)[kind], max(1.0, side / 22)))


def _ship(side: int, heading: int) -> pygame.Surface:
    """Its nose points the way it flies."""
    shape = [(0.9, 0.5), (0.14, 0.86), (0.3, 0.5), (0.14, 0.14), (0.9, 0.5)]
    for _ in range(heading):
        shape = [(1 - y, x) for x, y in shape]
    line = [(x * side, y * side) for x, y in shape]
    return _on_black(glowing((side, side), [line], _YELLOW, max(1.0, side / 20)))


def _on_black(lines: pygame.Surface) -> pygame.Surface:
    """Without transparency, so that it is carried over faster; the frame is as black."""
    solid = pygame.Surface(lines.get_size(), 0, 32)
    solid.fill(_BLACK)
    solid.blit(lines, (0, 0))
    return solid


def _trim(layout: Layout, state: State) -> Trim:
    return _Orbit(layout, state)


VECTOR = Theme(
    colours=Colours(
        rail=_BLACK,
        strong=_PALE,
        accent=_YELLOW,
        soft=_PALE,
        dim=(130, 168, 196),
        plate=(4, 10, 22),
        plate_edge=_CYAN,
        on_plate=_PALE,
        on_plate_accent=_YELLOW,
        badge=(4, 18, 12),
        badge_edge=_GREEN,
        on_badge=_GREEN,
        front=_CYAN,
        pointer=_GREEN,
        code_dark=(0, 0, 0),
    ),
    letters=lambda: StrokeLetters(_CYAN),
    pictures=lambda: GlowingShapes("vector_art.txt", _INKS),
    ground=_ground,
    panel=_panel,
    card=_card,
    trim=_trim,
    reveal=sweep,
    stars=(mixed(_BLACK, _PALE, 0.3), mixed(_BLACK, _PALE, 0.5), _PALE),
)
