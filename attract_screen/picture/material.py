"""The operator's own pictures and clips, as a picture asks for them."""

from __future__ import annotations

from typing import Protocol

import pygame

from attract_screen.model.monitor import Size


class MaterialPictures(Protocol):
    """Whoever has them; they never keep a picture waiting."""

    def surface(self, key: str, size: Size, elapsed_s: float) -> pygame.Surface | None:
        """It within `size`, so long after its page came; None for what is not, or no longer, to be shown."""


class NoMaterial:
    """A machine without any."""

    def surface(self, key: str, size: Size, elapsed_s: float) -> pygame.Surface | None:
        """Never anything."""
        return None
