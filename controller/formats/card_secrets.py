"""CORE. A text without its secrets, which stay in the cabinet: a word stands in the place of each.

The text may have any mistake, a mistyped key among them: a value is hidden unless its key is an open one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from typing import Final

_STANDS_FOR: Final = "kept-in-the-cabinet-"
_PLACE: Final = re.compile(rf"{_STANDS_FOR}(\d+)\b", re.IGNORECASE)
_LINE_ENDS: Final = re.compile("(\r\n|\n|\r)")
_KEY_AND_VALUE: Final = re.compile(r"(?P<head>[^:=\uff1a]*[:=\uff1a]\s*)(?P<value>.*)", re.DOTALL)
_SECRET_WORD: Final = re.compile(r"(token|pass\w*|proxy|secret)\W*[:=\uff1a]|\S:\S+@", re.IGNORECASE)
_NO_WORDS: Final = re.compile(r"\W*")


def hide(text: str, open_keys: Set[str], kept: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """The text without secrets, and what is kept now: `kept`, and each new secret under a number of its own.

    `open_keys` are the keys whose values anybody may read, and the names of sections.
    """
    numbers = {value: number for number, value in kept.items()}
    lines = [_without_secret(line, open_keys, numbers) for line in _LINE_ENDS.split(text)]
    return "".join(lines), {number: value for value, number in numbers.items()}


def fill_in(text: str, kept: Mapping[str, str]) -> str:
    """The text with its secrets again, as far as they are kept."""
    return _PLACE.sub(lambda place: kept.get(place[1], place[0]), text)


def not_kept(text: str) -> list[int]:
    """The lines whose secret was to be in the cabinet, and is not."""
    return [number for number, line in enumerate(text.splitlines(), 1) if _PLACE.search(line)]


def _without_secret(line: str, open_keys: Set[str], numbers: dict[str, str]) -> str:
    content = line.strip("\ufeff \t\r\n")
    if _NO_WORDS.fullmatch(content) or (content.startswith("#") and not _SECRET_WORD.search(content)):
        return line
    found = _KEY_AND_VALUE.fullmatch(line)
    head, value = (found["head"], found["value"].rstrip()) if found else ("", content)
    if not value or _PLACE.fullmatch(value) or (found and _is_open(head, value, open_keys)):
        return line
    number = numbers.setdefault(value, str(len(numbers) + 1))
    at = len(head) if found else line.index(value)
    return f"{line[:at]}{_STANDS_FOR}{number}{line[at + len(value) :]}"


def _is_open(head: str, value: str, open_keys: Set[str]) -> bool:
    key = head.strip("\ufeff \t\"'-:=\uff1a")
    return key in open_keys and not _SECRET_WORD.search(value)
