"""What a design is: colours, letters, pictures, a ground, and how things move and change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import pygame

from attract_screen.model.feed_format import State
from attract_screen.model.reveal import Reveal
from attract_screen.picture.colours import Colour, Colours
from attract_screen.picture.layout import Layout, Panel, Pictures, QrPlace
from attract_screen.picture.letters.typefaces import BigLetters

Sprite = tuple[pygame.Surface, tuple[int, int]]


class Trim(Protocol):
    """What moves in the frame around the picture."""

    def sprites(self, elapsed_s: float) -> list[Sprite]:
        """Every moving part and its top left corner; the list keeps its order and its length."""


@dataclass(frozen=True)
class Theme:
    """One design. Each of its parts is made when a screen begins to use it, and kept."""

    colours: Colours
    letters: Callable[[], BigLetters]
    pictures: Callable[[], Pictures]
    ground: Callable[[Layout], pygame.Surface]
    """The whole picture, but for what the layout has on it; the frame is part of it."""
    panel: Callable[[pygame.Surface, Panel], None]
    card: Callable[[pygame.Surface, QrPlace], None]
    """What the code lies on; it ends where the card ends, outside the quiet zone."""
    trim: Callable[[Layout, State], Trim]
    reveal: Reveal
    """In which order parts of a new page come up over the old one."""
    stars: tuple[Colour, ...] = ()
    """The tones of what drifts over an empty ground, from far to near."""
