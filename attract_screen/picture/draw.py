"""A View drawn on a pygame Surface; needs no display."""

from __future__ import annotations

from functools import partial

import pygame

from attract_screen.model.monitor import Monitor, Size, frame_in
from attract_screen.model.still_care import AT_FIRST, Stand
from attract_screen.model.view import View
from attract_screen.picture.design.studio import Studio
from attract_screen.picture.design.theme import Sprite
from attract_screen.picture.glass import carry, clear
from attract_screen.picture.layout import Layout, MaterialPlace
from attract_screen.picture.material import MaterialPictures, NoMaterial
from attract_screen.picture.motion.ornament import Ornament
from attract_screen.picture.motion.paint import Painting
from attract_screen.picture.motion.sequence import Coming, Sequence
from attract_screen.picture.motion.turn import Turn, codes_of

A_FLAT_ONE = Monitor()


class Picture:
    """One view at one size: pages that take turns, and the sprites that move over each.

    `began_s` is when it is shown first, on the clock that everything else is told.
    """

    def __init__(
        self,
        view: View,
        size: Size,
        studio: Studio,
        pixel_aspect: float = 1.0,
        stand: Stand = AT_FIRST,
        began_s: float = 0.0,
        material: MaterialPictures | None = None,
    ) -> None:
        self.surface = pygame.Surface(size, 0, 32)
        self._moving = view.moving
        self._studio = studio = studio.speaking(view.language.code)
        self._material = material or NoMaterial()
        self._sequence = Sequence(view, size, studio, pixel_aspect, stand, partial(_has, self._material))
        self._sequence.begin(began_s)
        self._still = Painting(self.layout, studio).finished()
        self._ornament = Ornament(self.layout, view.state, studio)
        self._shown: list[Sprite] = []
        self._turn: Turn | None = None
        self._clip: pygame.Surface | None = None

    @property
    def layout(self) -> Layout:
        """That of the page which stands there."""
        return self._sequence.layout

    @property
    def moving(self) -> bool:
        """Whether anything on it moves now; a still picture is drawn once."""
        return self._moving or self._turn is not None

    def is_due(self, elapsed_s: float) -> bool:
        """Whether there is anything to move now: on a still picture only the turn of its page."""
        turns_at_s = self.turns_at_s()
        return self.moving or (turns_at_s is not None and elapsed_s >= turns_at_s)

    def turns_at_s(self) -> float | None:
        """When the next page has its turn; None if there is but this one."""
        return self._sequence.turns_at_s()

    def draw(self, elapsed_s: float) -> None:
        """The whole picture as it is then; a page whose turn it is stands there at once."""
        if self._sequence.skip_to(elapsed_s):
            self._turn = self._clip = None
            self._still = Painting(self.layout, self._studio).finished()
            self._ornament.keep_off(self.layout.taken)
        self.surface.blit(self._still, (0, 0))
        self._shown = self._ornament.sprites(elapsed_s if self._moving else 0.0)
        self.surface.blits(self._shown)
        self._show_material(elapsed_s)

    def move(self, elapsed_s: float) -> list[pygame.Rect]:
        """Redraw only what moved since the last draw or move; the rectangles that changed."""
        changed = self._move_sprites(elapsed_s)
        return changed + self._turn_page(elapsed_s) + self._show_material(elapsed_s)

    def _move_sprites(self, elapsed_s: float) -> list[pygame.Rect]:
        sprites = self._ornament.sprites(elapsed_s if self._moving else 0.0)
        moved = [(old, new) for old, new in zip(self._shown, sprites, strict=True) if old != new]
        self._shown = sprites
        whole = self.surface.get_rect()
        before = [old.get_rect(topleft=place).clip(whole) for (old, place), _ in moved]
        for rect in before:
            self.surface.blit(self._still, rect, rect)
        after = [self.surface.blit(*new) for _, new in moved]
        return [rect for pair in zip(before, after, strict=True) for rect in _joined(*pair)]

    def _turn_page(self, elapsed_s: float) -> list[pygame.Rect]:
        due_s = self.turns_at_s()
        if due_s is None:
            return []
        if self._turn is None:
            self._sequence.choose_again()
        coming = self._sequence.coming()
        if self._turn is None:
            if self._is_made_ready(coming) and elapsed_s >= due_s:
                self._turn = self._begin_turn(coming, elapsed_s)
            return []
        step = self._turn.step(elapsed_s)
        for part in step.new:
            coming.painting.blit_to(self._still, part)
            self.surface.blit(self._still, part[:2], part)
        for part in step.front:
            self.surface.fill(self._studio.theme.colours.front, part)
        if self._turn.is_over:
            self._sequence.turn(elapsed_s)
            self._turn = None
            self._ornament.keep_off(self.layout.taken)
        return [pygame.Rect(part) for part in (*step.new, *step.front)]

    def _is_made_ready(self, coming: Coming) -> bool:
        """A stroke a frame, so that none is late for it; at once where no frames come."""
        if coming.is_ready:
            return True
        if self._moving and coming.painting.go_on():
            return False
        self._paint_material(coming)
        coming.painting.keep(coming.box)
        coming.is_ready = True
        return True

    def _begin_turn(self, coming: Coming, elapsed_s: float) -> Turn:
        self._clip = None
        self._ornament.keep_off((*self.layout.taken, *coming.layout.taken))
        codes = [] if self.layout.qr == coming.layout.qr else codes_of(self.layout, coming.layout)
        return Turn(self._studio.theme.reveal, coming.box, codes, elapsed_s)

    def _paint_material(self, coming: Coming) -> None:
        """The operator's picture comes up with its page; to ask for it early has it made ready."""
        place = coming.layout.material
        clip = place and self._material.surface(place.key, (place.box.w, place.box.h), 0.0)
        if place and clip:
            coming.painting.finished().blit(clip, place.box.centred(*clip.get_size())[:2])

    def _show_material(self, elapsed_s: float) -> list[pygame.Rect]:
        """The operator's picture in the middle of its place; a clip's next frame, if there is one."""
        place = self.layout.material
        if place is None or self._turn is not None:
            return []
        box = place.box
        clip = self._material.surface(place.key, (box.w, box.h), elapsed_s - self._sequence.began_s)
        if clip is None or clip is self._clip:
            return []
        self._clip = clip
        at = box.centred(*clip.get_size())
        self._still.blit(clip, at[:2])
        self.surface.blit(clip, at[:2])
        return [pygame.Rect(at)]


def _has(material: MaterialPictures, place: MaterialPlace) -> bool:
    """Whether the operator's picture is ready; to ask is what makes it so.

    No method: a picture that knew itself by it would keep its surfaces, megabytes of them, until the garbage
    collection that happens to look.
    """
    return material.surface(place.key, (place.box.w, place.box.h), 0.0) is not None


def render(view: View, size: Size, monitor: Monitor = A_FLAT_ONE, elapsed_s: float = 0.0) -> pygame.Surface:
    """One finished frame of exactly `size`, as it goes to this monitor."""
    frame = frame_in(size, monitor)
    studio = Studio(view.theme)
    picture = Picture(view, frame.size, studio, frame.pixel_aspect)
    picture.draw(elapsed_s)
    display = pygame.Surface(size, 0, 32)
    clear(display, studio.theme.colours.rail)
    carry(picture.surface, [picture.surface.get_rect()], frame, display)
    return display


def _joined(one: pygame.Rect, other: pygame.Rect) -> list[pygame.Rect]:
    rects = [rect for rect in (one, other) if rect.width and rect.height]
    if len(rects) == 2 and one.colliderect(other):
        return [one.union(other)]
    return rects
