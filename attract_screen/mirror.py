"""The picture as a PNG file that other programs may look at. EDGE."""

from __future__ import annotations

import logging
from pathlib import Path

import pygame

MIN_INTERVAL_S = 0.2

_log = logging.getLogger(__name__)


def save_png(surface: pygame.Surface, path: Path) -> None:
    """Replace the file whole, so that no reader ever sees half a picture.

    Raises OSError when the picture cannot be written there.
    """
    half = path.with_name(f".{path.name}.half.png")  # pygame goes by the ending
    try:
        pygame.image.save(surface, str(half))
    except pygame.error as error:
        raise OSError(f"cannot write the picture {path}: {error}") from error
    half.replace(path)


class Mirror:
    """Saves the picture whenever it changed, at most five times a second."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._changed = False
        self._saved_at_s = float("-inf")
        self._failing = False

    def changed(self) -> None:
        """The picture is not what the file shows any more."""
        self._changed = True

    def catch_up(self, surface: pygame.Surface, now_s: float) -> None:
        """Save the picture if it changed and the last save is long enough ago."""
        if not self._changed or now_s - self._saved_at_s < MIN_INTERVAL_S:
            return
        self._saved_at_s = now_s
        self._changed = False
        try:
            save_png(surface, self._path)
            self._failing = False
        except OSError as error:
            if not self._failing:
                _log.warning("The mirror was not saved: %s", error)
            self._failing = True
