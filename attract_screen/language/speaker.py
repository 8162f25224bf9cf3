"""In which language the screen speaks: as the feed asks for, and with the operator's own words. EDGE."""

from __future__ import annotations

import time
from pathlib import Path

from attract_screen.language.catalogues import Catalogues
from attract_screen.language.formats.own_words import OwnFirst, OwnWords
from attract_screen.language.own_file import OwnFile
from attract_screen.material.complaints import Complaints
from attract_screen.model.feed_format import Feed
from attract_screen.model.wording import USUAL_LANGUAGE, Language, in_turn
from attract_screen.picture.letters.sans import can_write, first_lacking


class Speaker:
    """Knows the languages. Those of the last feed stay: an apology is understood, too."""

    def __init__(self, catalogues: Catalogues, own: OwnFile) -> None:
        self._catalogues = catalogues
        self._own = own
        self._codes: tuple[str, ...] = (USUAL_LANGUAGE,)
        self._path: Path | None = None
        self._words: OwnWords = {}
        self._with_own: dict[str, Language] = {}

    def languages(self, feed: Feed | None, elapsed_s: float) -> list[Language]:
        """The language whose turn it is, then the others; equal to those before while their words are."""
        if feed is not None:
            self._codes, self._path = feed.languages, Path(feed.words) if feed.words else None
        words = self._own.words(self._path, elapsed_s)
        if words is not self._words:
            self._words, self._with_own = words, {}
        return [self._language(code) for code in in_turn(self._codes, elapsed_s)]

    def _language(self, code: str) -> Language:
        if code not in self._with_own:
            self._with_own[code] = self._spoken(self._catalogues.language(code))
        return self._with_own[code]

    def _spoken(self, language: Language) -> Language:
        own = self._words.get(language.code)
        return Language(language.code, OwnFirst(language.words, own)) if own else language


def speaker() -> Speaker:
    """One for this machine, with the fonts that are here."""
    own = OwnFile(first_lacking, Complaints(time.monotonic))
    return Speaker(Catalogues(can_write), own)
