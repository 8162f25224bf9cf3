"""EDGE. The catalogues that `make locales` compiled: each is read when the first player wants it."""

from __future__ import annotations

import gettext
from functools import cache
from pathlib import Path

from cloud_relay.rules.language import DEFAULT, ENGLISH, Language

DOMAIN = "cloud_relay"
FOLDER = Path(__file__).with_name("locales")


@cache
def language(code: str) -> Language:
    """The language of this code; in English words where its catalogue is missing."""
    if code == DEFAULT:
        return ENGLISH
    return Language(code, gettext.translation(DOMAIN, FOLDER, [code], fallback=True))
