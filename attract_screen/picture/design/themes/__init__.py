"""The designs that the screen can be drawn in, each a module of its own."""

from __future__ import annotations

from attract_screen.model.themes import ThemeName
from attract_screen.picture.design.theme import Theme
from attract_screen.picture.design.themes.backglass import BACKGLASS
from attract_screen.picture.design.themes.night import NIGHT
from attract_screen.picture.design.themes.vector import VECTOR

THEMES: dict[ThemeName, Theme] = {
    ThemeName.NIGHT: NIGHT,
    ThemeName.VECTOR: VECTOR,
    ThemeName.BACKGLASS: BACKGLASS,
}
