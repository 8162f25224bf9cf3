"""One picture that comes up over another on the glass, part by part."""

from __future__ import annotations

import pygame

from attract_screen.model.box import Box
from attract_screen.model.monitor import Frame
from attract_screen.picture.design.theme import Theme
from attract_screen.picture.draw import Picture
from attract_screen.picture.glass import carry
from attract_screen.picture.motion.turn import Turn, codes_of


class Entrance:
    """`picture` takes the place of what was on the glass; the code of `before` goes with the first step."""

    def __init__(self, picture: Picture, before: Picture, theme: Theme, began_s: float) -> None:
        self._picture = picture
        self._front = theme.colours.front
        whole = Box(0, 0, *picture.surface.get_size())
        self._turn = Turn(theme.reveal, whole, codes_of(picture.layout, before.layout), began_s)

    @property
    def is_over(self) -> bool:
        """Whether the whole picture is there."""
        return self._turn.is_over

    def step(self, now_s: float, frame: Frame, glass: pygame.Surface) -> list[pygame.Rect]:
        """Carry over what comes up now; the places on the glass that changed."""
        step = self._turn.step(now_s)
        changed = carry(self._picture.surface, map(pygame.Rect, step.new), frame, glass)
        return changed + [glass.fill(self._front, frame.place(part)) for part in step.front]
