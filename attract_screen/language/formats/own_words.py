"""CORE. The operator's own words in the place of ours: languages, our texts and theirs -> OwnWords."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from attract_screen.material.formats.tree import Mistake, Rows, Section, Tree, Word
from attract_screen.model.letters import is_wide
from attract_screen.model.wording import LANGUAGES, Words

OwnWords = Mapping[str, Mapping[str, tuple[str, ...]]]
"""Language -> our English text -> the operator's: one, or the forms for one thing and for more."""

_SHORTEST_LIMIT = 20  # so many letters have room wherever a text of ours stands
_PLACE = re.compile(r"\{(\w*)\}")


@dataclass(frozen=True)
class OurText:
    """A text of ours: its forms in English, and how long the longest is that any language has for it."""

    forms: tuple[str, ...]
    longest: int


FindOurs = Callable[[str], OurText | None]
Lacking = Callable[[str, str], str]
"""Language and text -> the first character of it that cannot be shown, or nothing."""


def read_own_words(
    tree: Tree | None, find_ours: FindOurs, lacking: Lacking
) -> tuple[OwnWords, tuple[Mistake, ...]]:
    """The words that can be used, and what is wrong with each of the others."""
    words: dict[str, dict[str, tuple[str, ...]]] = {}
    mistakes: list[Mistake] = []
    for code, text, own in _entries(tree, mistakes):
        ours = find_ours(text)
        wrong = "the screen has no such text" if ours is None else _wrong(code, ours, own, lacking)
        if wrong:
            mistakes.append(Mistake(own.line, f"{_short(text)}: {wrong}; it is left out"))
        else:
            words.setdefault(code, {})[text] = _forms(own)
    return words, tuple(mistakes)


def _entries(tree: Tree | None, mistakes: list[Mistake]) -> Iterator[tuple[str, str, Tree]]:
    if tree is None:
        return
    if not isinstance(tree, Section):
        mistakes.append(Mistake(tree.line, "languages are expected, such as en: and words below it"))
        return
    for code, section in tree.keys.items():
        if code not in LANGUAGES:
            known = ", ".join(LANGUAGES)
            mistakes.append(Mistake(section.line, f"{_short(code)} is no language of the screen's: {known}"))
        elif not isinstance(section, Section):
            mistakes.append(Mistake(section.line, f"below {code}: our text, a colon and yours are expected"))
        else:
            yield from ((code, text, own) for text, own in section.keys.items())


def _wrong(code: str, ours: OurText, own: Tree, lacking: Lacking) -> str:
    forms = _forms(own)
    most = max(_SHORTEST_LIMIT, ours.longest)
    if not 1 <= len(forms) <= len(ours.forms):
        return "write a text" + (", or two in brackets: for one, and for more" if len(ours.forms) > 1 else "")
    for form in forms:
        if not form.strip() or not form.isprintable():
            return f"{_short(form)} is no text"
        if length(form) > most:
            return f"{_short(form)} is too long: {most} letters at most ({most // 2} of Chinese or Japanese)"
        if _places(form) - _places(ours.forms[-1]) or form.count("{") != len(_PLACE.findall(form)):
            return f"{_short(form)} has braces that mean nothing here"
        if character := lacking(code, form):
            return f"{_short(form)} has {character!r}, which no font here has"
    return ""


def _forms(own: Tree) -> tuple[str, ...]:
    """The texts, or nothing where there is something else."""
    if isinstance(own, Word):
        return (own.text,)
    if isinstance(own, Rows) and all(isinstance(row, Word) for row in own.rows):
        return tuple(row.text for row in own.rows if isinstance(row, Word))
    return ()


def length(text: str) -> int:
    """How much room a text takes, in letters; a character of Chinese or Japanese has that of two."""
    return sum(2 if is_wide(c) else 1 for c in text)


def _places(text: str) -> set[str]:
    return set(_PLACE.findall(text))


def _short(text: str) -> str:
    shown = repr(text)
    return shown if len(shown) <= 60 else f"{shown[:60]}…"


class OwnFirst:
    """A catalogue that has the operator's words before ours."""

    def __init__(self, ours: Words, own: Mapping[str, tuple[str, ...]]) -> None:
        self._ours = ours
        self._own = own

    def gettext(self, message: str) -> str:
        """Theirs, or ours."""
        own = self._own.get(message)
        return own[0] if own else self._ours.gettext(message)

    def ngettext(self, one: str, many: str, count: int) -> str:
        """Theirs for so many, or ours."""
        own = self._own.get(one)
        if own:
            return own[0] if count == 1 else own[-1]
        return self._ours.ngettext(one, many, count)
