"""An upright picture carried over to a display's pixels: turned, stretched, within its margin."""

from __future__ import annotations

from collections.abc import Iterable

import pygame

from attract_screen.model.box import Box
from attract_screen.model.monitor import Frame
from attract_screen.picture.colours import Colour


def clear(display: pygame.Surface, rail: Colour) -> None:
    """Make the whole display what the picture's rail is made of: it may be larger than the picture."""
    display.fill(rail)


def carry(
    picture: pygame.Surface, parts: Iterable[pygame.Rect], frame: Frame, display: pygame.Surface
) -> list[pygame.Rect]:
    """Put parts of a picture where they belong on the display; the places that changed."""
    return [_carry(picture.subsurface(part), frame.place(Box(*part)), frame, display) for part in parts]


def _carry(part: pygame.Surface, place: Box, frame: Frame, display: pygame.Surface) -> pygame.Rect:
    turned = pygame.transform.rotate(part, -frame.rotate) if frame.rotate else part
    if turned.get_size() != (place.w, place.h):
        turned = pygame.transform.scale(turned, (place.w, place.h))
    return display.blit(turned, place[:2])
