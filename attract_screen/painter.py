"""Draws each view, whatever is broken: a font or a scene costs its picture, never the code. EDGE."""

from __future__ import annotations

import logging
import time
import traceback

import pygame

from attract_screen.model.monitor import Size
from attract_screen.model.view import View
from attract_screen.picture.bare import BarePicture
from attract_screen.picture.draw import Picture, Studio
from attract_screen.said import Said

_log = logging.getLogger(__name__)


class Painter:
    """Makes pictures; of what cannot be drawn it makes a bare one, and says so once."""

    def __init__(self) -> None:
        self._studio: Studio | None = None
        self._said = Said(_log, time.monotonic)

    def paint(self, view: View, size: Size, elapsed_s: float) -> Picture | BarePicture:
        """The view's picture, `elapsed_s` seconds into its movement."""
        try:
            self._studio = self._studio or Studio()
            picture = Picture(view, size, self._studio)
            picture.draw(elapsed_s)
        except Exception as error:  # noqa: BLE001 - whatever it was, a player may pay now
            self._complain(error)
            return BarePicture(view, size)
        return picture

    def move(self, picture: Picture | BarePicture, elapsed_s: float) -> list[pygame.Rect]:
        """Move what moves; the places that changed. What cannot be moved any more stands still."""
        if isinstance(picture, BarePicture):
            return []
        try:
            return picture.move(elapsed_s)
        except Exception as error:  # noqa: BLE001 - the code is on the glass, and stays there
            self._complain(error)
            picture.moving = False
            return []

    def _complain(self, error: Exception) -> None:
        where = traceback.extract_tb(error.__traceback__)[-1]
        reason = f"{type(error).__name__} in {where.name}: {error}"
        self._said.say(f"A picture cannot be drawn, and the code stands alone: {reason}", logging.ERROR)
