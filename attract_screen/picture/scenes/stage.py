"""The pages that take turns beside the code, each laid out where the prices are at first."""

from __future__ import annotations

from dataclasses import replace

from attract_screen.model.box import Box
from attract_screen.model.programme import MaterialPage, Page, PageKind
from attract_screen.model.view import News, View
from attract_screen.picture.layout import Layout, MaterialPlace, Panel, Sheet
from attract_screen.picture.letters.fit import Align, Style
from attract_screen.picture.letters.typefaces import Typeface
from attract_screen.picture.scenes.parts import gap

# Less than that has no room for more than the prices.
SMALLEST_STAGE = (96, 84)

_STEP_ART = ("code", "phone", "button")


def turned_to(page: Page, view: View, layout: Layout, sheet: Sheet) -> Layout | None:
    """The layout with this page in its stage, laid out on an empty sheet; None if it has no room there."""
    stage = layout.stage
    if page.kind is PageKind.OFFER or stage is None:
        return layout
    if stage.w < SMALLEST_STAGE[0] or stage.h < SMALLEST_STAGE[1]:
        return None
    if page.material is not None:
        _material(sheet, page.material, stage)
    elif page.kind is PageKind.HOW_TO:
        _how_to(sheet, view, stage)
    elif page.kind is PageKind.COMING and view.coming is not None:
        _coming(sheet, view.coming, stage)
    elif page.kind is PageKind.TODAY and view.today is not None:
        _today(sheet, view.today, stage)
    around, shown = layout.without_page(), sheet.done()
    if sheet.cut_short:
        return None
    return replace(
        around,
        labels=around.labels + shown.labels,
        panels=around.panels + shown.panels,
        art=around.art + shown.art,
        material=shown.material,
    )


def _how_to(sheet: Sheet, view: View, stage: Box) -> None:
    """Each step with its picture: below each other, or beside each other where the stage is low."""
    space = gap(sheet)
    count = len(view.steps)
    if stage.w > stage.h * 1.5:
        cells = [
            _columns(stage, count, space)[number].cut_bottom(stage.h * 3 // 10, space // 2)
            for number in range(count)
        ]
        align = Align.CENTRE
    else:
        rows = stage.centred(stage.w, min(stage.h, round(stage.w * 1.05))).rows(count, space)
        cells = [row.cut_left(min(row.h, row.w // 3), space) for row in rows]
        align = Align.LEFT
    for name, (place, _) in zip(_STEP_ART, cells, strict=True):
        sheet.put(name, place)
    largest = max(14, sheet.short // 12)
    style = Style(Typeface.SANS, largest, sheet.colours.soft, align, max_lines=2)
    sheet.say_alike([(step, words) for step, (_, words) in zip(view.steps, cells, strict=True)], style)


def _columns(box: Box, count: int, space: int) -> list[Box]:
    w = (box.w - space * (count - 1)) // count
    return [Box(box.x + number * (w + space), box.y, w, box.h) for number in range(count)]


def _coming(sheet: Sheet, news: News, stage: Box) -> None:
    block = stage.centred(stage.w, min(stage.h, round(sheet.short * 0.5)))
    head, foot = block.cut_top(block.h * 3 // 5, gap(sheet))
    big = Style(
        Typeface.PIXEL, round(sheet.short * 0.17), sheet.colours.accent, max_lines=2, smallest_scale=2
    )
    sheet.say(news.headline, head, big)
    sheet.say(news.text, foot, Style(Typeface.SANS, max(16, sheet.short // 9), sheet.colours.strong))


def _today(sheet: Sheet, news: News, stage: Box) -> None:
    """The number in windows, a digit each, as a score stands there."""
    block = stage.centred(stage.w, min(stage.h, round(sheet.short * 0.46)))
    score, foot = block.cut_top(block.h * 3 // 5, gap(sheet))
    space = max(2, score.h // 16)
    count = len(news.headline)
    w = min(score.h * 3 // 4, (score.w - space * (count - 1)) // count)
    row = score.centred(count * w + (count - 1) * space, min(score.h, w * 3 // 2))
    windows = _columns(row, count, space)
    colours = sheet.colours
    sheet.panels += [Panel(window, colours.plate, colours.plate_edge) for window in windows]
    inside = [window.inset(max(2, w // 8), max(2, w // 8)) for window in windows]
    digit = Style(Typeface.PIXEL, row.h, colours.on_plate_accent, smallest_scale=2)
    sheet.say_alike(list(zip(news.headline, inside, strict=True)), digit)
    sheet.say(news.text, foot, Style(Typeface.SANS, max(16, sheet.short // 10), colours.strong))


def _material(sheet: Sheet, material: MaterialPage, stage: Box) -> None:
    """As large as may be, and its caption below it."""
    box = stage
    if material.caption:
        height = max(14, sheet.short // 14)
        lines = 2 if stage.h > stage.w else 1  # in a low stage the second line would cost half the picture
        box, words = stage.cut_bottom(height * lines, gap(sheet) // 2)
        style = Style(Typeface.SANS, height, sheet.colours.soft, Align.CENTRE, max_lines=2)
        sheet.write(material.caption, words, style)
    sheet.material = MaterialPlace(material.key, box)
