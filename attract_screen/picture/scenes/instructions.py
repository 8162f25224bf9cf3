"""The picture of a machine that is not set up: all for who stands before it with a card in hand."""

from __future__ import annotations

from attract_screen.model.box import Box
from attract_screen.model.view import View
from attract_screen.picture.layout import Sheet
from attract_screen.picture.letters.fit import Align, Style
from attract_screen.picture.letters.typefaces import Typeface


def setup(sheet: Sheet, view: View, inner: Box) -> None:
    """The headline, the lines as large as fits, and below them where this machine is found."""
    gap = max(6, sheet.short // 32)
    inner = inner.inset(gap // 2, 0)
    head, rest = inner.cut_top(round(inner.h * 0.16), gap)
    body, foot = rest.cut_bottom(round(sheet.short * 0.13), gap)
    style = Style(
        Typeface.PIXEL, round(sheet.short * 0.12), sheet.colours.accent, max_lines=2, smallest_scale=2
    )
    sheet.write(view.headline, head, style)
    sheet.list_up(view.lines, body, Style(Typeface.SANS, sheet.short // 10, sheet.colours.soft, Align.LEFT))
    found = Style(Typeface.SANS, max(14, sheet.short // 16), sheet.colours.accent, max_lines=2)
    sheet.write(view.technician_line or "", foot, found)
