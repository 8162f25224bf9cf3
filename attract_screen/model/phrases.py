"""CORE. Where a line may be broken: at spaces, and between the characters of writing that has none."""

from __future__ import annotations

import itertools
from typing import Final

from attract_screen.model.letters import is_wide

# What no line begins with, and what none ends with: https://www.w3.org/TR/jlreq/#characters_not_starting_a_line
_SMALL: Final = frozenset("ー々ぁぃぅぇぉっゃゅょァィゥェォッャュョ")
_NOT_FIRST: Final = _SMALL | frozenset("、。・：；？！，）」』】》〉’”!?.,:;)%…")
_NOT_LAST: Final = frozenset("（「『【《〈‘“([$¥￥€£")
_HONOURING: Final = frozenset("おご")  # they belong to the word that follows
_SHORT: Final = 6  # so many Han characters are a word or two, and stay together


def pieces(text: str) -> tuple[str, ...]:
    """The text in parts that lines are made of; one that follows a space begins with it.

    Japanese is broken where a phrase begins, as far as its writing shows that: after kana that end a word.
    """
    words = [word for word in text.split(" ") if word]
    parts = [part for word in words for part in _with_space(_parts(word))]
    return (parts[0].lstrip(" "), *parts[1:]) if parts else ()


def _with_space(parts: list[str]) -> list[str]:
    return [f" {parts[0]}", *parts[1:]]


def _parts(word: str) -> list[str]:
    may_break = _in_japanese if any(_is_kana(c) for c in word) else _in_chinese
    if may_break is _in_chinese and len(word) <= _SHORT:
        return [word]
    parts = [word[0]]
    for before, after in itertools.pairwise(word):
        if after not in _NOT_FIRST and before not in _NOT_LAST and may_break(before, after):
            parts.append(after)
        else:
            parts[-1] += after
    return parts


def _in_chinese(before: str, after: str) -> bool:
    return is_wide(before) and is_wide(after)


def _in_japanese(before: str, after: str) -> bool:
    if before in _NOT_FIRST - _SMALL or before == "を":
        return True
    return _is_hiragana(before) and not _is_hiragana(after) and before not in _HONOURING


def _is_kana(character: str) -> bool:
    return "\u3041" <= character <= "\u30ff"


def _is_hiragana(character: str) -> bool:
    return "\u3041" <= character <= "\u309f"
