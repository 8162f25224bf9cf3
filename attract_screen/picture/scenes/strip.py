"""The lines of the machine as they stand, each in a cell of its own at the foot of the technician's page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import chain

from attract_screen.model.box import Box
from attract_screen.model.technician_format import Line
from attract_screen.picture.colours import Colour
from attract_screen.picture.layout import Panel, Sheet
from attract_screen.picture.letters.fit import SMALLEST_SANS, Style
from attract_screen.picture.letters.rows import AMBER, DIM
from attract_screen.picture.letters.typefaces import Typeface

_REST: Colour = (24, 24, 32)
_EDGE: Colour = (110, 110, 130)
_WHITE: Colour = (255, 255, 255)
_BLACK: Colour = (0, 0, 0)
_SMALLEST = SMALLEST_SANS + 1
# With fewer rows of pixels than this, one line of text for each line of the board is all there is room for.
_FEW_PX = 300
_MOST_EDGES = 9999


def cut_strip(sheet: Sheet, lines: Sequence[Line], box: Box, gap: int) -> Box:
    """Draw a cell for each line at the foot of the box; what is left above them."""
    if not lines:
        return box
    text_of: Callable[[Line], Sequence[str]] = _short_text if sheet.short < _FEW_PX else _full_text
    texts = [text_of(line) for line in lines]
    # As wide as they can become, or they would jump about while somebody watches them.
    widest = [replace(line, active=True, edges=_MOST_EDGES + 1) for line in lines]
    size, columns = _divided(sheet, list(chain(*map(text_of, widest))), len(lines), box.w)
    line_h, space = sheet.faces.height(Typeface.SANS, size), _space(sheet)
    rows = -(-len(lines) // columns)
    cell_h = len(texts[0]) * line_h + 2
    above, strip = box.cut_bottom(rows * (cell_h + space) - space, gap)
    for number, (line, text) in enumerate(zip(lines, texts, strict=True)):
        row, column = divmod(number, columns)
        width = (strip.w + space) // columns
        at = Box(strip.x + column * width, strip.y + row * (cell_h + space), width - space, cell_h)
        _cell(sheet, line, text, at)
    return above


def _cell(sheet: Sheet, line: Line, texts: Sequence[str], cell: Box) -> None:
    fill, edge, ink = (AMBER, AMBER, _BLACK) if line.active else (_REST, _EDGE, _WHITE)
    sheet.panels.append(Panel(cell, fill, edge))
    inside = cell.inset(_space(sheet), 1)
    for text, row in zip(texts, inside.rows(len(texts)), strict=True):
        is_name = text == texts[0] and len(texts) > 1 and not line.active
        sheet.write(text, row, Style(Typeface.SANS, row.h, DIM if is_name else ink))


def _divided(sheet: Sheet, texts: Sequence[str], cells: int, width: int) -> tuple[int, int]:
    """The size of the letters, and how many cells stand beside each other: all of them, or evenly divided."""
    space = _space(sheet)
    for rows in range(1, cells + 1):
        columns = -(-cells // rows)
        for size in range(max(_SMALLEST, sheet.short // 36), _SMALLEST - 1, -1):
            widest = max(sheet.faces.width(text, Typeface.SANS, size) for text in texts)
            if columns * (widest + 3 * space) <= width + space:
                return size, columns
    return _SMALLEST, 1


def _space(sheet: Sheet) -> int:
    return max(2, sheet.short // 160)


def _full_text(line: Line) -> tuple[str, str]:
    """In words, and only then by colour; the edges show what was too short to be seen."""
    return f"{line.name} {line.pin}", f"{'ACTIVE' if line.active else 'rest'}  {_counted(line)}"


def _short_text(line: Line) -> tuple[str]:
    """By a shape, and only then by colour."""
    return (f"{'●' if line.active else '○'} {line.name} {_counted(line)}",)


def _counted(line: Line) -> str:
    return str(line.edges) if line.edges <= _MOST_EDGES else f"{_MOST_EDGES}+"
