"""Several texts below each other, all of one size: as large as fits, but never too small to be read."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence

from attract_screen.model.box import Box
from attract_screen.picture.letters.fit import SMALLEST_SANS, Label, Style
from attract_screen.picture.letters.typefaces import Typefaces


def fit_list(texts: Sequence[str], box: Box, style: Style, faces: Typefaces) -> tuple[Label, ...]:
    """The labels of the texts, from the top down; the last says how many more there would be."""
    smallest = max(SMALLEST_SANS, style.largest // 2)
    for size in range(style.largest, smallest - 1, -1):
        if _has_room(texts, box, size, style, faces):
            size = _unbroken(texts, box, size, style, faces)
            paragraphs = [wrapped(text, box.w, size, style, faces) for text in texts]
            return tuple(_set(paragraphs, box, size, style, faces))
    return tuple(_set(_cut(texts, box, smallest, style, faces), box, smallest, style, faces))


def _has_room(texts: Sequence[str], box: Box, size: int, style: Style, faces: Typefaces) -> bool:
    paragraphs = [wrapped(text, box.w, size, style, faces) for text in texts]
    return _height(paragraphs, size, style, faces) <= box.h


def _unbroken(texts: Sequence[str], box: Box, size: int, style: Style, faces: Typefaces) -> int:
    """The largest size, down to half of it, at which no word is broken; or the size that was given."""
    words = [word for text in texts for word in text.split()]
    for smaller in range(size, max(SMALLEST_SANS, size // 2) - 1, -1):
        if all(faces.width(word, style.face, smaller) <= box.w for word in words):
            return smaller
    return size


def _cut(texts: Sequence[str], box: Box, size: int, style: Style, faces: Typefaces) -> list[tuple[str, ...]]:
    """As many whole texts as there is room for, and the number of the others; of one alone, its beginning."""
    whole = [wrapped(text, box.w, size, style, faces) for text in texts]
    for count in range(len(texts) - 1, 0, -1):
        shown = [*whole[:count], (f"… and {len(texts) - count} more",)]
        if _height(shown, size, style, faces) <= box.h:
            return shown
    room = box.h // faces.height(style.face, size)
    return [(*whole[0][: room - 1], "…")] if room > 1 else []


def _height(paragraphs: Sequence[tuple[str, ...]], size: int, style: Style, faces: Typefaces) -> int:
    line = faces.height(style.face, size)
    return sum(len(lines) for lines in paragraphs) * line + (len(paragraphs) - 1) * _space(line)


def _space(line: int) -> int:
    """Between two texts, so that it is seen where one begins."""
    return line // 3


def _set(
    paragraphs: Sequence[tuple[str, ...]], box: Box, size: int, style: Style, faces: Typefaces
) -> Iterator[Label]:
    line = faces.height(style.face, size)
    top = box.y + (box.h - _height(paragraphs, size, style, faces)) // 2
    for lines in paragraphs:
        for text in lines:
            place = Box(box.x, top, faces.width(text, style.face, size), line)
            yield Label(text, style.face, size, style.colour, place)
            top += line
        top += _space(line)


def wrapped(text: str, width: int, size: int, style: Style, faces: Typefaces) -> tuple[str, ...]:
    """Words over as many lines as they need; one that is wider than a line is broken."""
    lines = [""]
    for word in (part for whole in text.split() for part in _broken(whole, width, size, style, faces)):
        joined = f"{lines[-1]} {word}".lstrip()
        if faces.width(joined, style.face, size) <= width:
            lines[-1] = joined
        else:
            lines.append(word)
    return tuple(lines)


def _broken(word: str, width: int, size: int, style: Style, faces: Typefaces) -> Iterator[str]:
    while word:
        fits = bisect_right(
            range(1, len(word) + 1), width, key=lambda n: faces.width(word[:n], style.face, size)
        )
        taken = max(1, fits)
        yield word[:taken]
        word = word[taken:]
