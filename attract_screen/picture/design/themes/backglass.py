"""The 1960s and 70s: inks printed on glass, lamps behind it, and windows for the score."""

from __future__ import annotations

import math
from functools import lru_cache

import pygame

from attract_screen.model.box import Box
from attract_screen.model.feed_format import State
from attract_screen.model.monitor import Size
from attract_screen.model.reveal import reels
from attract_screen.picture.colours import Colour, Colours, mixed
from attract_screen.picture.design.lamps import Lamps, smooth
from attract_screen.picture.design.shapes import PrintedShapes
from attract_screen.picture.design.theme import Theme, Trim
from attract_screen.picture.layout import Layout, Panel, QrPlace
from attract_screen.picture.letters.show_card import SlantedLetters

_CREAM: Colour = (255, 240, 206)
_PEACH: Colour = (255, 216, 148)
_NAVY: Colour = (22, 26, 62)
_INK: Colour = (30, 32, 70)
_RED: Colour = (168, 18, 34)
_BRIGHT_RED: Colour = (222, 44, 46)
_TEAL: Colour = (24, 134, 140)
_YELLOW: Colour = (255, 206, 64)
_WOOD: Colour = (58, 24, 20)
_CHROME: Colour = (236, 206, 150)
_INKS = {
    "n": _NAVY,
    "k": (12, 12, 30),
    "r": _BRIGHT_RED,
    "y": _YELLOW,
    "d": (206, 136, 24),
    "t": _TEAL,
    "w": (255, 250, 236),
    "c": (196, 206, 214),
    "g": (30, 140, 80),
    "o": (255, 110, 80),
}
_RAYS = 28
_MANY_PX = 700
_LEVELS = 7
_JEWELS: tuple[Colour, ...] = ((255, 206, 96), (255, 92, 74), (255, 206, 96), (96, 214, 196))
_PITCH = 2.2  # from lamp to lamp, in widths of the frame


def _ground(layout: Layout) -> pygame.Surface:
    """Rays that come from behind the code."""
    frame = Box(0, 0, *layout.size).inset(layout.rail)
    middle = layout.qr.card if layout.qr else frame.centred(2, 2 + frame.h // 5)
    surface = _rays(layout.size, (middle.x + middle.w / 2, middle.y + middle.h / 2))
    _draw_frame(surface, layout.rail, frame)
    return surface


def _rays(size: Size, middle: tuple[float, float]) -> pygame.Surface:
    """Where there are many pixels, drawn half as large: scaled up, their edges are as soft as in print."""
    if min(size) >= _MANY_PX:
        half = _rays((size[0] // 2, size[1] // 2), (middle[0] / 2, middle[1] / 2))
        return pygame.transform.smoothscale(half, size)
    surface = pygame.Surface(size, 0, 32)
    surface.fill(_CREAM)
    (cx, cy), far = middle, sum(size)
    for ray in range(_RAYS):
        turns = (ray / _RAYS, (ray + 0.5) / _RAYS)
        ends = [(cx + far * math.cos(2 * math.pi * t), cy + far * math.sin(2 * math.pi * t)) for t in turns]
        pygame.draw.polygon(surface, _PEACH, [(cx, cy), *ends])
        for end in ends:
            pygame.draw.aaline(surface, mixed(_CREAM, _PEACH, 0.7), (cx, cy), end)
    return surface


def _draw_frame(surface: pygame.Surface, rail: int, frame: Box) -> None:
    pygame.draw.rect(surface, _WOOD, surface.get_rect(), rail)
    thin = max(1, rail // 10)
    pygame.draw.rect(surface, _CHROME, frame, thin)
    pygame.draw.rect(surface, _RED, frame.inset(thin), thin)
    pygame.draw.rect(surface, _NAVY, frame.inset(2 * thin + 1), 1)


def _panel(surface: pygame.Surface, panel: Panel) -> None:
    """A window in a chrome frame; a square one is a round button."""
    box = panel.box
    if box.w == box.h:
        surface.blit(_button(box.w, panel), box[:2])
        return
    radius, thin = max(2, box.h // 5), max(1, box.h // 14)
    pygame.draw.rect(surface, panel.edge, box, border_radius=radius)
    pygame.draw.rect(surface, panel.fill, box.inset(thin), border_radius=max(1, radius - thin))
    shade = box.inset(2 * thin, thin)._replace(h=max(1, box.h // 9))
    pygame.draw.rect(surface, mixed(panel.fill, (0, 0, 0), 0.45), shade, border_radius=radius // 2)


def _button(side: int, panel: Panel) -> pygame.Surface:
    fine = pygame.Surface((side * 4, side * 4), pygame.SRCALPHA, 32)
    fine.fill((*panel.edge, 0))
    centre = (side * 2, side * 2)
    pygame.draw.circle(fine, panel.edge, centre, side * 2)
    pygame.draw.circle(fine, panel.fill, centre, side * 2 - max(4, side // 3))
    return pygame.transform.smoothscale(fine, (side, side))


def _card(surface: pygame.Surface, qr: QrPlace) -> None:
    """White in a line of red and one of navy; both stay outside the quiet zone."""
    line = max(1, qr.edge // 2)
    pygame.draw.rect(surface, _NAVY, qr.card, border_radius=qr.edge)
    pygame.draw.rect(
        surface, BACKGLASS.colours.code_light, Box(*qr.card).inset(line), border_radius=qr.edge // 2
    )


def _trim(layout: Layout, state: State) -> Trim:
    return Lamps(layout, state, _jewels(layout.rail), _PITCH)


@lru_cache(maxsize=1)
def _jewels(size: int) -> list[list[pygame.Surface]]:
    """Each kind from dark to bright; remembered, because every picture has them."""
    return [[_jewel(size, jewel, level / (_LEVELS - 1)) for level in range(_LEVELS)] for jewel in _JEWELS]


def _jewel(size: int, colour: Colour, glow: float) -> pygame.Surface:
    """A lamp behind cut glass."""

    def draw(lamp: pygame.Surface, fine: int) -> None:
        lamp.fill(_WOOD)
        centre = (fine // 2, fine // 2)
        for ring in range(6):
            halo = mixed(_WOOD, colour, glow * 0.06 * ring)
            pygame.draw.circle(lamp, halo, centre, round(fine * (0.4 - 0.02 * ring)))
        pygame.draw.circle(lamp, _CHROME, centre, round(fine * 0.3))
        pygame.draw.circle(lamp, mixed(mixed(_WOOD, colour, 0.42), colour, glow), centre, round(fine * 0.25))
        bright = mixed(mixed(_WOOD, colour, 0.55), (255, 250, 230), glow)
        pygame.draw.circle(lamp, bright, (round(fine * 0.46), round(fine * 0.46)), round(fine * 0.12))

    return smooth(size, draw)


BACKGLASS = Theme(
    colours=Colours(
        rail=_WOOD,
        strong=_RED,
        accent=_RED,
        soft=_INK,
        dim=(96, 62, 50),
        plate=_NAVY,
        plate_edge=_CHROME,
        on_plate=(255, 246, 220),
        on_plate_accent=_YELLOW,
        badge=_RED,
        badge_edge=_NAVY,
        on_badge=(255, 250, 236),
        front=_NAVY,
        pointer=_RED,
        code_dark=(14, 14, 30),
    ),
    letters=lambda: SlantedLetters(_YELLOW, _NAVY, _BRIGHT_RED),
    pictures=lambda: PrintedShapes("backglass_art.txt", _INKS),
    ground=_ground,
    panel=_panel,
    card=_card,
    trim=_trim,
    reveal=reels,
)
