"""The technician's page: large words on black, the lines live below, one code at a time; its leaves turn."""

from __future__ import annotations

from attract_screen.model.box import Box
from attract_screen.model.monitor import Size
from attract_screen.model.technician import TechnicianPage
from attract_screen.picture.design.studio import Studio
from attract_screen.picture.layout import Layout, QrPlace, Sheet
from attract_screen.picture.letters.fit import Align, Style
from attract_screen.picture.letters.rows import AMBER, DIM, set_lines
from attract_screen.picture.letters.typefaces import Typeface
from attract_screen.picture.scenes.leaves import CodePlace, Room, leaves_of
from attract_screen.picture.scenes.strip import cut_strip


def technician_page(page: TechnicianPage, size: Size, studio: Studio) -> Layout:
    """Lay out the leaf whose turn it is."""
    faces, colours = studio.faces, studio.theme.colours
    sheet = Sheet(size, max(2, min(size) // 120), colours, faces, studio.art, is_plain=True)
    room, gap = Room(sheet.short, faces), max(4, sheet.short // 60)
    inside = Box(0, 0, *size).inset(sheet.rail + gap)
    head, rest = inside.cut_top(max(15, sheet.short // 20), gap)
    leaves = leaves_of(page.chapters, cut_strip(sheet, page.lines, rest, gap), room)
    number = page.leaf % len(leaves)
    _write_head(sheet, page, head, f"{number + 1}/{len(leaves)}")
    leaf = leaves[number]
    sheet.labels += set_lines(leaf.sections, leaf.box, leaf.size, faces)
    if leaf.code:
        _put_code(sheet, leaf.code, room)
    return sheet.done()


def _write_head(sheet: Sheet, page: TechnicianPage, head: Box, number: str) -> None:
    minutes, seconds = divmod(page.left_s, 60)
    left, right = head.cut_left(head.w * 7 // 10, max(4, head.h // 3))
    sheet.write(f"TECHNICIAN  {page.machine_id}", left, Style(Typeface.SANS, head.h, AMBER, Align.LEFT))
    sheet.write(f"{number}   {minutes}:{seconds:02d}", right, Style(Typeface.SANS, head.h, DIM, Align.RIGHT))


def _put_code(sheet: Sheet, place: CodePlace, room: Room) -> None:
    side = room.card(place.code, place.module_px)
    card = place.box.centred(side, side)
    sheet.qr = QrPlace(place.code, (place.module_px, place.module_px), card, room.edge)
    if not place.hint:
        sheet.write(place.caption, place.words, Style(Typeface.SANS, room.caption, AMBER))
        return
    upper, lower = place.words.cut_top(place.words.h // 3)
    sheet.write(place.caption, upper, Style(Typeface.SANS, room.caption, AMBER, max_lines=2))
    sheet.write(place.hint, lower, Style(Typeface.SANS, room.caption, DIM, max_lines=6))
