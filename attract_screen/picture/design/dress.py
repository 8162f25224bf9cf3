"""How one cabinet's screen differs from its design: the operator's colours, typeface and logo."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pygame

from attract_screen.model.contrast import OwnColours


@dataclass(frozen=True)
class Dress:
    """What is not None stands in the place of the design's own; the logo in that of the machine's name."""

    colours: OwnColours | None = None
    typeface: Path | None = None
    logo: pygame.Surface | None = None

    @property
    def logo_size(self) -> tuple[int, int] | None:
        """How large the logo is before it is drawn."""
        return None if self.logo is None else self.logo.get_size()


PLAIN = Dress()
