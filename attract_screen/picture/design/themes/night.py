"""The 1980s: pixel art, enamelled letters, and amber bulbs on a night-blue cabinet."""

from __future__ import annotations

import pygame

from attract_screen.model.box import Box
from attract_screen.model.feed_format import State
from attract_screen.model.reveal import dissolve
from attract_screen.picture.colours import Colour, Colours, mixed
from attract_screen.picture.design.lamps import Lamps, smooth
from attract_screen.picture.design.pixel_art import PixelArt
from attract_screen.picture.design.theme import Theme, Trim
from attract_screen.picture.layout import Layout, Panel, QrPlace
from attract_screen.picture.letters.lettering import PixelLetters

_GLASS: Colour = (13, 9, 32)
_GLASS_HIGH: Colour = (34, 20, 72)  # where the light falls on it
_BEZEL: Colour = (7, 5, 18)  # the rail that carries the bulbs
_EDGE: Colour = (88, 62, 140)
_AMBER: Colour = (255, 196, 61)
_WHITE: Colour = (250, 246, 236)
_LAVENDER: Colour = (196, 184, 226)

# A title's rows from top to bottom, like light falling into enamel.
_ENAMEL: tuple[Colour, ...] = (
    (255, 244, 176),
    (255, 230, 120),
    (255, 213, 84),
    (255, 196, 61),
    (255, 171, 48),
    (255, 143, 43),
    (248, 112, 44),
    (228, 84, 48),
)
_ENAMEL_SHADOW: Colour = (104, 22, 52)

_LAMP_OFF: Colour = (74, 44, 34)
_LAMP_ON: Colour = (255, 214, 110)
_LAMP_CORE: Colour = (255, 250, 226)
_LAMP_LEVELS = 6

# The letters of assets/pixel_art.txt.
_PIXELS: dict[str, Colour] = {
    "k": (7, 5, 18),
    "b": _EDGE,
    "B": (58, 38, 104),
    "y": _AMBER,
    "Y": (255, 236, 150),
    "o": (228, 120, 44),
    "r": (214, 60, 66),
    "w": _WHITE,
    "g": (150, 138, 184),
    "c": (96, 214, 232),
}
_GLOW_GRID = 24


def _ground(layout: Layout) -> pygame.Surface:
    """Night, lit a little from above the middle."""
    glow = pygame.Surface((_GLOW_GRID, _GLOW_GRID), 0, 32)
    for y in range(_GLOW_GRID):
        for x in range(_GLOW_GRID):
            far = ((x / (_GLOW_GRID - 1) - 0.5) ** 2 + (y / (_GLOW_GRID - 1) - 0.35) ** 2) ** 0.5
            part = max(0.0, 1 - far / 0.75)
            glow.set_at((x, y), mixed(_GLASS, _GLASS_HIGH, part))
    surface = pygame.transform.smoothscale(glow, layout.size)
    pygame.draw.rect(surface, _BEZEL, surface.get_rect(), layout.rail)
    inside = Box(0, 0, *layout.size).inset(layout.rail)
    pygame.draw.rect(surface, _EDGE, inside, max(1, layout.rail // 14))
    return surface


def _panel(surface: pygame.Surface, panel: Panel) -> None:
    radius = max(2, panel.box.h // 6)
    pygame.draw.rect(surface, panel.fill, panel.box, border_radius=radius)
    pygame.draw.rect(surface, panel.edge, panel.box, 1, border_radius=radius)


def _card(surface: pygame.Surface, qr: QrPlace) -> None:
    pygame.draw.rect(surface, NIGHT.colours.code_light, qr.card, border_radius=qr.edge)


def _trim(layout: Layout, state: State) -> Trim:
    lamps = [_lamp(layout.rail, level / (_LAMP_LEVELS - 1)) for level in range(_LAMP_LEVELS)]
    return Lamps(layout, state, [lamps])


def _lamp(size: int, glow: float) -> pygame.Surface:
    """One bulb on the rail."""

    def draw(lamp: pygame.Surface, fine: int) -> None:
        lamp.fill(_BEZEL)
        centre = (fine // 2, fine // 2)
        for ring in range(8):
            halo = mixed(_BEZEL, _LAMP_ON, glow * 0.05 * ring)
            pygame.draw.circle(lamp, halo, centre, round(fine * (0.5 - 0.025 * ring)))
        pygame.draw.circle(lamp, mixed(_LAMP_OFF, _LAMP_ON, glow), centre, fine * 3 // 10)
        pygame.draw.circle(lamp, mixed(_LAMP_OFF, _LAMP_CORE, glow), centre, fine * 3 // 20)

    return smooth(size, draw)


NIGHT = Theme(
    colours=Colours(
        rail=_BEZEL,
        strong=_WHITE,
        accent=_AMBER,
        soft=_LAVENDER,
        dim=(160, 148, 196),
        plate=(40, 26, 78),
        plate_edge=_EDGE,
        on_plate=_WHITE,
        on_plate_accent=_AMBER,
        badge=_AMBER,
        badge_edge=_AMBER,
        on_badge=_GLASS,
        front=_AMBER,
        pointer=_AMBER,
    ),
    letters=lambda: PixelLetters(_ENAMEL, _ENAMEL_SHADOW),
    pictures=lambda: PixelArt(_PIXELS),
    ground=_ground,
    panel=_panel,
    card=_card,
    trim=_trim,
    reveal=dissolve,
    stars=tuple(mixed(_GLASS, _LAVENDER, part) for part in (0.35, 0.6, 1.0)),
)
