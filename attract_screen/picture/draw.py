"""A View drawn on a pygame Surface; needs no display."""

from __future__ import annotations

import pygame

from attract_screen.model.box import Box
from attract_screen.model.monitor import Monitor, Size, frame_in
from attract_screen.model.page_turn import page_at
from attract_screen.model.still_care import AT_FIRST, Stand
from attract_screen.model.view import View
from attract_screen.picture import theme
from attract_screen.picture.font_files import SAMPLES
from attract_screen.picture.glass import carry, clear
from attract_screen.picture.layout import Layout, QrPlace
from attract_screen.picture.ornament import Ornament, Sprite
from attract_screen.picture.pixel_art import PixelArt
from attract_screen.picture.scenes import pages
from attract_screen.picture.typefaces import Typefaces

A_FLAT_ONE = Monitor()
_GLOW_GRID = 24


class Studio:
    """What every picture is drawn with; made once, because a font is slow to open."""

    def __init__(self) -> None:
        self.faces = Typefaces()
        self.art = PixelArt()
        self._others: dict[str, Typefaces] = {"en": self.faces}

    def faces_of(self, language: str) -> Typefaces:
        """The faces that a language is written in."""
        if language not in self._others:
            self._others[language] = Typefaces(language)
        return self._others[language]

    def can_write(self, language: str) -> bool:
        """Whether the font is here that the language cannot do without."""
        return self.faces_of(language).sans.has_wide(SAMPLES.get(language, ""))


class Picture:
    """One view at one size: a still layer, drawn once a page, and the sprites that move over it."""

    def __init__(
        self,
        view: View,
        size: Size,
        studio: Studio,
        pixel_aspect: float = 1.0,
        stand: Stand = AT_FIRST,
    ) -> None:
        self.moving = view.moving
        self.surface = pygame.Surface(size, 0, 32)
        self._state = view.state
        self._studio = studio
        self._stand = stand
        self._pages = pages(view, size, studio.faces, studio.art, pixel_aspect)
        self._shown: list[Sprite] = []
        self._open(0)

    def is_over(self, elapsed_s: float) -> bool:
        """Whether it is another page's turn: the whole picture is to be drawn."""
        return self._page_at(elapsed_s) != self._page

    def draw(self, elapsed_s: float) -> None:
        """The whole picture as it is `elapsed_s` seconds into its movement."""
        if self.is_over(elapsed_s):
            self._open(self._page_at(elapsed_s))
        self.surface.blit(self._still, (0, 0))
        self._shown = self._ornament.sprites(elapsed_s if self.moving else 0.0)
        self.surface.blits(self._shown)

    def move(self, elapsed_s: float) -> list[pygame.Rect]:
        """Redraw only what moved since the last draw or move; the rectangles that changed."""
        sprites = self._ornament.sprites(elapsed_s if self.moving else 0.0)
        moved = [(old, new) for old, new in zip(self._shown, sprites, strict=True) if old != new]
        self._shown = sprites
        whole = self.surface.get_rect()
        before = [old.get_rect(topleft=place).clip(whole) for (old, place), _ in moved]
        for rect in before:
            self.surface.blit(self._still, rect, rect)
        after = [self.surface.blit(*new) for _, new in moved]
        return [rect for pair in zip(before, after, strict=True) for rect in _joined(*pair)]

    def _page_at(self, elapsed_s: float) -> int:
        return page_at(elapsed_s, [page.seconds for page in self._pages])

    def _open(self, page: int) -> None:
        self._page = page
        self.layout = self._pages[page].layout.standing(self._stand)
        self._still = _still_layer(self.layout, self._studio)
        self._ornament = Ornament(self.layout, self._state, self._studio.art)


def render(view: View, size: Size, monitor: Monitor = A_FLAT_ONE, elapsed_s: float = 0.0) -> pygame.Surface:
    """One finished frame of exactly `size`, as it goes to this monitor."""
    frame = frame_in(size, monitor)
    picture = Picture(view, frame.size, Studio(), frame.pixel_aspect)
    picture.draw(elapsed_s)
    display = pygame.Surface(size, 0, 32)
    clear(display)
    carry(picture.surface, [picture.surface.get_rect()], frame, display)
    return display


def _joined(one: pygame.Rect, other: pygame.Rect) -> list[pygame.Rect]:
    rects = [rect for rect in (one, other) if rect.width and rect.height]
    if len(rects) == 2 and one.colliderect(other):
        return [one.union(other)]
    return rects


def _still_layer(layout: Layout, studio: Studio) -> pygame.Surface:
    if layout.is_plain:
        surface = pygame.Surface(layout.size, 0, 32)
    else:
        surface = _glass(layout.size)
        _draw_rail(surface, layout.rail)
    for panel in layout.panels:
        radius = max(2, panel.box.h // 6)
        pygame.draw.rect(surface, panel.fill, panel.box, border_radius=radius)
        if panel.edge:
            pygame.draw.rect(surface, panel.edge, panel.box, 1, border_radius=radius)
    for piece in layout.art:
        surface.blit(studio.art.draw(piece.name, piece.scale), piece.box[:2])
    for label in layout.labels:
        ink = studio.faces.draw(label.text, label.face, label.size, label.colour)
        surface.blit(ink, label.box[:2])
    if layout.qr:
        _draw_qr(surface, layout.qr)
    return surface


def _glass(size: Size) -> pygame.Surface:
    """Night, lit a little from above the middle."""
    glow = pygame.Surface((_GLOW_GRID, _GLOW_GRID), 0, 32)
    for y in range(_GLOW_GRID):
        for x in range(_GLOW_GRID):
            far = ((x / (_GLOW_GRID - 1) - 0.5) ** 2 + (y / (_GLOW_GRID - 1) - 0.35) ** 2) ** 0.5
            part = max(0.0, 1 - far / 0.75)
            glow.set_at((x, y), theme.mixed(theme.NIGHT, theme.NIGHT_HIGH, part))
    return pygame.transform.smoothscale(glow, size)


def _draw_rail(surface: pygame.Surface, rail: int) -> None:
    pygame.draw.rect(surface, theme.BEZEL, surface.get_rect(), rail)
    inside = Box(0, 0, *surface.get_size()).inset(rail)
    pygame.draw.rect(surface, theme.PANEL_EDGE, inside, max(1, rail // 14))


def _draw_qr(surface: pygame.Surface, qr: QrPlace) -> None:
    """Dark on light in whole pixels; the card's rounded corners stay outside the quiet zone."""
    pygame.draw.rect(surface, theme.QR_LIGHT, qr.card, border_radius=qr.edge)
    grid = pygame.Surface((qr.code.side, qr.code.side), 0, 32)
    for y, row in enumerate(qr.code.modules):
        for x, dark in enumerate(row):
            grid.set_at((x, y), theme.QR_DARK if dark else theme.QR_LIGHT)
    surface.blit(pygame.transform.scale(grid, (qr.box.w, qr.box.h)), qr.box[:2])
