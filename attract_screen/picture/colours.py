"""Colours by what they are for, so that a picture can be laid out without knowing its design."""

from __future__ import annotations

from dataclasses import dataclass

from attract_screen.model.contrast import Colour, contrast

__all__ = ["Colour", "Colours", "contrast", "mixed"]


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
