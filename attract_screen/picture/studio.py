"""A design in use: what every picture is laid out and drawn with."""

from __future__ import annotations

from attract_screen.model.monitor import Size
from attract_screen.model.themes import USUAL_THEME, ThemeName
from attract_screen.picture.dress import PLAIN, Dress
from attract_screen.picture.dressed import dressed
from attract_screen.picture.layout import Sheet
from attract_screen.picture.themes import THEMES
from attract_screen.picture.typefaces import Typefaces


class Studio:
    """Made once for a design and what a cabinet changes of it, because a font is slow to open."""

    def __init__(self, name: ThemeName = USUAL_THEME, dress: Dress = PLAIN) -> None:
        self.name = name
        self.dress = dress
        self.theme = dressed(THEMES[name], dress)
        self.faces = Typefaces(self.theme.letters())
        self.art = self.theme.pictures()

    def sheet(self, size: Size, pixel_aspect: float = 1.0) -> Sheet:
        """An empty layout for a picture of this size."""
        rail = max(10, min(size) // 22)
        return Sheet(size, rail, self.theme.colours, self.faces, self.art, pixel_aspect, self.dress.logo_size)
