"""CORE. Other people's text for a terminal or a log: what would act there is written out."""

from __future__ import annotations


def plain(text: str, *, keep: str = "") -> str:
    r"""The text, with whatever is not seen as itself spelled out: \x1b, \u202e, \n.

    Escape sequences move cursors and colour lines, line ends forge lines, and directional marks turn words
    round. `keep` are characters that pass all the same.
    """
    if text.isprintable():
        return text
    return "".join(_spelled(character) if character not in keep else character for character in text)


def _spelled(character: str) -> str:
    return character if character.isprintable() else character.encode("unicode_escape").decode()
