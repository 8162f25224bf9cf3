"""The three faces that text is set in: how wide it is, and how it is drawn."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from functools import lru_cache
from typing import Protocol

import pygame

from attract_screen.model.wording import USUAL_LANGUAGE
from attract_screen.picture.colours import Colour
from attract_screen.picture.letters.sans import Sans

_MOST_BIG = 12


class Typeface(Enum):
    """TITLE is a design's showiest lettering, PIXEL its plain letters, SANS the small print of all."""

    TITLE = "title"
    PIXEL = "pixel"
    SANS = "sans"


class BigLetters(Protocol):
    """A design's own letters: plain ones, and those of a title, which bring their own colours."""

    def spelled(self, text: str) -> str | None:
        """The text in letters that exist here, or None."""

    def sizes(self, largest_px: int, smallest_scale: int, *, title: bool) -> Iterator[int]:
        """The sizes to try for a line of at most so many pixels, from the largest down."""

    def tiny_sizes(self, smallest_scale: int) -> Iterator[int]:
        """What is left to try where not even the small print has room."""

    def width(self, text: str, size: int, *, title: bool) -> int:
        """Pixels from the first to the last column of a spelled text."""

    def height(self, size: int, *, title: bool) -> int:
        """Pixels from the top to the bottom of one line."""

    def gap(self, size: int) -> int:
        """Pixels between two lines."""

    def draw(self, text: str, size: int, colour: Colour, *, title: bool) -> pygame.Surface:
        """The spelled text on a transparent ground."""

    def inks(self, colour: Colour, *, title: bool) -> tuple[Colour, ...]:
        """The colours that letters are told from their ground by, if they are asked for in this one."""


class Typefaces:
    """Measures and draws text. Sizes are the letters' own (TITLE, PIXEL), or pixels per em (SANS)."""

    def __init__(self, letters: BigLetters, language: str = USUAL_LANGUAGE) -> None:
        self._letters = letters
        self._sans = Sans.of(language)
        # A picture has mostly what the one before it had; nobody paints on what is handed out.
        self._big = lru_cache(maxsize=_MOST_BIG)(letters.draw)

    def spelled(self, text: str, face: Typeface) -> str | None:
        """The text as the face writes it, or None if it lacks a letter."""
        return text if face is Typeface.SANS else self._letters.spelled(text)

    def sizes(self, face: Typeface, largest_px: int, smallest_scale: int) -> Iterator[int]:
        """The sizes to try of a design's own letters, from the largest down."""
        if face is Typeface.SANS:
            return iter(())
        return self._letters.sizes(largest_px, smallest_scale, title=face is Typeface.TITLE)

    def tiny_sizes(self, face: Typeface, smallest_scale: int) -> Iterator[int]:
        """The sizes of a design's own letters to try where not even the small print has room."""
        return iter(()) if face is Typeface.SANS else self._letters.tiny_sizes(smallest_scale)

    def width(self, text: str, face: Typeface, size: int) -> int:
        """Pixels from the first to the last column of a spelled text."""
        if face is Typeface.SANS:
            return self._sans.width(text, size)
        return self._letters.width(text, size, title=face is Typeface.TITLE)

    def height(self, face: Typeface, size: int) -> int:
        """Pixels from the top to the bottom of one line."""
        if face is Typeface.SANS:
            return self._sans.height(size)
        return self._letters.height(size, title=face is Typeface.TITLE)

    def gap(self, face: Typeface, size: int) -> int:
        """Pixels between two lines; a font brings its own."""
        return 0 if face is Typeface.SANS else self._letters.gap(size)

    def draw(self, text: str, face: Typeface, size: int, colour: Colour) -> pygame.Surface:
        """The spelled text on a transparent ground; a TITLE brings its own colours."""
        if face is Typeface.SANS:
            return self._sans.draw(text, size, colour)
        return self._big(text, size, colour, title=face is Typeface.TITLE)

    def inks(self, face: Typeface, colour: Colour) -> tuple[Colour, ...]:
        """The colours that a text of this face is really told from its ground by."""
        if face is Typeface.SANS:
            return (colour,)
        return self._letters.inks(colour, title=face is Typeface.TITLE)
