"""CORE. The letters that the screen's typeface has, and what is shown in the place of a name in others."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import Final

HasLetter = Callable[[str], bool]
"""Whether a character can be shown here: by DejaVu, or by a font that is installed beside it."""

# From DejaVu Sans Condensed Bold, without what is written from right to left, stacks on its neighbour, or is
# above U+FFFF, on which pygame before 2.1.3 raises: Latin, Greek, Cyrillic, Armenian, Georgian, and signs.
_RANGES: Final = (
    (0x20, 0x7E),
    (0xA1, 0xAC),
    (0xAE, 0x2E9),
    (0x370, 0x377),
    (0x37A, 0x37F),
    (0x384, 0x38A),
    (0x38C, 0x38C),
    (0x38E, 0x3A1),
    (0x3A3, 0x482),
    (0x48A, 0x525),
    (0x531, 0x556),
    (0x559, 0x55F),
    (0x561, 0x587),
    (0x10A0, 0x10C5),
    (0x10D0, 0x10FC),
    (0x1E00, 0x1EFB),
    (0x2010, 0x2027),
    (0x2030, 0x205E),
    (0x2074, 0x208E),
    (0x20A0, 0x20B5),
    (0x20B8, 0x20BA),
    (0x20BD, 0x20BD),
    (0x2100, 0x2109),
    (0x210B, 0x2149),
    (0x2150, 0x2185),
    (0x2190, 0x2311),
    (0x2460, 0x2469),
    (0x2500, 0x269C),
    (0x269E, 0x26B8),
    (0x2701, 0x2704),
    (0x2706, 0x2709),
    (0x270C, 0x2727),
    (0x2729, 0x274B),
    (0x2761, 0x2794),
    (0x2798, 0x27AF),
    (0x27B1, 0x27BE),
)
# Kana, Han and Hangul, with their signs and their wide forms of others; without what joins its neighbour.
_WIDE: Final = (
    (0x2E80, 0x2FD5),
    (0x3001, 0x3029),
    (0x3030, 0x303F),
    (0x3041, 0x3096),
    (0x309B, 0x31FF),
    (0x3220, 0x33FF),
    (0x3400, 0x9FFF),
    (0xAC00, 0xD7A3),
    (0xF900, 0xFAFF),
    (0xFF01, 0xFFE6),
)


def has_letter(character: str) -> bool:
    """Whether the typeface has it, and it stands on its own, from left to right."""
    code = ord(character)
    return any(first <= code <= last for first, last in _RANGES)


def drawable(text: str, can_show: HasLetter = has_letter) -> str:
    """The text on one line, composed, with a space for each character that cannot be shown."""
    composed = unicodedata.normalize("NFC", text)
    return " ".join("".join(c if can_show(c) else " " for c in composed).split())


def title_of(name: str, machine_id: str, can_show: HasLetter = has_letter) -> str:
    """The name without signs that cannot be shown; the machine's id if it lacks letters, or has none left."""
    title = drawable(name, can_show)
    if any(_is_of_a_word(c) for c in lacking(name, can_show)) or not any(c.isalnum() for c in title):
        return machine_id
    return title


def is_wide(character: str) -> bool:
    """Whether it is of Chinese, Japanese or Korean writing, for which there are fonts of their own."""
    code = ord(character)
    return any(first <= code <= last for first, last in _WIDE)


def is_kana(character: str) -> bool:
    """Whether it is of the Japanese syllables, which the screen's own font has whole."""
    return "\u3041" <= character <= "\u3096" or "\u30a1" <= character <= "\u30fc"


def lacking(text: str, can_show: HasLetter = has_letter) -> list[str]:
    """The characters of a text that the screen cannot show, in their order."""
    composed = unicodedata.normalize("NFC", text)
    return [c for c in composed if not can_show(c) and not c.isspace()]


def _is_of_a_word(character: str) -> bool:
    """Letters, and what stands on them; but not the marks that make an emoji of a sign."""
    is_sign = unicodedata.name(character, "").startswith(("VARIATION SELECTOR", "COMBINING ENCLOSING"))
    return unicodedata.category(character)[0] in "LMN" and not is_sign
