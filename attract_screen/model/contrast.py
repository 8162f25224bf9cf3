"""CORE. Colours as people write them, and how well one is read upon another (WCAG 2.2)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

Colour = tuple[int, int, int]

LEAST_CONTRAST: Final = 4.5
"""Of text upon what is behind it: WCAG 2.2, success criterion 1.4.3."""


@dataclass(frozen=True)
class OwnColours:
    """The cabinet's own, in the place of the design's; text and accent can be read on the background."""

    background: Colour
    text: Colour
    accent: Colour


_HEX = re.compile(r"#([0-9a-fA-F]{6}|[0-9a-fA-F]{3})")


def colour_of(text: str) -> Colour | None:
    """The colour that "#ffcc00" or "#fc0" says; None if it says none."""
    match = _HEX.fullmatch(text)
    if match is None:
        return None
    digits = match[1] if len(match[1]) == 6 else "".join(2 * digit for digit in match[1])
    return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)


def contrast(one: Colour, other: Colour) -> float:
    """The ratio of their luminances, from 1 (alike) to 21 (black on white)."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: Colour) -> float:
    red, green, blue = (_linear(part / 255) for part in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)
