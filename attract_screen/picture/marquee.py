"""What stands on a marquee: the machine's name, and beneath it what a credit costs."""

from __future__ import annotations

from attract_screen.model.box import Box
from attract_screen.model.view import View
from attract_screen.picture import theme
from attract_screen.picture.fit import Style
from attract_screen.picture.layout import Sheet
from attract_screen.picture.typefaces import Typeface

_PRICES_SHARE = 0.26


def marquee(sheet: Sheet, view: View, box: Box) -> None:
    """The name as large as may be; the prices in one line, or in two where that makes them larger."""
    if view.prices:
        height = round(box.h * _PRICES_SHARE)
        box, foot = box.cut_bottom(height, max(4, sheet.short // 24))
        words = "   ".join(f"{row.what} {row.price}".strip() for row in view.prices)
        sheet.write(words, foot, Style(Typeface.PIXEL, foot.h, theme.WHITE, max_lines=2))
    style = Style(Typeface.TITLE, box.h, theme.AMBER, max_lines=2, smallest_scale=2)
    sheet.write(view.title, box, style)
