"""The languages by their catalogues in `locales`, each read once. EDGE."""

from __future__ import annotations

import gettext
import logging
import struct
from collections.abc import Callable
from pathlib import Path

from attract_screen.language.formats.own_words import OurText, length
from attract_screen.model.wording import ENGLISH, LANGUAGES, Language, Words

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
        except (OSError, ValueError, LookupError, struct.error) as error:
            _log.warning("The screen's texts in %s cannot be read, and are shown in English: %s", code, error)
            return ENGLISH
        if not self._can_write(code):
            _log.warning("The font for texts in %s is missing; they are shown in English", code)
            return ENGLISH
        return Language(code, words)


def find_ours(text: str) -> OurText | None:
    """A text of the screen's with its forms, by its English words; None if there is none such."""
    said: list[str] = []
    is_plural = False
    for code in LANGUAGES:
        try:
            words = gettext.translation(_DOMAIN, LOCALES, [code])
        except (OSError, ValueError, LookupError, struct.error):
            continue
        has_forms = words.ngettext(text, "", 2) != ""
        is_plural |= has_forms
        said.append(words.ngettext(text, text, 2) if has_forms else words.gettext(text))
    # No language but ours has the same words for it.
    if not is_plural and all(each == text for each in said):
        return None
    return OurText((text, text) if is_plural else (text,), max(map(length, (text, *said))))
