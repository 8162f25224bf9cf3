"""The three faces that text is set in: how wide it is, and how it is drawn."""

from __future__ import annotations

from enum import Enum
from pathlib import Path

import pygame

from attract_screen.picture import theme
from attract_screen.picture.font_files import installed_files, own_files
from attract_screen.picture.lettering import ROWS, Lettering
from attract_screen.picture.sans import Sans
from attract_screen.picture.theme import Colour

_ASSETS = Path(__file__).with_name("assets")


class Typeface(Enum):
    """TITLE is pixel lettering in enamel with a shadow, PIXEL is plain, SANS is the small print."""

    TITLE = "title"
    PIXEL = "pixel"
    SANS = "sans"


class Typefaces:
    """Measures and draws text. Sizes are pixels per lettering row (TITLE, PIXEL) or em (SANS)."""

    def __init__(self, language: str = "en") -> None:
        self._lettering = Lettering(_ASSETS / "lettering.txt")
        self.sans = Sans((*own_files(language), *installed_files(language)))

    def spelled(self, text: str, face: Typeface) -> str | None:
        """The text as the face writes it, or None if it lacks a letter."""
        return text if face is Typeface.SANS else self._lettering.spelled(text)

    def width(self, text: str, face: Typeface, size: int) -> int:
        """Pixels from the first to the last column of a spelled text."""
        if face is Typeface.SANS:
            return self.sans.width(text, size)
        return (self._lettering.columns(text) + _depth(face)) * size

    def height(self, face: Typeface, size: int) -> int:
        """Pixels from the top to the bottom of one line."""
        if face is Typeface.SANS:
            return self.sans.height(size)
        return (ROWS + _depth(face)) * size

    def draw(self, text: str, face: Typeface, size: int, colour: Colour) -> pygame.Surface:
        """The spelled text on a transparent ground; a TITLE brings its own colours."""
        if face is Typeface.SANS:
            return self.sans.draw(text, size, colour)
        if face is Typeface.TITLE:
            return self._lettering.draw(text, size, theme.ENAMEL, theme.ENAMEL_SHADOW)
        return self._lettering.draw(text, size, (colour,) * ROWS)


def _depth(face: Typeface) -> int:
    return 1 if face is Typeface.TITLE else 0
