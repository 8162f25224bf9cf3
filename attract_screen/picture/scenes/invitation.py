"""The words beside the QR: a headline, the price board and the three steps."""

from __future__ import annotations

from dataclasses import replace

from attract_screen.model.box import Box
from attract_screen.model.view import PriceRow, View
from attract_screen.picture.layout import Panel, Sheet
from attract_screen.picture.letters.fit import SMALLEST_SANS, Align, Style, least_lines
from attract_screen.picture.letters.typefaces import Typeface

# Shares of the column beside the QR, in one unit of height.
_HEADLINE, _NOTE, _PRICE, _STEP, _GROUP_GAP = 2.6, 1.3, 1.8, 1.35, 0.7

_SMALLEST_LINE_PX = 14  # in a lower place not even the smallest letters have room
_SMALLEST_STEP_PX = 13  # a lower row has no room for its number


def invitation(sheet: Sheet, view: View, box: Box) -> None:
    """Headline, what is special about the prices, price board and the three steps, one under the other."""
    sheet.stage = box
    note_lines = _note_lines(sheet, view, box)
    if not note_lines:
        view = replace(view, text="")  # it would take room from the prices, and not be read
    all_units = units(view, note_lines)
    unit = min(box.h / all_units, sheet.short * 0.06, box.w * 0.12)
    box = box.centred(box.w, round(unit * all_units))
    head, box = box.cut_top(round(unit * _HEADLINE), round(unit * _GROUP_GAP))
    style = Style(Typeface.PIXEL, head.h, sheet.colours.strong, max_lines=2, smallest_scale=2)
    sheet.say(view.headline, head, style)
    if view.text:
        note, box = box.cut_top(round(unit * _NOTE * note_lines), round(unit * _GROUP_GAP))
        style = Style(Typeface.SANS, note.h // note_lines, sheet.colours.accent, max_lines=note_lines)
        sheet.say(view.text, note, style)
    if view.prices:
        board, box = box.cut_top(round(unit * _PRICE * len(view.prices)), round(unit * _GROUP_GAP))
        _price_board(sheet, view.prices, board)
    _steps(sheet, view.steps, box)


def _note_lines(sheet: Sheet, view: View, box: Box) -> int:
    """On how many lines what is special about the prices has room: on two if the steps keep theirs."""
    lines = least_lines(view.text, box.w, Typeface.SANS, SMALLEST_SANS, sheet.faces)
    step_px = box.h / units(view, lines) * _STEP
    return lines if lines < 2 or (lines == 2 and step_px >= _SMALLEST_STEP_PX) else 0


def units(view: View, note_lines: int = 1) -> float:
    """How high the invitation is, in its own unit."""
    prices = _PRICE * len(view.prices) + _GROUP_GAP if view.prices else 0
    note = _NOTE * note_lines + _GROUP_GAP if view.text else 0
    return _HEADLINE + _GROUP_GAP + note + prices + _STEP * len(view.steps)


def _price_board(sheet: Sheet, prices: tuple[PriceRow, ...], box: Box) -> None:
    gap = max(2, sheet.short // 120)
    names: list[tuple[str, Box]] = []
    costs: list[tuple[str, Box]] = []
    for price, row in zip(prices, box.rows(len(prices), gap), strict=True):
        sheet.panels.append(Panel(row, sheet.colours.plate, sheet.colours.plate_edge))
        inside = row.inset(max(5, row.h // 4), max(2, min(row.h // 6, (row.h - _SMALLEST_LINE_PX) // 2)))
        name, cost = inside.cut_left(_names_width(sheet, prices, inside.w), max(gap, row.h // 4))
        names.append((price.what, name))
        costs.append((price.price, cost))
    height = box.h // len(prices)
    colours = sheet.colours
    sheet.say_alike(names, Style(Typeface.PIXEL, height, colours.on_plate, Align.LEFT))
    sheet.say_alike(costs, Style(Typeface.PIXEL, height, colours.on_plate_accent, Align.RIGHT))


def _names_width(sheet: Sheet, prices: tuple[PriceRow, ...], width: int) -> int:
    """The part of a row for its name: the price may be larger, unless that takes a name its letters."""
    name, cost = _widest(sheet, prices, 20)
    share = round(width * name / (name + 1.4 * cost))
    name, cost = _widest(sheet, prices, SMALLEST_SANS)
    return max(share, min(name, width - cost))


def _widest(sheet: Sheet, prices: tuple[PriceRow, ...], size: int) -> tuple[int, int]:
    """The widest name and the widest price, as small print of this size."""
    name = max(sheet.faces.width(row.what, Typeface.SANS, size) for row in prices)
    return name, max(sheet.faces.width(row.price, Typeface.SANS, size) for row in prices)


def _steps(sheet: Sheet, steps: tuple[str, ...], box: Box) -> None:
    gap = max(2, sheet.short // 120)
    rows = box.rows(len(steps), gap)
    if rows[0].h < _SMALLEST_STEP_PX:
        line = Style(Typeface.SANS, box.h, sheet.colours.soft, max_lines=2)
        sheet.say("\N{NO-BREAK SPACE}· ".join(steps), box, line)
        return
    badges, lines = zip(*(row.cut_left(row.h, max(5, row.h // 3)) for row in rows), strict=True)
    colours = sheet.colours
    sheet.panels += [Panel(badge, colours.badge, colours.badge_edge) for badge in badges]
    numbers = [(str(i), badge.inset(max(2, badge.h // 5))) for i, badge in enumerate(badges, 1)]
    sheet.say_alike(numbers, Style(Typeface.PIXEL, rows[0].h, sheet.colours.on_badge))
    style = Style(Typeface.SANS, rows[0].h, sheet.colours.soft, Align.LEFT)
    sheet.say_alike(list(zip(steps, lines, strict=True)), style)
