"""The technician's page: large words on black, the lines live below, one code at a time; its leaves turn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from attract_screen.model.box import Box
from attract_screen.model.monitor import Size
from attract_screen.model.technician import Chapter, Code, TechnicianPage
from attract_screen.picture.fit import SMALLEST_SANS, Align, Style
from attract_screen.picture.layout import Layout, QrPlace, Sheet
from attract_screen.picture.pixel_art import PixelArt
from attract_screen.picture.qr import QrCode, encode
from attract_screen.picture.rows import AMBER, DIM, TextLine, height_of, lines_of, paged, set_lines
from attract_screen.picture.strip import cut_strip
from attract_screen.picture.typefaces import Typeface, Typefaces

# A phone half a metre away reads the finer one too; the coarser one from where the technician stands.
SMALLEST_MODULE_PX, GOOD_MODULE_PX = 2, 3


@dataclass(frozen=True)
class _Leaf:
    """What is seen at one time: lines of one size in a box, and perhaps a code."""

    sections: Sequence[Sequence[TextLine]]
    box: Box
    size: int
    code: _CodePlace | None = None


@dataclass(frozen=True)
class _CodePlace:
    """A code in its box, and the box for what is said of it: above it, or beside it."""

    code: QrCode
    module_px: int
    box: Box
    words: Box
    caption: str
    hint: str = ""


def technician_page(page: TechnicianPage, size: Size, faces: Typefaces, art: PixelArt) -> Layout:
    """Lay out the leaf whose turn it is."""
    sheet = Sheet(size, rail=max(2, min(size) // 120), faces=faces, art=art, is_plain=True)
    inside = Box(0, 0, *size).inset(sheet.rail + max(4, sheet.short // 60))
    gap = max(4, sheet.short // 60)
    head, rest = inside.cut_top(max(15, sheet.short // 20), gap)
    body = cut_strip(sheet, page.lines, rest, gap)
    leaves = [leaf for chapter in page.chapters for leaf in _leaves(chapter, body, sheet)]
    number = page.turn % len(leaves)
    _write_head(sheet, page, head, f"{number + 1}/{len(leaves)}")
    _write(sheet, leaves[number])
    return sheet.done()


def _write_head(sheet: Sheet, page: TechnicianPage, head: Box, number: str) -> None:
    minutes, seconds = divmod(page.left_s, 60)
    left, right = head.cut_left(head.w * 7 // 10, max(4, head.h // 3))
    style = Style(Typeface.SANS, head.h, AMBER, Align.LEFT)
    sheet.write(f"TECHNICIAN  {page.machine_id}", left, style)
    sheet.write(f"{number}   {minutes}:{seconds:02d}", right, Style(Typeface.SANS, head.h, DIM, Align.RIGHT))


def _write(sheet: Sheet, leaf: _Leaf) -> None:
    sheet.labels += set_lines(leaf.sections, leaf.box, leaf.size, sheet.faces)
    place = leaf.code
    if place is None:
        return
    side = place.code.side * place.module_px + 2 * _edge(sheet)
    card = place.box.centred(side, side)
    sheet.qr = QrPlace(place.code, place.module_px, card.inset(_edge(sheet)), card)
    if not place.hint:
        sheet.write(place.caption, place.words, Style(Typeface.SANS, _caption_px(sheet), AMBER))
        return
    upper, lower = place.words.cut_top(place.words.h // 3)
    sheet.write(place.caption, upper, Style(Typeface.SANS, _caption_px(sheet), AMBER, max_lines=2))
    sheet.write(place.hint, lower, Style(Typeface.SANS, _caption_px(sheet), DIM, max_lines=6))


def _leaves(chapter: Chapter, body: Box, sheet: Sheet) -> Iterator[_Leaf]:
    """One leaf if there is room for all of a chapter; else the code has one of its own, before the words."""
    if chapter.code is None:
        yield from _text_leaves(chapter, body, sheet)
        return
    together = _together(chapter, chapter.code, body, sheet)
    if together is not None:
        yield together
        return
    alone = _alone(chapter.code, body, sheet)
    yield from _text_leaves(chapter, body, sheet)
    if alone is not None:
        yield alone


def _text_leaves(chapter: Chapter, box: Box, sheet: Sheet) -> Iterator[_Leaf]:
    fitting = _fitting(chapter, box, sheet)
    if fitting is not None:
        yield fitting
        return
    size = _smallest(sheet)
    sections = [lines_of(section, box.w, size, sheet.faces) for section in chapter.sections]
    for page in paged(sections, box.h, size, sheet.faces):
        yield _Leaf(page, box, size)


def _fitting(chapter: Chapter, box: Box, sheet: Sheet) -> _Leaf | None:
    """All sections in one box, as large as they fit; None if they do not."""
    for size in range(_largest(sheet), _smallest(sheet) - 1, -1):
        sections = [lines_of(section, box.w, size, sheet.faces) for section in chapter.sections]
        if height_of(sections, size, sheet.faces) <= box.h:
            return _Leaf(sections, box, size)
    return None


def _together(chapter: Chapter, code: Code, body: Box, sheet: Sheet) -> _Leaf | None:
    """The words and the code side by side, or one above the other; the code as coarse as that allows."""
    for text in code.texts:
        encoded = encode(text)
        room = min(body.w, body.h - _caption_px(sheet) - _edge(sheet))
        for module_px in range(_coarsest(encoded, room, sheet), GOOD_MODULE_PX - 1, -1):
            side = encoded.side * module_px + 2 * _edge(sheet)
            words, at = _divided(body, side, side + _caption_px(sheet) + _edge(sheet), sheet)
            leaf = _fitting(chapter, words, sheet)
            if leaf is not None:
                caption, box = at.cut_top(_caption_px(sheet), _edge(sheet))
                card = box.cut_top(side)[0]
                place = _CodePlace(encoded, module_px, card, caption, code.caption)
                return _Leaf(leaf.sections, leaf.box, leaf.size, place)
    return None


def _alone(code: Code, body: Box, sheet: Sheet) -> _Leaf | None:
    """The code as coarse as the body allows: the fullest text that is coarse enough, or the shortest."""
    room = min(body.h, body.w * 2 // 3) if body.w >= body.h else min(body.w, body.h * 3 // 4)
    encoded = [encode(text) for text in code.texts]
    for least in (GOOD_MODULE_PX, SMALLEST_MODULE_PX):
        for each in encoded:
            if (module_px := _coarsest(each, room, sheet)) >= least:
                side = each.side * module_px + 2 * _edge(sheet)
                words, box = _divided(body, side, side, sheet)
                place = _CodePlace(each, module_px, box, words, code.caption, code.hint)
                return _Leaf((), body, _smallest(sheet), place)
    return None


def _divided(body: Box, width: int, height: int, sheet: Sheet) -> tuple[Box, Box]:
    """Room for words, and so much beside or below it for a code."""
    gap = max(8, sheet.short // 40)
    if body.w >= body.h:
        return body.cut_left(body.w - width - gap, gap)
    return body.cut_bottom(height, gap)


def _coarsest(code: QrCode, room: int, sheet: Sheet) -> int:
    return (room - 2 * _edge(sheet)) // code.side


def _edge(sheet: Sheet) -> int:
    return max(2, sheet.short // 160)


def _caption_px(sheet: Sheet) -> int:
    return max(14, sheet.short // 22)


def _smallest(sheet: Sheet) -> int:
    return max(SMALLEST_SANS, sheet.short // 34)


def _largest(sheet: Sheet) -> int:
    return max(_smallest(sheet), sheet.short // 18)
