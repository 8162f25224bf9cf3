"""The picture for when no other can be drawn: the code, and the headline if there is any font at all."""

from __future__ import annotations

import pygame

from attract_screen.model.box import Box
from attract_screen.model.monitor import Size
from attract_screen.model.view import View
from attract_screen.picture.qr import encode

_DARK, _LIGHT = (0, 0, 0), (255, 255, 255)


class BarePicture:
    """One view at one size, of nothing that could be missing or broken; it stands still."""

    moving = False

    def __init__(self, view: View, size: Size) -> None:
        self.surface = pygame.Surface(size, 0, 32)
        words, code = Box(0, 0, *size).cut_top(size[1] // 6)
        _write(self.surface, view.headline, words)
        if view.qr:
            _draw_code(self.surface, view.qr, code)


def _draw_code(surface: pygame.Surface, address: str, room: Box) -> None:
    code = encode(address)
    module_px = min(room.w, room.h) // code.side
    if module_px < 1:
        return
    place = room.centred(code.side * module_px, code.side * module_px)
    surface.fill(_LIGHT, place)
    for y, row in enumerate(code.modules):
        for x, dark in enumerate(row):
            if dark:
                at = (place.x + x * module_px, place.y + y * module_px, module_px, module_px)
                surface.fill(_DARK, at)


def _write(surface: pygame.Surface, text: str, room: Box) -> None:
    """In pygame's own font; a system without even that has the code alone."""
    try:
        pygame.font.init()
        ink = pygame.font.Font(None, max(14, room.h // 2)).render(text, True, _LIGHT)
    except (OSError, pygame.error):
        return
    if ink.get_width() > room.w:
        ink = pygame.transform.smoothscale(
            ink, (room.w, max(1, ink.get_height() * room.w // ink.get_width()))
        )
    surface.blit(ink, ink.get_rect(center=(room.x + room.w // 2, room.y + room.h // 2)))
