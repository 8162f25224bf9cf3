"""CORE. A language as a value: the words of its catalogue, and its way with amounts and times."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

from attract_screen.model.clock_times import clock_time
from attract_screen.model.prices import price

LANGUAGES: Final = {
    "en": "English",
    "es": "Spanish",
    "fr": "French",
    "de": "German",
    "ms": "Malay",
    "zh_CN": "Simplified Chinese",
    "ja": "Japanese",
}
"""Those that there are catalogues for, by the names that a technician writes."""
USUAL_LANGUAGE: Final = "en"
MOST_LANGUAGES: Final = 2
_WITHOUT_SPACES: Final = frozenset({"zh_CN", "ja"})
LANGUAGE_S: Final = 8.0
"""So long is one of several languages shown: time to read the prices, and no multiple of any page's time."""


class Words(Protocol):
    """A catalogue, such as gettext's; a text that it lacks comes back as it is."""

    def gettext(self, message: str, /) -> str:
        """The text in this language."""

    def ngettext(self, one: str, many: str, count: int, /) -> str:
        """The text for so many."""


class Untranslated:
    """English, as it stands in the code."""

    def gettext(self, message: str, /) -> str:
        """The text as it is."""
        return message

    def ngettext(self, one: str, many: str, count: int, /) -> str:
        """The text for one, or that for any other number."""
        return one if count == 1 else many


@dataclass(frozen=True)
class Language:
    """What the texts of a picture are written in."""

    code: str
    words: Words

    def gettext(self, message: str) -> str:
        """The text in this language."""
        return self.words.gettext(message)

    def ngettext(self, one: str, many: str, count: int) -> str:
        """The text for so many, whose number it names as {count}."""
        return self.words.ngettext(one, many, count).format(count=count)

    def sentences(self, *texts: str) -> str:
        """Several sentences, one after the other; in Chinese and Japanese no space is between them."""
        return ("" if self.code in _WITHOUT_SPACES else " ").join(texts)

    def price(self, amount: int, currency: str) -> str:
        """An amount in minor units as it is written here."""
        return price(amount, currency, self.code)

    def clock(self, wall_time: str) -> str:
        """What a clock shows, told as "17:00", as it is written here."""
        hour, minute = wall_time.split(":")
        return clock_time(int(hour), int(minute), self.code)


ENGLISH: Final = Language(USUAL_LANGUAGE, Untranslated())


def in_turn(codes: tuple[str, ...], elapsed_s: float) -> tuple[str, ...]:
    """The languages, the one that has its turn first."""
    first = int(elapsed_s // LANGUAGE_S) % len(codes)
    return codes[first:] + codes[:first]
