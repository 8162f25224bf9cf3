"""The code on its card; beneath it whose address it is, so that a sticker is noticed, and which machine's."""

from __future__ import annotations

from dataclasses import dataclass

from attract_screen.model.address import shortened_host, shortened_id
from attract_screen.model.box import Box
from attract_screen.model.modules import module_in
from attract_screen.model.view import View
from attract_screen.picture.layout import QrPlace, Sheet
from attract_screen.picture.letters.fit import SMALLEST_SANS, Style
from attract_screen.picture.letters.typefaces import Typeface
from attract_screen.picture.qr import QrCode

# Within its card the code can move by one module to the right and down (model/still_care.py).
_MODULES_TO_MOVE = 1


# How much of the room that is left over is on the left, and above.
Anchor = tuple[float, float]
CENTRE: Anchor = (0.5, 0.5)
RIGHT: Anchor = (1.0, 0.5)
TOP: Anchor = (0.5, 0.0)


@dataclass(frozen=True)
class Legend:
    """What stands above the code, and the lines beneath it: each as it is, and in ever shorter forms."""

    lines: tuple[tuple[str, ...], ...] = ()
    caption: str = ""


def legend(view: View, caption: str = "") -> Legend:
    """The host of the code's address, and below it the machine's id."""
    return Legend((tuple(shortened_host(view.host)), tuple(shortened_id(view.machine_id))), caption)


def one_line(view: View) -> Legend:
    """The host and the machine's id beside each other, where every row counts."""
    return Legend((tuple(f"{host} · {view.machine_id}" for host in shortened_host(view.host)),))


def put_code(
    sheet: Sheet, code: QrCode, words: Legend, room: Box, least_px: int, anchor: Anchor = CENTRE
) -> Box | None:
    """Place the code with its words, as large as the room allows; the box of it all, or None if too fine."""
    edge, gap = max(3, sheet.short // 90), max(3, sheet.short // 64)
    caption_h = max(14, sheet.short // 18) if words.caption else 0
    above, line_h = caption_h + gap if words.caption else 0, _line_h(sheet)
    below = gap + line_h * len(words.lines) if words.lines else 0
    free = (room.w - 2 * edge, room.h - 2 * edge - above - below)
    modules = code.side + _MODULES_TO_MOVE
    module = module_in(free, modules, sheet.pixel_aspect, least_px)
    if module is None:
        return None
    w, h = (side * modules + 2 * edge for side in module)
    widest = max((sheet.faces.width(forms[0], Typeface.SANS, line_h) for forms in words.lines), default=0)
    block = _anchored(room, max(w, min(room.w, widest)), above + h + below, anchor)
    card = Box(block.x + (block.w - w) // 2, block.y + above, w, h)
    sheet.qr = QrPlace(code, module, card, edge)
    caption = Style(Typeface.PIXEL, caption_h, sheet.colours.soft)
    sheet.write(words.caption, block._replace(h=caption_h), caption)
    write_lines(sheet, words, Box(block.x, card.bottom + gap, block.w, below - gap))
    return block


def write_lines(sheet: Sheet, words: Legend, box: Box) -> None:
    """Whose code it is, in the middle of a box."""
    style = Style(Typeface.SANS, _line_h(sheet), sheet.colours.soft)
    box = box.centred(box.w, style.largest * len(words.lines))
    for number, forms in enumerate(words.lines):
        row = Box(box.x, box.y + number * style.largest, box.w, style.largest)
        narrow = (form for form in forms if sheet.faces.width(form, style.face, SMALLEST_SANS) <= row.w)
        sheet.write(next(narrow, ""), row, style)


def _line_h(sheet: Sheet) -> int:
    return max(13, sheet.short // 24)


def _anchored(room: Box, w: int, h: int, anchor: Anchor) -> Box:
    return Box(room.x + int((room.w - w) * anchor[0]), room.y + int((room.h - h) * anchor[1]), w, h)
