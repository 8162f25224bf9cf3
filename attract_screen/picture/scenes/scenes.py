"""Where everything stands in each state's picture: a View and a size -> its pages, nearly always one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from attract_screen.model.box import Box
from attract_screen.model.feed_format import Shows, State
from attract_screen.model.monitor import Size
from attract_screen.model.page_turn import CODE_S, CREDITS_S
from attract_screen.model.programme import Page as ProgrammePage
from attract_screen.model.programme import programme
from attract_screen.model.view import View
from attract_screen.picture.design.studio import Studio
from attract_screen.picture.layout import CoinLane, Layout, Sheet
from attract_screen.picture.scenes.instructions import setup
from attract_screen.picture.scenes.marquee import marquee
from attract_screen.picture.scenes.parts import (
    cabinet,
    gap,
    inner,
    is_wide,
    sentence,
    small_print,
    title,
    words,
)
from attract_screen.picture.scenes.stage import turned_to
from attract_screen.picture.scenes.technician import technician_page
from attract_screen.picture.scenes.with_code import MakeSheet, code_alone, with_code

_EXPRESSIONS = {
    State.STARTING: "waking",
    State.ATTRACT: "coins_only",
    State.PLAYING: "happy",
    State.NOT_READY: "busy",
    State.OFFLINE: "coins_only",
    State.OUT_OF_ORDER: "broken",
}


@dataclass(frozen=True)
class Page:
    """One of a picture's pages, laid out when it is asked for, and how long it is shown before the next."""

    layout: Callable[[], Layout]
    seconds: float


def pages(view: View, size: Size, studio: Studio, pixel_aspect: float = 1.0) -> tuple[Page, ...]:
    """Lay the view out; `size` is the picture's own, before any rotation.

    Where credits and code have no room beside each other, they take turns.
    """
    studio = studio.speaking(view.language.code)

    def make(language: str = view.language.code) -> Sheet:
        return studio.speaking(language).sheet(size, pixel_aspect)

    if view.technician is not None:
        return _still(technician_page(view.technician, size, studio))
    if view.shows is Shows.NAME:
        return _still(marquee(make(), view))
    return _with_the_code(view, make) if view.qr else _still(_without_code(make(), view))


def _with_the_code(view: View, make: MakeSheet) -> tuple[Page, ...]:
    whole = with_code(view, make)
    if whole is not None:
        return _programme(view, whole, make) if view.state is State.ATTRACT else _still(whole)
    alone = code_alone(view, make)
    if alone is None:
        return _still(_too_long(make(), view))
    if view.state is State.PLAYING:
        credits = _without_code(make(), replace(view, qr=None))
        return Page(lambda: credits, CREDITS_S), Page(lambda: alone, CODE_S)
    return _still(alone)


def arrange(view: View, size: Size, studio: Studio, pixel_aspect: float = 1.0) -> Layout:
    """The first page."""
    return pages(view, size, studio, pixel_aspect)[0].layout()


def _still(layout: Layout) -> tuple[Page, ...]:
    return (Page(lambda: layout, CODE_S),)


def _programme(view: View, whole: Layout, make: MakeSheet) -> tuple[Page, ...]:
    """Around the code all stays as it is; a page that has no room beside it gives its time to the prices."""
    if whole.stage is None:
        return _still(whole)
    told = programme(coming=view.coming is not None, today=view.today is not None, material=view.material)
    return tuple(Page(partial(_turned_to, page, view, whole, make), page.seconds) for page in told)


def _turned_to(page: ProgrammePage, view: View, whole: Layout, make: MakeSheet) -> Layout:
    return turned_to(page, view, whole, make()) or whole


def _without_code(sheet: Sheet, view: View) -> Layout:
    box = inner(sheet)
    if view.state is State.SETUP:
        setup(sheet, view, box)
        return sheet.done()
    body = title(sheet, view, small_print(sheet, view, box))
    if view.state is State.PAYING:
        _paying(sheet, view, body)
    else:
        _notice(sheet, view, body)
    return sheet.done()


def _too_long(sheet: Sheet, view: View) -> Layout:
    body = title(sheet, view, small_print(sheet, view, inner(sheet)))
    if view.state is State.PLAYING:
        _notice(sheet, view, body)
    else:
        why = view.language.gettext("The address is too long for a QR code on this screen.")
        sheet.write(why, body, sentence(sheet))
    return sheet.done()


def _paying(sheet: Sheet, view: View, body: Box) -> None:
    lane, text = body.cut_top(round(body.h * 0.45), gap(sheet))
    lane = lane.centred(min(lane.w, lane.h * 4), lane.h)
    left, rest = lane.cut_left(lane.w // 4)
    middle, right = rest.cut_left(lane.w // 2)
    sheet.put("phone", left)
    cabinet(sheet, "happy", right)
    columns, rows = sheet.art.size("coin_0")
    scale = max(1, min(lane.h // 3 // rows, middle.w // 5 // columns))
    sheet.lane = CoinLane(middle, scale)
    words(sheet, view, text)


def _notice(sheet: Sheet, view: View, body: Box) -> None:
    if is_wide(body):
        picture, text = body.cut_left(body.w * 3 // 10, gap(sheet))
    else:
        picture, text = body.cut_top(body.h * 9 // 20, gap(sheet))
    cabinet(sheet, _EXPRESSIONS[view.state], picture.inset(0, picture.h // 16))
    words(sheet, view, text)
