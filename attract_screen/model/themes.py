"""CORE. The designs that the screen can be drawn in, by the names that a technician writes."""

from __future__ import annotations

from enum import StrEnum


class ThemeName(StrEnum):
    """Each in the idiom of another age of arcades."""

    NIGHT = "night"
    """Pixel art and bulbs around the frame, as in the 1980s."""
    VECTOR = "vector"
    """Thin lines that glow on black, as vector monitors drew from 1979 on."""
    BACKGLASS = "backglass"
    """Printed colours, lamps behind them and score reels, as on the electromechanical machines before."""


USUAL_THEME = ThemeName.NIGHT
THEME_NAMES = tuple(name.value for name in ThemeName)


def theme_named(text: str) -> ThemeName:
    """The design of this name; one that this version lacks is shown as the usual one."""
    return ThemeName(text) if text in THEME_NAMES else USUAL_THEME
