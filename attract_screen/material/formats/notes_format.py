"""CORE. The tree of screen.yaml -> Notes, and every mistake in it; what is right holds all the same."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeVar

from attract_screen.material.formats.tree import Mistake, Rows, Section, Tree, Word
from attract_screen.material.rules.hours import Hours, Times, day_of, hours_of
from attract_screen.material.rules.notes import (
    LEAST_SECONDS,
    MOST_CAPTION_CHARS,
    MOST_SECONDS,
    NO_NOTES,
    Notes,
    Remark,
    composed,
)
from attract_screen.model.contrast import LEAST_CONTRAST, Colour, OwnColours, colour_of, contrast

_KEYS = ("order", "seconds", "files", "colours", "logo", "typeface")
_REMARK_KEYS = ("caption", "seconds", "hours", "days")
_COLOUR_KEYS = ("background", "text", "accent")
_LONGEST_SHOWN = 60

_T = TypeVar("_T")


@dataclass
class Reading:
    """The notes being read, and what was wrong so far."""

    mistakes: list[Mistake] = field(default_factory=list)

    def wrong(self, line: int, text: str) -> None:
        """Remember one mistake."""
        self.mistakes.append(Mistake(line, text))

    def word(
        self, name: str, tree: Tree | None, expected: str, read: Callable[[str], _T | None]
    ) -> _T | None:
        """What `read` makes of a plain value; what it refuses becomes a mistake, and None."""
        if tree is None:
            return None
        if not isinstance(tree, Word):
            self.wrong(tree.line, f"{name} needs a single value: write {expected}")
        elif not tree.text:
            self.wrong(tree.line, f"{name} is empty: write {expected}")
        elif (value := read(tree.text)) is None:
            self.wrong(tree.line, f"{name} is {_shown(tree.text)}: write {expected}")
        else:
            return value
        return None

    def section(self, name: str, tree: Tree | None, known: Iterable[str] | None) -> Section:
        """The section's known keys; each of the others is a mistake. All keys are `known` None's."""
        if tree is None or (isinstance(tree, Word) and not tree.text):
            return Section({}, 0)
        if not isinstance(tree, Section):
            self.wrong(tree.line, f"{name} is a section: its keys stand below it, indented")
            return Section({}, tree.line)
        for key, value in tree.keys.items():
            if known is not None and key not in known:
                self.wrong(value.line, f"{_shown(key)} is unknown in {name}: there are {', '.join(known)}")
        return tree


def read_notes(tree: Tree | None) -> tuple[Notes, tuple[Mistake, ...]]:
    """The notes, and what was left out of them."""
    if tree is None:
        return NO_NOTES, ()
    reading = Reading()
    top = reading.section("the file", tree, _KEYS).keys
    notes = Notes(
        order=_names(reading, "order", top.get("order")),
        seconds=_seconds(reading, top.get("seconds")),
        remarks=_remarks(reading, top.get("files")),
        colours=_colours(reading, top.get("colours")),
        logo=_file_name(reading, "logo", top.get("logo")),
        typeface=_file_name(reading, "typeface", top.get("typeface")),
    )
    return notes, tuple(sorted(reading.mistakes, key=lambda mistake: mistake.line))


def _remarks(reading: Reading, tree: Tree | None) -> MappingProxyType[str, Remark]:
    files = reading.section("files", tree, None)
    return MappingProxyType(
        {composed(name): _remark(reading, name, remark) for name, remark in files.keys.items()}
    )


def _remark(reading: Reading, name: str, tree: Tree) -> Remark:
    keys = reading.section(_shown(name), tree, _REMARK_KEYS).keys
    expected = f"at most {MOST_CAPTION_CHARS} characters"
    hours = reading.word("hours", keys.get("hours"), "them as 17:00-23:00", hours_of)
    return Remark(
        caption=reading.word("caption", keys.get("caption"), expected, _caption) or "",
        seconds=_seconds(reading, keys.get("seconds")),
        times=Times(hours or Hours(), _days(reading, keys.get("days"))),
    )


def _caption(text: str) -> str | None:
    return text if len(text) <= MOST_CAPTION_CHARS else None


def _seconds(reading: Reading, tree: Tree | None) -> float | None:
    return reading.word("seconds", tree, f"a number from {LEAST_SECONDS:g} to {MOST_SECONDS:g}", _number)


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) and LEAST_SECONDS <= number <= MOST_SECONDS else None


def _days(reading: Reading, tree: Tree | None) -> frozenset[int]:
    """A list, or words with commas between them."""
    words = _words(reading, "days", tree)
    days: set[int] = set()
    for word in words:
        day = reading.word("days", word, "mon, tue, wed, thu, fri, sat or sun", day_of)
        if day is not None:
            days.add(day)
    return frozenset(days) or Times().days


def _names(reading: Reading, name: str, tree: Tree | None) -> tuple[str, ...]:
    names = (reading.word(name, word, "names of files", _beside) for word in _words(reading, name, tree))
    return tuple(dict.fromkeys(each for each in names if each is not None))


def _words(reading: Reading, name: str, tree: Tree | None) -> tuple[Word, ...]:
    if isinstance(tree, Word):
        return tuple(Word(part.strip(), tree.line) for part in tree.text.split(",") if part.strip())
    if isinstance(tree, Section):
        reading.wrong(tree.line, f"{name} is a list: write it as [one, another]")
    rows = tree.rows if isinstance(tree, Rows) else ()
    for row in rows:
        if not isinstance(row, Word):
            reading.wrong(row.line, f"{name} is a list of plain words")
    return tuple(row for row in rows if isinstance(row, Word))


def _file_name(reading: Reading, name: str, tree: Tree | None) -> str | None:
    return reading.word(name, tree, "the name of a file that lies beside this one", _beside)


def _beside(text: str) -> str | None:
    return text if "/" not in text and text not in (".", "..") and "\0" not in text else None


def _colours(reading: Reading, tree: Tree | None) -> OwnColours | None:
    """All three, and each to be read on the background; else none."""
    section = reading.section("colours", tree, _COLOUR_KEYS)
    keys = section.keys
    missing = [key for key in _COLOUR_KEYS if key not in keys]
    if keys and missing:
        told = f"colours lacks {' and '.join(missing)}: write all of {', '.join(_COLOUR_KEYS)}"
        reading.wrong(section.line, told)
    background, text, accent = (_colour(reading, key, keys.get(key)) for key in _COLOUR_KEYS)
    if background is None or text is None or accent is None:
        return None
    is_read = [
        _is_read(reading, key, keys[key].line, contrast(colour, background))
        for key, colour in (("text", text), ("accent", accent))
    ]
    return OwnColours(background, text, accent) if all(is_read) else None


def _is_read(reading: Reading, key: str, line: int, ratio: float) -> bool:
    """Whether a contrast is enough; one that is not becomes a mistake."""
    if ratio >= LEAST_CONTRAST:
        return True
    shown = math.floor(ratio * 10) / 10
    text = f"{key} has a contrast of {shown} to 1 to the background, and needs {LEAST_CONTRAST} to be read"
    reading.wrong(line, f"{text}: the colours are not used")
    return False


def _colour(reading: Reading, key: str, tree: Tree | None) -> Colour | None:
    return reading.word(key, tree, 'it in quotes, as "#ffcc00"', colour_of)


def _shown(text: str) -> str:
    return repr(text) if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]!r}..."
