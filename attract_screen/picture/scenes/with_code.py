"""Pictures with a code: each way to lay one out has room for a code that coarse, or gives way to the next."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from operator import itemgetter
from typing import Protocol

from attract_screen.model.box import Box
from attract_screen.model.feed_format import State
from attract_screen.model.monitor import Size
from attract_screen.model.view import View
from attract_screen.picture.layout import Layout, Sheet
from attract_screen.picture.qr import QrCode, encode
from attract_screen.picture.scenes.code_card import (
    CENTRE,
    RIGHT,
    TOP,
    Legend,
    legend,
    one_line,
    put_code,
    write_lines,
)
from attract_screen.picture.scenes.invitation import invitation, units
from attract_screen.picture.scenes.parts import cut_title, gap, inner, is_wide, small_print, title, words

_GOOD_MODULE_PX = 3
# A finer code is a blur to a phone at arm's length.
_SMALLEST_MODULE_PX = 2
# Of the picture's shorter side: a code that wide leaves the rest to the words.
_LARGE = {State.ATTRACT: 0.5, State.PLAYING: 0.42}
_LARGE_IF_TALL = {State.ATTRACT: 0.45, State.PLAYING: 0.5}
_SMALLEST_WORDS_PX = 56

# Fills the sheet and says True; or False, if its code would have finer modules than so many pixels.
Way = Callable[[Sheet, View, QrCode, int], bool]


class MakeSheet(Protocol):
    """Makes an empty sheet for the view, or for the same in another language."""

    def __call__(self, language: str = ...) -> Sheet:
        """A sheet with the faces of that language."""


def with_code(view: View, make: MakeSheet) -> Layout | None:
    """The picture with its code and all its words, or with fewer of them; None if not even so."""
    nicest, barest = (_inviting(make()), _ALONE) if view.state is State.ATTRACT else _WHILE_PLAYING
    return _first(nicest, view, make) or _first(barest, view, make)


def code_alone(view: View, make: MakeSheet) -> Layout | None:
    """The code with the line beneath it, and nothing else."""
    return _first(_ALONE, view, make)


def _first(ways: tuple[Way, ...], view: View, make: MakeSheet) -> Layout | None:
    """The first way with a large code, or else that with the largest; best one that leaves nothing unsaid."""
    second_best: list[Layout] = []
    for code, least_px, is_large in _ever_finer(view, make().size):
        whole: list[Layout] = []
        for way in ways:
            sheet = make()
            if way(sheet, view, code, least_px):
                says_all = not sheet.cut_short and _say_all(view.twins, way, code, least_px, make)
                (whole if says_all else second_best).append(sheet.done())
        if whole:
            return whole[0] if is_large else _largest(whole)
    return _largest(second_best)


def _say_all(views: Iterable[View], way: Way, code: QrCode, least_px: int, make: MakeSheet) -> bool:
    """Whether the way does for these, too."""
    sheets = [(view, make(view.language.code)) for view in views]
    return all(way(sheet, view, code, least_px) and not sheet.cut_short for view, sheet in sheets)


def _largest(layouts: Sequence[Layout]) -> Layout | None:
    sized = [(min(layout.qr.module), layout) for layout in layouts if layout.qr]
    return max(sized, key=itemgetter(0))[1] if sized else None


def _ever_finer(view: View, size: Size) -> Iterator[tuple[QrCode, int, bool]]:
    """Codes, how coarse they have to be, and whether that is large.

    A coarser one is worth more to a phone than a sturdier one.
    """
    sturdy = encode(view.qr or "")
    share = _LARGE_IF_TALL if size[0] < size[1] else _LARGE
    large_px = -(-round(min(size) * share[view.state]) // sturdy.side)
    yield sturdy, max(_GOOD_MODULE_PX, large_px), True
    for least_px in (_GOOD_MODULE_PX, _SMALLEST_MODULE_PX):
        yield sturdy, least_px, False
        yield encode(view.qr or "", sturdy=False), least_px, False


def _inviting(sheet: Sheet) -> tuple[Way, ...]:
    width, height = sheet.size
    if width * 2 >= height * 3:
        return _beside_all, _below_title
    return (_below_title, _beside_all) if is_wide(inner(sheet)) else _BETWEEN


def _beside_all(sheet: Sheet, view: View, code: QrCode, least_px: int) -> bool:
    box = small_print(sheet, view, inner(sheet))
    text = _beside(sheet, view, code, box, least_px)
    if text is not None:
        invitation(sheet, view, title(sheet, view, text, share=0.24))
    return text is not None


def _below_title(sheet: Sheet, view: View, code: QrCode, least_px: int) -> bool:
    box = small_print(sheet, view, inner(sheet))
    text = _beside(sheet, view, code, cut_title(sheet, box)[1], least_px)
    if text is not None:
        title(sheet, view, box)
        invitation(sheet, view, text)
    return text is not None


def _beside(sheet: Sheet, view: View, code: QrCode, box: Box, least_px: int) -> Box | None:
    """Place the code on the right; what is left beside it."""
    room = box.cut_left(round(box.w * 0.4))[1]
    block = put_code(sheet, code, legend(view), room, least_px, anchor=RIGHT)
    return box.cut_left(block.x - 2 * gap(sheet) - box.x)[0] if block else None


def _between(share: float, sheet: Sheet, view: View, code: QrCode, least_px: int) -> bool:
    """Between the title and the words, whose lines are that share of the picture's shorter side."""
    box = small_print(sheet, view, inner(sheet))
    below = cut_title(sheet, box)[1]
    words_h = round(units(view) * sheet.short * share)
    room = below.cut_top(min(round(below.h * 0.7), below.h - gap(sheet) - words_h))[0]
    block = put_code(sheet, code, legend(view), room, least_px, anchor=TOP)
    if block is not None:
        title(sheet, view, box)
        invitation(sheet, view, below.cut_top(block.h, gap(sheet))[1])
    return block is not None


def _alone(sheet: Sheet, view: View, code: QrCode, least_px: int) -> bool:
    """For a code that leaves no room for words: who scans it reads them on the phone."""
    return put_code(sheet, code, one_line(view), inner(sheet), least_px) is not None


def _host_beside(sheet: Sheet, view: View, code: QrCode, least_px: int) -> bool:
    """For a code that leaves no row beneath it."""
    box = inner(sheet)
    text, room = box.cut_left(_SMALLEST_WORDS_PX, gap(sheet))
    block = put_code(sheet, code, Legend(), room, least_px, anchor=RIGHT)
    if block is not None:
        write_lines(sheet, legend(view), text._replace(w=block.x - gap(sheet) - text.x))
    return block is not None


def _small_code(sheet: Sheet, view: View, code: QrCode, least_px: int) -> bool:
    """The credits large, and a smaller code for more."""
    box = small_print(sheet, view, inner(sheet))
    body = cut_title(sheet, box)[1]
    if is_wide(body):
        text, room = body.cut_left(body.w * 11 // 20 - gap(sheet), gap(sheet))
    else:
        text, room = body.cut_top(body.h * 11 // 20 - gap(sheet), gap(sheet))
    block = put_code(sheet, code, _with_more(view), room, least_px)
    if block is not None:
        title(sheet, view, box)
        words(sheet, view, text)
    return block is not None


def _large_code(sheet: Sheet, view: View, code: QrCode, least_px: int) -> bool:
    """The code has its room first, and title and words what it leaves."""
    box = small_print(sheet, view, inner(sheet))
    wide = is_wide(box)
    cut = box.cut_left(box.w * 2 // 5) if wide else box.cut_top(box.h * 7 // 20, gap(sheet))
    block = put_code(
        sheet,
        code,
        _with_more(view),
        cut[1],
        least_px,
        anchor=RIGHT if wide else CENTRE,
    )
    if block is not None:
        text = box.cut_left(block.x - 2 * gap(sheet) - box.x)[0] if wide else cut[0]
        words(sheet, view, title(sheet, view, text, share=0.24))
    return block is not None


def _with_more(view: View) -> Legend:
    return legend(view, view.language.gettext("ADD CREDITS"))


def _credits_alone(sheet: Sheet, view: View, code: QrCode, least_px: int) -> bool:
    """Nothing but the credits beside a code that leaves room for no more."""
    box = inner(sheet)
    wide = is_wide(box)
    cut = box.cut_left if wide else box.cut_top
    text, room = cut(_SMALLEST_WORDS_PX, gap(sheet))
    block = put_code(sheet, code, one_line(view), room, least_px, anchor=RIGHT if wide else CENTRE)
    if block is not None:
        words(sheet, view, text)
    return block is not None


_BETWEEN: tuple[Way, ...] = (partial(_between, 0.03), partial(_between, 0.025))
_ALONE: tuple[Way, ...] = (_alone, _host_beside)
_WHILE_PLAYING: tuple[tuple[Way, ...], tuple[Way, ...]] = ((_small_code, _large_code), (_credits_alone,))
