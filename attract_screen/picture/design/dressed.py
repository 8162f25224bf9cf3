"""A design in the operator's own colours and typeface. The frame, and how all moves, stay the design's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pygame

from attract_screen.model.box import Box
from attract_screen.model.contrast import LEAST_CONTRAST, OwnColours, contrast
from attract_screen.picture.colours import Colour, Colours, mixed
from attract_screen.picture.design.dress import Dress
from attract_screen.picture.design.theme import Theme
from attract_screen.picture.layout import Layout
from attract_screen.picture.letters.own_letters import OneColour, OwnLetters
from attract_screen.picture.letters.typefaces import BigLetters

_LEAST_OF_LARGE = 3.0
"""WCAG 2.2, 1.4.3: letters of a title are large."""


def dressed(theme: Theme, dress: Dress) -> Theme:
    """The design with what the dress has in the place of its own."""
    if dress.typeface is not None:
        path, ink = dress.typeface, dress.colours.accent if dress.colours else theme.colours.accent
        theme = replace(theme, letters=_own_letters(path, ink, theme.letters))
    return theme if dress.colours is None else _coloured(theme, dress.colours)


def _own_letters(path: Path, ink: Colour, design: Callable[[], BigLetters]) -> Callable[[], BigLetters]:
    """Those of the file; the design's if it is gone, as a card that rots loses one."""

    def made() -> BigLetters:
        try:
            return OwnLetters(path, ink)
        except (OSError, RuntimeError, pygame.error):
            return design()

    return made


def _coloured(theme: Theme, own: OwnColours) -> Theme:
    return replace(
        theme,
        colours=_colours(theme.colours, own),
        letters=_readable(theme.letters, own),
        ground=lambda layout: _ground(theme, own.background, layout),
        stars=tuple(mixed(own.background, own.text, part) for part in (0.3, 0.5, 0.8)),
    )


def _colours(design: Colours, own: OwnColours) -> Colours:
    """Each of them can be read where it stands, because those that they are made of can."""
    plate = _plate(own)
    return replace(
        design,
        strong=own.text,
        accent=own.accent,
        soft=own.text,
        dim=own.text,
        plate=plate,
        plate_edge=mixed(own.background, own.text, 0.4),
        on_plate=own.text,
        on_plate_accent=own.accent,
        badge=own.accent,
        badge_edge=own.accent,
        on_badge=own.background,
        front=own.accent,
        pointer=own.accent,
    )


def _plate(own: OwnColours) -> Colour:
    """A little towards the text, if that leaves the words on it readable."""
    plate = mixed(own.background, own.text, 0.12)
    return (
        plate
        if min(contrast(own.text, plate), contrast(own.accent, plate)) >= LEAST_CONTRAST
        else own.background
    )


def _readable(letters: Callable[[], BigLetters], own: OwnColours) -> Callable[[], BigLetters]:
    """The design's letters; where a title's own colours cannot be read here, it is in the accent's."""

    def made() -> BigLetters:
        design = letters()
        inks = design.inks(own.accent, title=True)
        is_read = all(contrast(ink, own.background) >= _LEAST_OF_LARGE for ink in inks)
        return design if is_read else OneColour(design, own.accent)

    return made


def _ground(theme: Theme, background: Colour, layout: Layout) -> pygame.Surface:
    """The design's frame around one colour."""
    surface = theme.ground(layout)
    surface.fill(background, Box(0, 0, *layout.size).inset(layout.rail + layout.rail // 4 + 2))
    return surface
