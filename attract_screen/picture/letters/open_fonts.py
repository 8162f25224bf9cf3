"""Fonts as files that are open: each takes memory and a descriptor until it is closed.

Nothing here holds itself, not even by a cache of its own method: a font is closed at once with what was drawn
with it, and not whenever Python looks for rings.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import cached_property, lru_cache
from pathlib import Path

import pygame

from attract_screen.model.letters import is_wide
from attract_screen.picture.letters.font_files import SANS_FILE
from attract_screen.picture.letters.glyphs import has_glyph

Run = tuple[Path, str]
_ANY_SIZE = 16  # to ask what a font has
# Each takes a fifth of a megabyte, and looking for the largest size that fits opens many.
_MOST_FONTS = 32

_log = logging.getLogger(__name__)


class OpenFonts:
    """Those in use, by file and pixels per em; the longest open one is closed for a new one."""

    def __init__(self) -> None:
        pygame.font.init()
        self._fonts: dict[tuple[Path, int], pygame.font.Font] = {}

    def font(self, path: Path, size: int) -> pygame.font.Font:
        """The font, opened if it is not.

        Raises:
            OSError: there is no such file.
            pygame.error: it is no font; pygame 2.1 raises TypeError.
        """
        if (path, size) not in self._fonts:
            if len(self._fonts) >= _MOST_FONTS:
                del self._fonts[next(iter(self._fonts))]
            self._fonts[path, size] = pygame.font.Font(str(path), size)
        return self._fonts[path, size]

    def has(self, path: Path, character: str) -> bool:
        """Whether the font has a glyph of its own for it."""
        return has_glyph(self.font(path, _ANY_SIZE), character)

    def opens(self, path: Path) -> bool:
        """Whether the font can be used; if not, the log says why."""
        try:
            self.font(path, _ANY_SIZE).size(" ")  # only then are some pygames aware of what they opened
        except (OSError, pygame.error, TypeError) as error:
            _log.warning("The font %s cannot be used: %s", path, error)
            return False
        return True


class WideFonts:
    """The fonts of what the small print's own font lacks; `files` are asked in their order."""

    def __init__(self, fonts: OpenFonts, files: Sequence[Path]) -> None:
        self._fonts = fonts
        self._files = files
        self._has = lru_cache(maxsize=1024)(fonts.has)

    def has(self, character: str) -> bool:
        """Whether one of them has a glyph for it."""
        return self._file_of(character) is not None

    def runs(self, text: str) -> tuple[Run, ...]:
        """The text in parts of one font each. One font for all that is wide, if there is one."""
        wide = "".join(c for c in text if is_wide(c))
        if not wide:
            return ((SANS_FILE, text),)
        whole = next((path for path in self._usable if all(self._has(path, c) for c in wide)), None)
        parts: list[Run] = []
        for character in text:
            path = (whole or self._file_of(character) or SANS_FILE) if is_wide(character) else SANS_FILE
            if parts and parts[-1][0] == path:
                parts[-1] = path, parts[-1][1] + character
            else:
                parts.append((path, character))
        return tuple(parts)

    @cached_property
    def _usable(self) -> tuple[Path, ...]:
        """Opened only for who has something to write with them."""
        return tuple(path for path in self._files if self._fonts.opens(path))

    def _file_of(self, character: str) -> Path | None:
        return next((path for path in self._usable if self._has(path, character)), None)
