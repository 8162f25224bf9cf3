"""CORE. The WORDS setting: an operator's own words in the place of ours, in each language."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping

from cloud_relay.rules.language import CODES, Language

OwnWords = Mapping[str, Mapping[str, tuple[str, ...]]]
"""Language -> our English text -> the operator's: one, or the forms for one thing and for more."""

_LONGEST = 200
_MOST = 200
_PLACE = re.compile(r"\{(\w*)\}")


def read_own_words(text: str, texts_of_ours: Callable[[str], tuple[str, ...]]) -> OwnWords:
    """The WORDS setting; `texts_of_ours` gives the forms of a text of ours, and none of another.

    Raises:
        ValueError: it is not what it should be; each line of the message names a place and the remedy.
    """
    try:
        root = json.loads(text)
    except json.JSONDecodeError as why:
        raise ValueError(f"is not JSON: {why}") from None
    except RecursionError:
        raise ValueError("is nested too deep: write it as README.md shows") from None
    if problems := list(_problems(root, texts_of_ours)):
        raise ValueError("\n".join(problems))
    return {code: {ours: _forms(own) for ours, own in words.items()} for code, words in root.items()}


def _problems(root: object, texts_of_ours: Callable[[str], tuple[str, ...]]) -> Iterator[str]:
    if not isinstance(root, dict):
        yield 'must be a JSON object: write {"en": {"Ready to play": "Come and play"}}'
        return
    for code, words in root.items():
        if code not in CODES:
            yield f"{_short(code)} is no language of ours: {', '.join(CODES)} are"
        elif not isinstance(words, dict) or len(words) > _MOST:
            yield f"{code} must be a JSON object of {_MOST} texts at most: our words, and yours"
        else:
            for ours, own in words.items():
                yield from (f"{code}, {_short(ours)}: {why}" for why in _wrong(own, texts_of_ours(ours)))


def _wrong(own: object, ours: tuple[str, ...]) -> Iterator[str]:
    """What is wrong with the operator's words for one text of ours, in its forms."""
    if not ours:
        yield "the pages have no such text: copy one of cloud_relay/locales whole"
        return
    forms = _forms(own)
    if not 1 <= len(forms) <= len(ours) or not all(isinstance(form, str) for form in forms):
        yield "write a text" + (", or [for one, for more]" if len(ours) > 1 else "")
        return
    for form in forms:
        if not form.strip() or len(form) > _LONGEST or not form.isprintable():
            yield f"{_short(form)} must be 1 to {_LONGEST} printable characters"
        elif _places(form) - _places(ours[-1]) or form.count("{") != len(_PLACE.findall(form)):
            places = " ".join(f"{{{place}}}" for place in sorted(_places(ours[-1])))
            yield f"{_short(form)} has braces that mean nothing here: " + (places or "write none")


def _forms(own: object) -> tuple[str, ...]:
    return tuple(own) if isinstance(own, list) else (own,)  # type: ignore[return-value] # _wrong looks at each


def _places(text: str) -> set[str]:
    return set(_PLACE.findall(text))


def _short(text: object) -> str:
    shown = repr(text)
    return shown if len(shown) <= 60 else f"{shown[:60]}…"


def in_own_words(language: Language, own: OwnWords) -> Language:
    """The language, with the operator's words where there are any."""
    words = own.get(language.code)
    return Language(language.code, _Own(language, words)) if words else language


class _Own:
    """A catalogue that has the operator's words before ours."""

    def __init__(self, ours: Language, words: Mapping[str, tuple[str, ...]]) -> None:
        self._ours = ours
        self._words = words

    def gettext(self, message: str) -> str:
        own = self._words.get(message)
        return own[0] if own else self._ours.gettext(message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        own = self._words.get(msgid1)
        if own:
            return own[0] if n == 1 else own[-1]
        return self._ours.ngettext(msgid1, msgid2, n)
