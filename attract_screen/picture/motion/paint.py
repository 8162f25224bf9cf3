"""The still layer of a layout: all that does not move, painted bit by bit."""

from __future__ import annotations

from collections.abc import Iterator

import pygame

from attract_screen.model.box import Box
from attract_screen.picture.design.studio import Studio
from attract_screen.picture.layout import Layout, QrPlace


class Painting:
    """A still layer that is being painted; between two strokes others may have their turn."""

    def __init__(self, layout: Layout, studio: Studio) -> None:
        self.layout = layout
        self._surface = _black(layout) if layout.is_plain else studio.theme.ground(layout)
        self._corner = (0, 0)
        self._strokes = _strokes(self._surface, layout, studio)

    def go_on(self) -> bool:
        """One more stroke; False if there was none left to do."""
        return next(self._strokes, None) is not None

    def keep(self, box: Box) -> None:
        """Of the whole layer, which is finished, let go all but this."""
        if self._corner == (0, 0) and self._surface.get_size() != (box.w, box.h):
            self._surface, self._corner = self._surface.subsurface(box).copy(), (box.x, box.y)

    def blit_to(self, surface: pygame.Surface, part: Box) -> None:
        """Put a part of the layer where it belongs."""
        x, y = self._corner
        surface.blit(self.finished(), part[:2], part._replace(x=part.x - x, y=part.y - y))

    def finished(self) -> pygame.Surface:
        """The whole layer."""
        while self.go_on():
            pass
        return self._surface


def _black(layout: Layout) -> pygame.Surface:
    return pygame.Surface(layout.size, 0, 32)


def _strokes(surface: pygame.Surface, layout: Layout, studio: Studio) -> Iterator[bool]:
    for panel in layout.panels:
        studio.theme.panel(surface, panel)
    for piece in layout.art:
        surface.blit(studio.art.draw(piece.name, piece.scale), piece.box[:2])
        yield True
    for label in layout.labels:
        ink = studio.faces.draw(label.text, label.face, label.size, label.colour)
        surface.blit(ink, label.box[:2])
        yield True
    if layout.logo and studio.dress.logo:
        surface.blit(pygame.transform.smoothscale(studio.dress.logo, layout.logo[2:]), layout.logo[:2])
        yield True
    if layout.qr:
        _draw_code(surface, layout.qr, studio)
        yield True


def _draw_code(surface: pygame.Surface, qr: QrPlace, studio: Studio) -> None:
    """Dark on light in whole pixels."""
    studio.theme.card(surface, qr)
    light, dark = studio.theme.colours.code_light, studio.theme.colours.code_dark
    grid = pygame.Surface((qr.code.side, qr.code.side), 0, 32)
    for y, row in enumerate(qr.code.modules):
        for x, is_dark in enumerate(row):
            grid.set_at((x, y), dark if is_dark else light)
    surface.blit(pygame.transform.scale(grid, (qr.box.w, qr.box.h)), qr.box[:2])
