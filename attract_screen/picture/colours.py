"""Colours by what they are for, so that a picture can be laid out without knowing its design."""

from __future__ import annotations

from dataclasses import dataclass

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Colours:
    """One design's colours. Whatever is written in one of them can be read on what it stands on.

    That is a contrast of 4.5:1, and of 3:1 for large letters (WCAG 2.2, 1.4.3), on all that the ground has.
    """

    rail: Colour
    """What the frame is made of, and all of a display that the picture leaves."""
    strong: Colour
    """A headline on the ground."""
    accent: Colour
    """What is special, on the ground."""
    soft: Colour
    """A whole sentence on the ground."""
    dim: Colour
    """Small print on the ground."""
    plate: Colour
    plate_edge: Colour
    on_plate: Colour
    on_plate_accent: Colour
    badge: Colour
    badge_edge: Colour
    on_badge: Colour
    front: Colour
    """Where one page gives way to the next."""
    pointer: Colour
    """What points at the code."""
    code_light: Colour = (255, 255, 255)
    code_dark: Colour = (10, 6, 26)


def mixed(one: Colour, other: Colour, part: float) -> Colour:
    """The colour that lies `part` (0 to 1) of the way from one to the other."""
    red, green, blue = (round(a + (b - a) * part) for a, b in zip(one, other, strict=True))
    return red, green, blue


def contrast(one: Colour, other: Colour) -> float:
    """The contrast of two colours by WCAG 2.2: from 1 for equal ones to 21 for black and white."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: Colour) -> float:
    red, green, blue = (_linear(part / 255) for part in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    # 0.04045 is the standard's own (IEC 61966-2-1); WCAG's 0.03928 makes no difference in eight bits.
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)
