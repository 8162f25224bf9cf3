"""The leaves of the technician's page: what of it is seen at one time, as large as there is room for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from attract_screen.model.box import Box
from attract_screen.model.technician import Chapter, Code
from attract_screen.picture.letters.fit import SMALLEST_SANS
from attract_screen.picture.letters.rows import TextLine, breaks_a_word, height_of, lines_of, paged
from attract_screen.picture.letters.typefaces import Typefaces
from attract_screen.picture.qr import QrCode, encode

# The least that a phone held close can read off a sharp display.
SMALLEST_MODULE_PX, CLOSE_MODULE_PX = 2, 3
# A module of this part of the shorter side is read from simulated photos of a metre away (tests/photos.py).
_MODULES_ACROSS = 96
_SIZE_STEP = 0.93
# Of the longer side for a code beside words: these have to be read from as far away.
_FAIR_SHARE = 0.5


@dataclass(frozen=True)
class Room:
    """A picture by its shorter side, which all sizes go by, in pixels."""

    short: int
    faces: Typefaces

    @property
    def edge(self) -> int:
        """What is white around a code's quiet zone, and free between it and its caption."""
        return max(2, self.short // 160)

    @property
    def caption(self) -> int:
        """How high a code's caption is."""
        return max(14, self.short // 22)

    @property
    def sizes(self) -> list[int]:
        """What letters may have, the largest first."""
        smallest = max(SMALLEST_SANS, self.short // 34)
        sizes = [max(smallest, self.short // 18)]
        while sizes[-1] > smallest:
            sizes.append(max(smallest, min(sizes[-1] - 1, round(sizes[-1] * _SIZE_STEP))))
        return sizes

    @property
    def good_module(self) -> int:
        """With modules of so many pixels a code is read from where the technician stands."""
        return max(CLOSE_MODULE_PX, self.short // _MODULES_ACROSS)

    def card(self, code: QrCode, module_px: int) -> int:
        """The side of a code's card."""
        return code.side * module_px + 2 * self.edge

    def coarsest(self, code: QrCode, side: int) -> int:
        """The largest module with which a code's card is no larger than that."""
        return (side - 2 * self.edge) // code.side

    def divided(self, body: Box, width: int, height: int) -> tuple[Box, Box]:
        """Room for words, and so much beside or below it for a code."""
        gap = max(8, self.short // 40)
        if body.w >= body.h:
            return body.cut_left(body.w - width - gap, gap)
        return body.cut_bottom(height, gap)


@dataclass(frozen=True)
class CodePlace:
    """A code in its box, and the box for what is said of it: above it, or with a hint beside it."""

    code: QrCode
    module_px: int
    box: Box
    words: Box
    caption: str
    hint: str = ""


@dataclass(frozen=True)
class Leaf:
    """Lines of one size in a box, and perhaps a code."""

    sections: Sequence[Sequence[TextLine]]
    box: Box
    size: int
    code: CodePlace | None = None


@lru_cache(maxsize=2)
def leaves_of(chapters: tuple[Chapter, ...], body: Box, room: Room) -> tuple[Leaf, ...]:
    """All leaves in their order. Remembered: it is asked each second, and sizes take long to try out."""
    return tuple(leaf for chapter in chapters for leaf in _leaves(chapter, body, room))


def _leaves(chapter: Chapter, body: Box, room: Room) -> Iterator[Leaf]:
    """One leaf if there is room for all of a chapter; else the code has one of its own, after the words."""
    together = _together(chapter, chapter.code, body, room) if chapter.code else None
    if together is not None:
        yield together
        return
    yield from _text_leaves(chapter, body, room)
    if chapter.code and (alone := _alone(chapter.code, body, room)):
        yield alone


def _text_leaves(chapter: Chapter, body: Box, room: Room) -> Iterator[Leaf]:
    fitting = _fitting(chapter, body, room)
    if fitting is not None:
        yield fitting
        return
    size = room.sizes[-1]
    sections = [lines_of(section, body.w, size, room.faces) for section in chapter.sections]
    for page in paged(sections, body.h, size, room.faces):
        yield Leaf(page, body, size)


def _fitting(chapter: Chapter, box: Box, room: Room) -> Leaf | None:
    """All sections in one box, as large as they fit without a word broken; None if they do not fit at all."""
    largest = None
    for size in reversed(room.sizes):
        sections = [lines_of(section, box.w, size, room.faces) for section in chapter.sections]
        too_wide = any(breaks_a_word(each, box.w, size, room.faces) for each in chapter.sections)
        if height_of(sections, size, room.faces) > box.h or (largest and too_wide):
            break
        largest = Leaf(sections, box, size)
    return largest


def _encoded(code: Code) -> Iterator[QrCode]:
    return (encode(text, sturdy=not code.is_long) for text in code.texts)


def _together(chapter: Chapter, code: Code, body: Box, room: Room) -> Leaf | None:
    """The words and the code side by side, or one above the other: both as large as that allows."""
    most = min(body.w, body.h - room.caption - room.edge, round(max(body.w, body.h) * _FAIR_SHARE))
    for encoded in _encoded(code):
        for module_px in range(room.coarsest(encoded, most), room.good_module - 1, -1):
            side = room.card(encoded, module_px)
            words, at = room.divided(body, side, side + room.caption + room.edge)
            leaf = _fitting(chapter, words, room)
            if leaf is not None:
                caption, below = at.cut_top(room.caption, room.edge)
                place = CodePlace(encoded, module_px, below.cut_top(side)[0], caption, code.caption)
                return Leaf(leaf.sections, leaf.box, leaf.size, place)
    return None


def _alone(code: Code, body: Box, room: Room) -> Leaf | None:
    """The code as coarse as the body allows: the fullest text that is coarse enough, or else the finest."""
    most = min(body.h, body.w * 2 // 3) if body.w >= body.h else min(body.w, body.h * 3 // 4)
    for least in (room.good_module, CLOSE_MODULE_PX, SMALLEST_MODULE_PX):
        for each in _encoded(code):
            if (module_px := room.coarsest(each, most)) >= least:
                side = room.card(each, module_px)
                words, box = room.divided(body, side, side)
                place = CodePlace(each, module_px, box, words, code.caption, code.hint)
                return Leaf((), body, room.sizes[-1], place)
    return None
