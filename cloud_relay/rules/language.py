"""CORE. The language of who reads: our English words -> the reader's, filled in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import time
from typing import Final, Protocol

from cloud_relay.rules.clock_times import clock_time
from cloud_relay.rules.prices import price

# As a phone names a language, without its region: https://www.rfc-editor.org/rfc/rfc9110#field.accept-language
_OF_PRIMARY_TAG: Final = {
    "en": "en", "es": "es", "fr": "fr", "de": "de", "ms": "ms", "zh": "zh_CN", "ja": "ja",
}  # fmt: skip
CODES: Final = tuple(_OF_PRIMARY_TAG.values())
DEFAULT: Final = "en"


class Catalogue(Protocol):
    """The translations of one language, as the standard library's gettext has them."""

    def gettext(self, message: str) -> str:
        """The message in this language; as it is where nobody has translated it."""
        ...

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        """The form for so many, of a message about one thing or about more."""
        ...


class _AsWritten:
    def gettext(self, message: str) -> str:
        return message

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return msgid1 if n == 1 else msgid2


@dataclass(frozen=True)
class Language:
    """A language, by its catalogue's name (`zh_CN`), and the words in it."""

    code: str
    catalogue: Catalogue

    @property
    def tag(self) -> str:
        """The name of the language in HTML and HTTP: `zh-CN`."""
        return self.code.replace("_", "-")

    def gettext(self, message: str) -> str:
        """The message in this language; a place such as {amount} is still to be filled in."""
        return self.catalogue.gettext(message)

    def ngettext(self, one: str, more: str, count: int) -> str:
        """The message about so many things."""
        return self.catalogue.ngettext(one, more, count)

    def price(self, amount: int, currency: str) -> str:
        """An amount in minor units, in this language's form."""
        return price(amount, currency, self.code)

    def time(self, shown: time) -> str:
        """A time of the day, to the minute, in this language's form."""
        return clock_time(shown.hour, shown.minute, self.code)

    def credits(self, count: int) -> str:
        """A number of credits as people say it: `1 credit`, `3 credits`."""
        return self.ngettext("{count} credit", "{count} credits", count).format(count=count)


ENGLISH: Final = Language(DEFAULT, _AsWritten())
"""The words as this program has them."""


def language_for(wanted: Iterable[str]) -> str:
    """The first language of these that we have, liked best first (`es-MX`, `en`); English if none is."""
    known = (_OF_PRIMARY_TAG.get(tag.partition("-")[0].lower()) for tag in wanted)
    return next((code for code in known if code), DEFAULT)


def marked(message: str) -> str:
    """The message, which is translated where it is shown: the catalogues gather it here."""
    return message
