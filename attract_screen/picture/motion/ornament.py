"""What moves: the trim of the frame, stars, coins, what points at the code. Places are a function of time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pygame

from attract_screen.model.box import Box
from attract_screen.model.feed_format import State
from attract_screen.picture.colours import Colour
from attract_screen.picture.design.studio import Studio
from attract_screen.picture.design.theme import Sprite
from attract_screen.picture.layout import Layout
from attract_screen.picture.motion.pointer import Pointer

_STAR_SPEEDS = (0.02, 0.035, 0.06)  # of the picture's height, per second
_COIN_TURN_S = 1.2
_COIN_FRAMES = ("coin_0", "coin_1", "coin_2", "coin_1")
_LANE_S = 4.0
_LANE_COINS = 3


class Ornament:
    """The moving parts of one picture."""

    def __init__(self, layout: Layout, state: State, studio: Studio) -> None:
        self._layout = layout
        self._trim = studio.theme.trim(layout, state)
        self._pointer = Pointer(layout, studio.theme.colours.pointer, lit=state is State.ATTRACT)
        self._stars = _stars(layout, studio.theme.stars)
        self._coins = {
            scale: [studio.art.draw(name, scale) for name in _COIN_FRAMES] for scale in _scales(layout)
        }
        # A star close to a letter would read as a full stop.
        self._clearance = max(8, min(layout.size) // 30)
        self._sky = pygame.Rect(Box(0, 0, *layout.size).inset(layout.rail))
        self._taken: list[pygame.Rect] = []
        self.keep_off(layout.taken)

    def keep_off(self, boxes: Sequence[Box]) -> None:
        """From now on no star passes over these."""
        off = (*boxes, *self._pointer.boxes)
        self._taken = [pygame.Rect(box).inflate(self._clearance, self._clearance) for box in off]

    def sprites(self, elapsed_s: float) -> list[Sprite]:
        """Every moving part and its top left corner; the list keeps its order and its length."""
        if self._layout.is_plain:
            return []
        return [
            *self._trim.sprites(elapsed_s),
            *self._falling_stars(elapsed_s),
            *self._turning_coins(elapsed_s),
            *self._travelling_coins(elapsed_s),
            *self._pointer.sprites(elapsed_s),
        ]

    def _falling_stars(self, elapsed_s: float) -> Iterator[Sprite]:
        height = self._layout.size[1]
        for star, x, y, speed in self._stars:
            place = (x, int((y + speed * elapsed_s) % 1 * height))
            yield star, place if self._is_sky(star, place) else (x, -star.get_height())

    def _is_sky(self, star: pygame.Surface, place: tuple[int, int]) -> bool:
        rect = star.get_rect(topleft=place)
        return bool(self._sky.contains(rect)) and rect.collidelist(self._taken) < 0

    def _turning_coins(self, elapsed_s: float) -> Iterator[Sprite]:
        for piece in self._layout.spinning:
            yield self._coin(piece.scale, elapsed_s), (piece.box.x, piece.box.y)

    def _coin(self, scale: int, elapsed_s: float) -> pygame.Surface:
        frames = self._coins[scale]
        return frames[int(elapsed_s / _COIN_TURN_S * len(frames)) % len(frames)]

    def _travelling_coins(self, elapsed_s: float) -> Iterator[Sprite]:
        lane = self._layout.lane
        if lane is None:
            return
        for number in range(_LANE_COINS):
            way = (elapsed_s / _LANE_S + number / _LANE_COINS) % 1
            coin = self._coin(lane.scale, elapsed_s + number * _COIN_TURN_S / 4)
            x = lane.box.x + round(way * (lane.box.w - coin.get_width()))
            hop = round(4 * way * (1 - way) * (lane.box.h - coin.get_height()) * 0.5)
            middle = lane.box.y + (lane.box.h - coin.get_height()) // 2
            yield coin, (x, middle - hop + hop // 2)


def _scales(layout: Layout) -> set[int]:
    scales = {piece.scale for piece in layout.spinning}
    return scales | {layout.lane.scale} if layout.lane else scales


def _stars(layout: Layout, tones: Sequence[Colour]) -> list[tuple[pygame.Surface, int, float, float]]:
    """Evenly scattered without randomness, so that the same moment is the same picture."""
    if not tones:
        return []
    width, height = layout.size
    unit = max(1, min(width, height) // 240)
    dots = [_dot(unit * size, tone) for size, tone in zip((1, 1, 2), tones, strict=True)]
    count = 24 + min(40, width * height // 20000)
    return [
        (
            dots[i % len(dots)],
            int(i * 0.618034 % 1 * width),
            i * 0.754878 % 1,
            _STAR_SPEEDS[i % len(dots)],
        )
        for i in range(count)
    ]


def _dot(size: int, colour: Colour) -> pygame.Surface:
    dot = pygame.Surface((size, size), 0, 32)
    dot.fill(colour)
    return dot
