"""EDGE. The catalogues that `make locales` compiled: each is read when the first player wants it."""

from __future__ import annotations

import gettext
from functools import cache
from pathlib import Path

from cloud_relay.rules.language import DEFAULT, ENGLISH, Language

DOMAIN = "cloud_relay"
FOLDER = Path(__file__).with_name("locales")


# A text in it is never the same as ours: what it knows is a text of ours.
_FOREIGN = "zh_CN"


@cache
def language(code: str) -> Language:
    """The language of this code; in English words where its catalogue is missing."""
    if code == DEFAULT:
        return ENGLISH
    return Language(code, gettext.translation(DOMAIN, FOLDER, [code], fallback=True))


def texts_of_ours(text: str) -> tuple[str, ...]:
    """The text, where the pages have it; twice where they have a form of it for one thing and for more."""
    foreign = language(_FOREIGN)
    if foreign.ngettext(text, text, 2) != text:
        return (text, text)
    return (text,) if foreign.gettext(text) != text else ()
