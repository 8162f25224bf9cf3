"""What stands on a marquee: the machine's name, and beneath it what a credit costs."""

from __future__ import annotations

from attract_screen.model.view import View
from attract_screen.picture.layout import Layout, Sheet
from attract_screen.picture.letters.fit import Style
from attract_screen.picture.letters.typefaces import Typeface
from attract_screen.picture.scenes.parts import gap, inner

_PRICES_SHARE = 0.26


def marquee(sheet: Sheet, view: View) -> Layout:
    """The name as large as may be; the prices in one line, or in two where that makes them larger."""
    box = inner(sheet)
    if view.prices:
        box, foot = box.cut_bottom(round(box.h * _PRICES_SHARE), gap(sheet))
        words = " · ".join(f"{row.what} {row.price}".strip() for row in view.prices)
        sheet.say(words, foot, Style(Typeface.PIXEL, foot.h, sheet.colours.strong, max_lines=2))
    style = Style(Typeface.TITLE, box.h, sheet.colours.accent, max_lines=2, smallest_scale=2)
    sheet.write(view.title, box, style)
    return sheet.done()
