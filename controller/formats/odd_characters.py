"""CORE. Characters that look like what was meant and are not: what editors, phones and web pages put in."""

from __future__ import annotations

import unicodedata
from typing import Final

_DOUBLE, _SINGLE = "“”„‟«»″＂〝〞", "‘’‚‛‹›′´｀"
_INSTEAD: Final = {
    **dict.fromkeys(_DOUBLE, '"'),
    **dict.fromkeys(_SINGLE, "'"),
    "−": "-",
    "∶": ":",
    "ː": ":",
    "꞉": ":",
    "⁄": "/",
    "。": ".",
    "\t": "spaces",
}
_QUOTES = {*_DOUBLE, *_SINGLE, '"', "'"}
_BY_CATEGORY: Final = {"Pd": "-", "Zs": "a space"}
_NOTHING_TO_SEE = ("Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp")
# Alphabets with letters that look like ours on every screen.
_LOOK_ALIKE = ("CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE")


def named(character: str) -> str:
    """A character by its number and its name."""
    if character == "\t":
        return "a tab"
    nameless = "a control character" if unicodedata.category(character) == "Cc" else "it has no name"
    return f"U+{ord(character):04X} ({unicodedata.name(character, nameless).lower()})"


def remedy(character: str) -> str | None:
    """What to do about it; None if it is meant, as far as anybody can tell."""
    if character == "\n" or (character.isascii() and character.isprintable()):
        return None
    if instead := _INSTEAD.get(character) or _plainly(character):
        return f"type {instead}"
    if unicodedata.category(character) in _NOTHING_TO_SEE:
        return "delete it"
    if unicodedata.name(character, "").startswith(_LOOK_ALIKE):
        return "type it anew, in Latin letters"
    return None


def _plainly(character: str) -> str | None:
    """How a keyboard types what is meant; None if it means nothing of the kind."""
    if instead := _BY_CATEGORY.get(unicodedata.category(character)):
        return instead
    digit = unicodedata.decimal(character, None)
    plain = unicodedata.normalize("NFKC", character) if digit is None else str(digit)
    return plain if plain.isascii() and plain.isprintable() else None


def oddity(text: str, first: int = 1) -> str | None:
    """The first odd character of a text whose own first is number `first`, and what to do about it."""
    for number, character in enumerate(text, first):
        if todo := remedy(character):
            return f"character {number} is {named(character)}: {todo}"
    return None


def has_false_quotes(text: str) -> bool:
    """Whether a text begins and ends with what an editor made of quotes, so that they are part of it."""
    ends = text[:1] + text[-1:]
    return len(text) > 1 and {*ends} <= _QUOTES and not ends.isascii()


def false_quote(text: str) -> str | None:
    """The first character that an editor has made of a quote, and what to do about it."""
    at = next(
        (at for at, character in enumerate(text) if character in _QUOTES and not character.isascii()), None
    )
    return None if at is None else oddity(text[at], at + 1)
