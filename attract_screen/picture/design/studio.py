"""A design in use: what every picture is laid out and drawn with."""

from __future__ import annotations

from copy import copy

from attract_screen.model.monitor import Size
from attract_screen.model.themes import USUAL_THEME, ThemeName
from attract_screen.model.wording import USUAL_LANGUAGE
from attract_screen.picture.design.dress import PLAIN, Dress
from attract_screen.picture.design.dressed import dressed
from attract_screen.picture.design.themes import THEMES
from attract_screen.picture.layout import Sheet
from attract_screen.picture.letters.typefaces import Typefaces


class Studio:
    """Made once for a design and what a cabinet changes of it, because a font is slow to open."""

    def __init__(self, name: ThemeName = USUAL_THEME, dress: Dress = PLAIN) -> None:
        self.name = name
        self.dress = dress
        self.theme = dressed(THEMES[name], dress)
        self._letters = self.theme.letters()
        self.faces = Typefaces(self._letters)
        self.art = self.theme.pictures()
        self._speaking = {USUAL_LANGUAGE: self.faces}

    def speaking(self, language: str) -> Studio:
        """The studio with the faces that a language is written in."""
        if language not in self._speaking:
            self._speaking[language] = Typefaces(self._letters, language)
        other = copy(self)
        other.faces = self._speaking[language]
        return other

    def sheet(self, size: Size, pixel_aspect: float = 1.0) -> Sheet:
        """An empty layout for a picture of this size."""
        rail = max(10, min(size) // 22)
        return Sheet(size, rail, self.theme.colours, self.faces, self.art, pixel_aspect, self.dress.logo_size)
