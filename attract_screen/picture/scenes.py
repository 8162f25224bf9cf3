"""Where everything stands in each state's picture: a View and a size -> a Layout."""

from __future__ import annotations

from attract_screen.model.box import Box
from attract_screen.model.feed_format import Shows, State
from attract_screen.model.monitor import Size
from attract_screen.model.view import View
from attract_screen.picture import theme
from attract_screen.picture.fit import Style
from attract_screen.picture.instructions import setup
from attract_screen.picture.invitation import invitation, units
from attract_screen.picture.layout import Art, CoinLane, Layout, QrPlace, Sheet
from attract_screen.picture.marquee import marquee
from attract_screen.picture.pixel_art import PixelArt
from attract_screen.picture.qr import QrCode, encode
from attract_screen.picture.typefaces import Typeface, Typefaces

# A finer code is a blur to a phone at arm's length: rather none, and the prices stay readable.
SMALLEST_MODULE_PX = 2
SMALLEST_SIDE_MODULE_PX = 3

_TOO_LONG = "The address is too long for a QR code on this screen."

_CABINET_SCREEN = (3, 6)  # where the art "cabinet" has its screen, in its own pixels
_EXPRESSIONS = {
    State.STARTING: "waking",
    State.ATTRACT: "coins_only",
    State.PLAYING: "happy",
    State.NOT_READY: "busy",
    State.OFFLINE: "coins_only",
    State.OUT_OF_ORDER: "broken",
}


def arrange(view: View, size: Size, faces: Typefaces, art: PixelArt) -> Layout:
    """Lay the view out; `size` is the picture's own, before any rotation."""
    usual = _usual(view, size, faces, art)
    if view.state is State.ATTRACT and view.qr and usual.qr is None:
        alone = _code_alone(_sheet(size, faces, art), encode(view.qr))
        return alone if alone.qr else usual
    return usual


def _sheet(size: Size, faces: Typefaces, art: PixelArt) -> Sheet:
    return Sheet(size, rail=max(10, min(size) // 22), faces=faces, art=art)


def _inner(sheet: Sheet) -> Box:
    return Box(0, 0, *sheet.size).inset(sheet.rail + max(4, sheet.short // 60))


def _usual(view: View, size: Size, faces: Typefaces, art: PixelArt) -> Layout:
    sheet = _sheet(size, faces, art)
    if view.shows is Shows.NAME:
        marquee(sheet, view, _inner(sheet))
        return sheet.done()
    if view.state is State.SETUP:
        setup(sheet, view, _inner(sheet))
        return sheet.done()
    inner = _small_print(sheet, view, _inner(sheet))
    if view.state is State.ATTRACT and view.qr:
        _attract(sheet, view, inner, encode(view.qr))
    elif view.state is State.PLAYING and view.qr:
        _playing(sheet, view, inner, encode(view.qr))
    elif view.state is State.PAYING:
        _paying(sheet, view, _title(sheet, view, inner))
    else:
        _notice(sheet, view, _title(sheet, view, inner))
    return sheet.done()


def _code_alone(sheet: Sheet, code: QrCode) -> Layout:
    """For a code that leaves no room for words: who scans it reads them on the phone."""
    _qr(sheet, code, _inner(sheet), SMALLEST_MODULE_PX)
    return sheet.done()


def _gap(sheet: Sheet) -> int:
    return max(6, sheet.short // 32)


def _is_wide(box: Box) -> bool:
    return box.w * 10 >= box.h * 11


def _small_print(sheet: Sheet, view: View, box: Box) -> Box:
    if not view.technician_line:
        return box
    lines = 2 if view.state is State.OUT_OF_ORDER else 1
    height = max(14, sheet.short // 28)
    rest, foot = box.cut_bottom(height * lines, _gap(sheet) // 2)
    sheet.write(view.technician_line, foot, Style(Typeface.SANS, height, theme.DIM, max_lines=lines))
    return rest


def _title(sheet: Sheet, view: View, box: Box, share: float | None = None) -> Box:
    top, rest = _cut_title(sheet, box, share)
    style = Style(Typeface.TITLE, round(top.h * 0.92), theme.AMBER, max_lines=2, smallest_scale=2)
    labels = sheet.write(view.title, top, style)
    if view.moving:
        _flank(sheet, top, min((label.box.x for label in labels), default=top.x))
    return rest


def _cut_title(sheet: Sheet, box: Box, share: float | None = None) -> tuple[Box, Box]:
    share = share or (0.19 if _is_wide(box) else 0.13)
    return box.cut_top(round(box.h * share), _gap(sheet))


def _flank(sheet: Sheet, top: Box, title_left: int) -> None:
    """A turning coin on either side of a title that leaves the room."""
    columns, rows = sheet.art.size("coin_0")
    scale = min(top.h * 3 // 4 // rows, (title_left - top.x - 2 * _gap(sheet)) // columns)
    if scale < 1:
        return
    left = Box(top.x, top.y, title_left - top.x, top.h).centred(columns * scale, rows * scale)
    right = Box(top.right - (left.right - top.x), left.y, left.w, left.h)
    sheet.spinning += [Art("coin_0", scale, left), Art("coin_0", scale, right)]


def _attract(sheet: Sheet, view: View, inner: Box, code: QrCode) -> None:
    """The QR as large as may be: beside everything, below the title, or between title and text."""
    if inner.w * 2 >= inner.h * 3:
        text = _title(sheet, view, _beside_qr(sheet, inner, code), share=0.24)
    elif _is_wide(inner):
        text = _beside_qr(sheet, _title(sheet, view, inner), code)
    else:
        text = _below_qr(sheet, view, _title(sheet, view, inner), code)
    if sheet.qr is None:
        sheet.write(_TOO_LONG, text, _sentence(sheet))
    else:
        invitation(sheet, view, text)


def _beside_qr(sheet: Sheet, box: Box, code: QrCode) -> Box:
    side = min(box.h, round(box.w * 0.6))
    room = Box(box.right - side, box.y, side, box.h)
    card = _qr(sheet, code, room, SMALLEST_MODULE_PX)
    return box.cut_left(card.x - 2 * _gap(sheet) - box.x)[0] if card else box


def _below_qr(sheet: Sheet, view: View, box: Box, code: QrCode) -> Box:
    gap = _gap(sheet)
    text_h = round(units(view) * sheet.short * 0.03)
    side = min(box.w, round(box.h * 0.63), box.h - gap - text_h)
    card = _qr(sheet, code, box.cut_top(side)[0], SMALLEST_MODULE_PX, at_top=True)
    return box.cut_top(card.h, gap)[1] if card else box


def _qr(sheet: Sheet, code: QrCode, room: Box, smallest_px: int, *, at_top: bool = False) -> Box | None:
    """Place the QR as large as the room allows; the box of its card, or None if too fine."""
    edge = max(3, sheet.short // 90)
    module_px = (min(room.w, room.h) - 2 * edge) // code.side
    if module_px < smallest_px:
        return None
    side = code.side * module_px
    card = room.centred(side + 2 * edge, side + 2 * edge)
    if at_top:
        card = card._replace(y=room.y)
    sheet.qr = QrPlace(code, module_px, card.inset(edge), card)
    return card


def _paying(sheet: Sheet, view: View, body: Box) -> None:
    lane, text = body.cut_top(round(body.h * 0.45), _gap(sheet))
    lane = lane.centred(min(lane.w, lane.h * 4), lane.h)
    left, rest = lane.cut_left(lane.w // 4)
    middle, right = rest.cut_left(lane.w // 2)
    sheet.put("phone", left)
    _cabinet(sheet, "happy", right)
    columns, rows = sheet.art.size("coin_0")
    scale = max(1, min(lane.h // 3 // rows, middle.w // 5 // columns))
    sheet.lane = CoinLane(middle, scale)
    _words(sheet, view, text)


def _playing(sheet: Sheet, view: View, inner: Box, code: QrCode) -> None:
    """The credits large, and a smaller QR for more; a larger one where that would be too fine."""
    if not _with_small_code(sheet, view, inner, code) and not _with_large_code(sheet, view, inner, code):
        _notice(sheet, view, _title(sheet, view, inner))


def _with_small_code(sheet: Sheet, view: View, inner: Box, code: QrCode) -> bool:
    gap, body = _gap(sheet), _cut_title(sheet, inner)[1]
    if _is_wide(body):
        text, room = body.cut_left(body.w * 3 // 5 - gap, gap)
    else:
        text, room = body.cut_top(body.h * 11 // 20 - gap, gap)
    if _captioned(sheet, code, room, SMALLEST_SIDE_MODULE_PX) is None:
        return False
    _title(sheet, view, inner)
    _words(sheet, view, text)
    return True


def _with_large_code(sheet: Sheet, view: View, inner: Box, code: QrCode) -> bool:
    """The code has its room first, and title and words what it leaves."""
    is_wide = _is_wide(inner)
    cut = inner.cut_left(inner.w * 2 // 5) if is_wide else inner.cut_top(inner.h * 7 // 20, _gap(sheet))
    card = _captioned(sheet, code, cut[1], SMALLEST_MODULE_PX)
    if card is None:
        return False
    text = inner.cut_left(card.x - 2 * _gap(sheet) - inner.x)[0] if is_wide else cut[0]
    _words(sheet, view, _title(sheet, view, text, share=0.24))
    return True


def _captioned(sheet: Sheet, code: QrCode, room: Box, smallest_px: int) -> Box | None:
    """The QR under its caption, in the middle of the room; None if too fine."""
    gap, caption_h = _gap(sheet) // 2, max(14, sheet.short // 18)
    side = min(room.w, room.h - caption_h - gap)
    caption, below = room.centred(room.w, side + caption_h + gap).cut_top(caption_h, gap)
    card = _qr(sheet, code, below, smallest_px, at_top=True)
    if card is not None:
        sheet.write("ADD CREDITS", caption, Style(Typeface.PIXEL, caption_h, theme.LAVENDER))
    return card


def _notice(sheet: Sheet, view: View, body: Box) -> None:
    face = _EXPRESSIONS[view.state]
    if _is_wide(body):
        picture, text = body.cut_left(body.w * 3 // 10, _gap(sheet))
    else:
        picture, text = body.cut_top(body.h * 9 // 20, _gap(sheet))
    _cabinet(sheet, face, picture.inset(0, picture.h // 16))
    _words(sheet, view, text)


def _cabinet(sheet: Sheet, face: str, box: Box) -> None:
    cabinet = sheet.put("cabinet", box)
    if cabinet is None:
        return
    x, y = _CABINET_SCREEN
    w, h = sheet.art.size(face)
    at = Box(cabinet.box.x + x * cabinet.scale, cabinet.box.y + y * cabinet.scale, w, h)
    screen = at._replace(w=w * cabinet.scale, h=h * cabinet.scale)
    sheet.pieces.append(Art(face, cabinet.scale, screen))


def _words(sheet: Sheet, view: View, box: Box) -> None:
    """The headline over the sentences."""
    block = box.centred(box.w, min(box.h, round(sheet.short * 0.62)))
    head, rest = block.cut_top(round(block.h * 0.58), _gap(sheet))
    style = Style(Typeface.PIXEL, round(sheet.short * 0.2), theme.AMBER, max_lines=2, smallest_scale=2)
    sheet.write(view.headline, head, style)
    sheet.write(view.text, rest, _sentence(sheet))


def _sentence(sheet: Sheet) -> Style:
    return Style(Typeface.SANS, max(14, sheet.short // 13), theme.LAVENDER, max_lines=3)
