"""Small print: DejaVu, and for what it lacks the fonts of Chinese and Japanese, on one line."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import cached_property, lru_cache
from pathlib import Path

import pygame

from attract_screen.model.letters import HasLetter, has_letter, is_wide
from attract_screen.model.wording import USUAL_LANGUAGE
from attract_screen.picture.colours import Colour
from attract_screen.picture.letters.font_files import SAMPLES, SANS_FILE, wide_files
from attract_screen.picture.letters.glyphs import has_glyph

_TALL_AND_DEEP = "Ågjpqy/|_…"  # a font's own line height is a pixel short of these at some sizes
NO_BREAK_SPACES = "\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}"
_ANY_SIZE = 16  # to ask what a font has
# Each takes a fifth of a megabyte, and looking for the largest size that fits opens many.
_MOST_FONTS = 32

_log = logging.getLogger(__name__)


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
        pygame.font.init()
        self._fonts: dict[tuple[Path, int], pygame.font.Font] = {}
        self._files = wide_files
        self._runs = lru_cache(maxsize=512)(self._runs_of)
        self._has = lru_cache(maxsize=1024)(self._look)

    @classmethod
    def of(cls, language: str) -> Sans:
        """With the fonts that are here for a language."""
        return cls(wide_files(language))

    def has_wide(self, text: str) -> bool:
        """Whether there is a glyph for each wide character of the text."""
        return all(self._file_of(c) is not None for c in text if is_wide(c))

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

    def _runs_of(self, text: str) -> tuple[tuple[Path, str], ...]:
        """The text in parts of one font each. One font for all that is wide, if there is one."""
        wide = "".join(c for c in text if is_wide(c))
        if not wide:
            return ((SANS_FILE, text),)
        whole = next((path for path in self._wide_files if all(self._has(path, c) for c in wide)), None)
        parts: list[tuple[Path, str]] = []
        for character in text:
            path = (whole or self._file_of(character) or SANS_FILE) if is_wide(character) else SANS_FILE
            if parts and parts[-1][0] == path:
                parts[-1] = path, parts[-1][1] + character
            else:
                parts.append((path, character))
        return tuple(parts)

    @cached_property
    def _wide_files(self) -> tuple[Path, ...]:
        """Opened only for who has something to write with them."""
        return tuple(path for path in self._files if self._opens(path))

    def _file_of(self, character: str) -> Path | None:
        return next((path for path in self._wide_files if self._has(path, character)), None)

    def _look(self, path: Path, character: str) -> bool:
        return has_glyph(self._font(path, _ANY_SIZE), character)

    def _opens(self, path: Path) -> bool:
        try:
            self._font(path, _ANY_SIZE).size(" ")  # only then are some pygames aware of what they opened
        except (OSError, pygame.error, TypeError) as error:  # TypeError: pygame 2.1 for what is no font
            _log.warning("The font %s cannot be used: %s", path, error)
            return False
        return True

    def _font(self, path: Path, size: int) -> pygame.font.Font:
        if (path, size) not in self._fonts:
            if len(self._fonts) >= _MOST_FONTS:
                del self._fonts[next(iter(self._fonts))]
            self._fonts[path, size] = pygame.font.Font(str(path), size)
        return self._fonts[path, size]
