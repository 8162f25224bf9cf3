"""Colours: amber lamps on a night-blue cabinet."""

from __future__ import annotations

Colour = tuple[int, int, int]

NIGHT: Colour = (13, 9, 32)  # the glass
NIGHT_HIGH: Colour = (34, 20, 72)  # the same, where the light falls on it
BEZEL: Colour = (7, 5, 18)  # the rail that carries the bulbs
PANEL: Colour = (40, 26, 78)
PANEL_EDGE: Colour = (88, 62, 140)

AMBER: Colour = (255, 196, 61)
WHITE: Colour = (250, 246, 236)
LAVENDER: Colour = (196, 184, 226)
DIM: Colour = (128, 116, 164)

# A title's rows from top to bottom, like light falling into enamel.
ENAMEL: tuple[Colour, ...] = (
    (255, 244, 176),
    (255, 230, 120),
    (255, 213, 84),
    (255, 196, 61),
    (255, 171, 48),
    (255, 143, 43),
    (248, 112, 44),
    (228, 84, 48),
)
ENAMEL_SHADOW: Colour = (104, 22, 52)

LAMP_OFF: Colour = (74, 44, 34)
LAMP_ON: Colour = (255, 214, 110)
LAMP_CORE: Colour = (255, 250, 226)

QR_LIGHT: Colour = (255, 255, 255)
QR_DARK: Colour = (10, 6, 26)

# The letters of assets/pixel_art.txt.
PIXELS: dict[str, Colour] = {
    "k": (7, 5, 18),
    "b": (88, 62, 140),
    "B": (58, 38, 104),
    "y": AMBER,
    "Y": (255, 236, 150),
    "o": (228, 120, 44),
    "r": (214, 60, 66),
    "w": WHITE,
    "g": (150, 138, 184),
    "c": (96, 214, 232),
}


def mixed(one: Colour, other: Colour, part: float) -> Colour:
    """The colour that lies `part` (0 to 1) of the way from one to the other."""
    red, green, blue = (round(a + (b - a) * part) for a, b in zip(one, other, strict=True))
    return red, green, blue
