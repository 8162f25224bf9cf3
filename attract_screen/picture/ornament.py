"""What moves: bulbs around the frame, stars behind, coins. Places are a function of time."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pygame

from attract_screen.model.box import Box
from attract_screen.model.feed_format import State
from attract_screen.picture import theme
from attract_screen.picture.layout import Layout
from attract_screen.picture.pixel_art import PixelArt
from attract_screen.picture.theme import Colour

Sprite = tuple[pygame.Surface, tuple[int, int]]

_LEVELS = 6
_CHASE_LENGTH = 4  # every fourth bulb is bright
_CHASE_PERIOD_S = {State.STARTING: 4.0, State.ATTRACT: 2.4, State.PAYING: 1.0}
_RESTING_LEVEL = {State.PLAYING: _LEVELS - 1}
_STAR_SPEEDS = (0.02, 0.035, 0.06)  # of the picture's height, per second
_COIN_TURN_S = 1.2
_COIN_FRAMES = ("coin_0", "coin_1", "coin_2", "coin_1")
_LANE_S = 2.4
_LANE_COINS = 3


class Ornament:
    """The moving parts of one picture."""

    def __init__(self, layout: Layout, state: State, art: PixelArt) -> None:
        self._layout = layout
        self._state = state
        self._bulbs = bulb_places(layout)
        self._lamps = [_lamp(layout.rail, level / (_LEVELS - 1)) for level in range(_LEVELS)]
        self._stars = _stars(layout)
        self._coins = {scale: [art.draw(name, scale) for name in _COIN_FRAMES] for scale in _scales(layout)}
        # A star close to a letter would read as a full stop.
        clearance = max(8, min(layout.size) // 30)
        self._taken = [pygame.Rect(box).inflate(clearance, clearance) for box in layout.taken]
        self._sky = pygame.Rect(Box(0, 0, *layout.size).inset(layout.rail))

    def sprites(self, elapsed_s: float) -> list[Sprite]:
        """Every moving part and its top left corner; the list keeps its order and its length."""
        if self._layout.is_plain:
            return []
        return [
            *self._lit_bulbs(elapsed_s),
            *self._falling_stars(elapsed_s),
            *self._turning_coins(elapsed_s),
            *self._travelling_coins(elapsed_s),
        ]

    def _lit_bulbs(self, elapsed_s: float) -> Iterator[Sprite]:
        for index, place in enumerate(self._bulbs):
            yield self._lamps[self._level(index, elapsed_s)], place

    def _level(self, index: int, elapsed_s: float) -> int:
        period_s = _CHASE_PERIOD_S.get(self._state)
        if period_s is None:
            return _RESTING_LEVEL.get(self._state, 0)
        turn = index / _CHASE_LENGTH - elapsed_s / period_s
        glow = 0.5 + 0.5 * math.cos(2 * math.pi * turn)
        return round(glow * glow * (_LEVELS - 1))

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


def bulb_places(layout: Layout) -> list[tuple[int, int]]:
    """Top left corners of the bulbs, clockwise; their number is a multiple of the chase's."""
    w, h = layout.size[0] - layout.rail, layout.size[1] - layout.rail
    pitch = layout.rail * 1.5
    across, down = round(w / pitch), round(h / pitch)
    down += (across + down) % (_CHASE_LENGTH // 2)
    top = [(round(w * i / across), 0) for i in range(across)]
    right = [(w, round(h * i / down)) for i in range(down)]
    opposite = [(w - x, h - y) for x, y in top + right]
    return [*top, *right, *opposite]


def _scales(layout: Layout) -> set[int]:
    scales = {piece.scale for piece in layout.spinning}
    return scales | {layout.lane.scale} if layout.lane else scales


def _stars(layout: Layout) -> list[tuple[pygame.Surface, int, float, float]]:
    """Evenly scattered without randomness, so that the same moment is the same picture."""
    width, height = layout.size
    unit = max(1, min(width, height) // 240)
    tones = (theme.mixed(theme.NIGHT, theme.LAVENDER, part) for part in (0.35, 0.6, 1.0))
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


def _lamp(size: int, glow: float) -> pygame.Surface:
    """One bulb on the rail; drawn larger and scaled down, so that its edge is smooth."""
    fine = size * 4
    lamp = pygame.Surface((fine, fine), 0, 32)
    lamp.fill(theme.BEZEL)
    centre = (fine // 2, fine // 2)
    for ring in range(8):
        halo = theme.mixed(theme.BEZEL, theme.LAMP_ON, glow * 0.05 * ring)
        pygame.draw.circle(lamp, halo, centre, round(fine * (0.5 - 0.025 * ring)))
    pygame.draw.circle(lamp, theme.mixed(theme.LAMP_OFF, theme.LAMP_ON, glow), centre, fine * 3 // 10)
    pygame.draw.circle(lamp, theme.mixed(theme.LAMP_OFF, theme.LAMP_CORE, glow), centre, fine * 3 // 20)
    return pygame.transform.smoothscale(lamp, (size, size))
