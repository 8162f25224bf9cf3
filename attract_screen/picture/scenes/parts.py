"""What several pictures have in common: a title, words, the cabinet, the small print."""

from __future__ import annotations

from attract_screen.model.box import Box
from attract_screen.model.feed_format import State
from attract_screen.model.view import View
from attract_screen.picture.layout import Art, Sheet
from attract_screen.picture.letters.fit import Style
from attract_screen.picture.letters.typefaces import Typeface

_CABINET_SCREEN = (3, 6)  # where the art "cabinet" has its screen, in its own pixels


def inner(sheet: Sheet) -> Box:
    """All that is free within the rail."""
    return Box(0, 0, *sheet.size).inset(sheet.rail + max(4, sheet.short // 60))


def gap(sheet: Sheet) -> int:
    """Between two things that stand beside each other."""
    return max(6, sheet.short // 32)


def is_wide(box: Box) -> bool:
    """Whether two things have more room side by side than one above the other."""
    return box.w * 10 >= box.h * 11


def small_print(sheet: Sheet, view: View, box: Box) -> Box:
    """The technician's line at the bottom; what is left above it."""
    if not view.technician_line:
        return box
    lines = 2 if view.state is State.OUT_OF_ORDER else 1
    height = max(14, sheet.short // 28)
    rest, foot = box.cut_bottom(height * lines, gap(sheet) // 2)
    sheet.write(view.technician_line, foot, Style(Typeface.SANS, height, sheet.colours.dim, max_lines=lines))
    return rest


def title(sheet: Sheet, view: View, box: Box, share: float | None = None) -> Box:
    """The machine's name at the top, or the logo in its place; what is left below it."""
    top, rest = cut_title(sheet, box, share)
    if sheet.logo_size is not None:
        w, h = sheet.logo_size
        times = min(top.w / w, top.h / h)
        sheet.logo = top.centred(max(1, int(w * times)), max(1, int(h * times)))
        return rest
    style = Style(Typeface.TITLE, round(top.h * 0.92), sheet.colours.accent, max_lines=2, smallest_scale=2)
    labels = sheet.write(view.title, top, style)
    if view.moving:
        _flank(sheet, top, min((label.box.x for label in labels), default=top.x))
    return rest


def cut_title(sheet: Sheet, box: Box, share: float | None = None) -> tuple[Box, Box]:
    """The title's room, and what is left below it."""
    share = share or (0.19 if is_wide(box) else 0.13)
    return box.cut_top(round(box.h * share), gap(sheet))


def words(sheet: Sheet, view: View, box: Box) -> None:
    """The headline over the sentences."""
    block = box.centred(box.w, min(box.h, round(sheet.short * 0.62)))
    head, rest = block.cut_top(round(block.h * 0.58), gap(sheet))
    style = Style(
        Typeface.PIXEL, round(sheet.short * 0.2), sheet.colours.accent, max_lines=2, smallest_scale=2
    )
    sheet.say(view.headline, head, style)
    sheet.say(view.text, rest, sentence(sheet))


def sentence(sheet: Sheet) -> Style:
    """How a whole sentence is set."""
    return Style(Typeface.SANS, max(14, sheet.short // 13), sheet.colours.soft, max_lines=3)


def cabinet(sheet: Sheet, face: str, box: Box) -> None:
    """The cabinet, with this on its screen."""
    whole = sheet.put("cabinet", box)
    if whole is None:
        return
    x, y = _CABINET_SCREEN
    w, h = sheet.art.size(face)
    at = Box(whole.box.x + x * whole.scale, whole.box.y + y * whole.scale, w, h)
    sheet.pieces.append(Art(face, whole.scale, at._replace(w=w * whole.scale, h=h * whole.scale)))


def _flank(sheet: Sheet, top: Box, title_left: int) -> None:
    """A turning coin on either side of a title that leaves the room."""
    columns, rows = sheet.art.size("coin_0")
    scale = min(top.h * 3 // 4 // rows, (title_left - top.x - 2 * gap(sheet)) // columns)
    if scale < 1:
        return
    left = Box(top.x, top.y, title_left - top.x, top.h).centred(columns * scale, rows * scale)
    right = Box(top.right - (left.right - top.x), left.y, left.w, left.h)
    sheet.spinning += [Art("coin_0", scale, left), Art("coin_0", scale, right)]
