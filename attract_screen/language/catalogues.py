"""The languages by their catalogues in `locales`, each read once. EDGE."""

from __future__ import annotations

import gettext
import logging
from collections.abc import Callable
from pathlib import Path

from attract_screen.model.wording import ENGLISH, Language, Words

LOCALES = Path(__file__).parent.parent / "locales"
_DOMAIN = "attract_screen"

_log = logging.getLogger(__name__)


class Catalogues:
    """Languages by their codes. What cannot be read or written here is English, and that is said once."""

    def __init__(self, can_write: Callable[[str], bool], folder: Path = LOCALES) -> None:
        self._can_write = can_write
        self._folder = folder
        self._known: dict[str, Language] = {ENGLISH.code: ENGLISH}

    def language(self, code: str) -> Language:
        """The language of this code; English in its place."""
        if code not in self._known:
            self._known[code] = self._opened(code)
        return self._known[code]

    def _opened(self, code: str) -> Language:
        try:
            words: Words = gettext.translation(_DOMAIN, self._folder, [code])
        except (OSError, UnicodeDecodeError, ValueError) as error:
            _log.warning("The screen's texts in %s cannot be read, and are shown in English: %s", code, error)
            return ENGLISH
        if not self._can_write(code):
            _log.warning("The font for texts in %s is missing; they are shown in English", code)
            return ENGLISH
        return Language(code, words)
