"""In which language the screen speaks: as the feed asks for, and with the operator's own words. EDGE."""

from __future__ import annotations

from attract_screen.language.catalogues import Catalogues
from attract_screen.model.feed_format import Feed
from attract_screen.model.wording import ENGLISH, Language, language_at


class Speaker:
    """Knows the languages. Those of the last feed stay: an apology is understood, too."""

    def __init__(self, catalogues: Catalogues) -> None:
        self._catalogues = catalogues
        self._codes: tuple[str, ...] = (ENGLISH.code,)

    def language(self, feed: Feed | None, elapsed_s: float) -> Language:
        """The language whose turn it is."""
        if feed is not None:
            self._codes = feed.languages
        return self._catalogues.language(language_at(self._codes, elapsed_s))
