"""Small print: DejaVu, and for what it lacks the fonts of Chinese and Japanese, on one line."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import pygame

from attract_screen.model.letters import HasLetter, has_letter, is_wide
from attract_screen.model.wording import USUAL_LANGUAGE
from attract_screen.picture.colours import Colour
from attract_screen.picture.letters.font_files import SAMPLES, SANS_FILE, wide_files
from attract_screen.picture.letters.open_fonts import OpenFonts, WideFonts

_TALL_AND_DEEP = "Ågjpqy/|_…"  # a font's own line height is a pixel short of these at some sizes
NO_BREAK_SPACES = "\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}"


def letters_here(files: Sequence[Path] | None = None) -> HasLetter:
    """Which characters a name may hold, in whatever language the rest is written."""
    wide = Sans(wide_files(USUAL_LANGUAGE) if files is None else files)
    return lambda character: has_letter(character) or (is_wide(character) and wide.has_wide(character))


def can_write(language: str) -> bool:
    """Whether the font is here that the language cannot do without."""
    return Sans.of(language).has_wide(SAMPLES.get(language, ""))


def first_lacking(language: str, text: str) -> str:
    """The first character that a text in this language cannot be shown with; nothing if it can."""
    wide = Sans.of(language)
    known = (c in NO_BREAK_SPACES or has_letter(c) or (is_wide(c) and wide.has_wide(c)) for c in text)
    return next((c for c, is_known in zip(text, known, strict=True) if not is_known), "")


class Sans:
    """Measures and draws one line; sizes are pixels per em. `wide_files` are asked in their order."""

    def __init__(self, wide_files: Sequence[Path] = ()) -> None:
        fonts = OpenFonts()
        self._font = fonts.font
        self._wide = WideFonts(fonts, wide_files)
        self._runs = lru_cache(maxsize=512)(self._wide.runs)

    @classmethod
    def of(cls, language: str) -> Sans:
        """With the fonts that are here for a language."""
        return cls(wide_files(language))

    def has_wide(self, text: str) -> bool:
        """Whether there is a glyph for each wide character of the text."""
        return all(map(self._wide.has, filter(is_wide, text)))

    def width(self, text: str, size: int) -> int:
        """Pixels from the first to the last column."""
        return sum(self._font(path, size).size(run)[0] for path, run in self._runs(text))

    def height(self, size: int) -> int:
        """Pixels from the top to the bottom of a line, whatever stands on it."""
        return self._font(SANS_FILE, size).size(_TALL_AND_DEEP)[1]

    def draw(self, text: str, size: int, colour: Colour) -> pygame.Surface:
        """The text on a transparent ground, its fonts on one base line."""
        base = self._font(SANS_FILE, size).get_ascent()
        runs = self._runs(text)
        if len(runs) == 1 and runs[0][0] == SANS_FILE:
            return self._font(SANS_FILE, size).render(text, True, colour)
        line = pygame.Surface((max(1, self.width(text, size)), self.height(size)), pygame.SRCALPHA, 32)
        left = 0
        for path, run in runs:
            font = self._font(path, size)
            line.blit(font.render(run, True, colour), (left, base - font.get_ascent()))
            left += font.size(run)[0]
        return line
