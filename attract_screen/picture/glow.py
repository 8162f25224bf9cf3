"""Lines that glow, as a beam draws them: a bright core in a halo."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pygame

from attract_screen.picture.colours import Colour, mixed

Line = Sequence[tuple[float, float]]

_WHITE: Colour = (255, 255, 255)
# So many times as wide as the core, and how opaque.
_HALO = ((3.4, 22), (2.9, 44), (2.4, 70), (1.9, 104), (1.4, 150))
# Drawn so many times as large, and scaled down, so that lines are smooth; thick ones need less of it.
_FINE, _LESS_FINE, _COARSE_PX = 3, 2, 4


def glowing(size: tuple[int, int], lines: Sequence[Line], colour: Colour, width: float) -> pygame.Surface:
    """The lines on a transparent ground, their cores so many pixels wide."""
    times_as_large = _FINE if width < _COARSE_PX else _LESS_FINE
    fine = pygame.Surface((size[0] * times_as_large, size[1] * times_as_large), pygame.SRCALPHA, 32)
    fine.fill((*colour, 0))
    core = mixed(colour, _WHITE, 0.35)
    halo = [(times, (*colour, alpha)) for times, alpha in _HALO]
    for times, tone in (*halo, (1.0, (*core, 255))):
        for line in lines:
            points = [(x * times_as_large, y * times_as_large) for x, y in line]
            _draw(fine, points, tone, max(1.0, width * times * times_as_large))
    return pygame.transform.smoothscale(fine, size)


def _draw(surface: pygame.Surface, line: Line, tone: tuple[int, int, int, int], width: float) -> None:
    """Thick lines with round joints, which pygame's own lines lack."""
    radius = width / 2
    for (x0, y0), (x1, y1) in pairwise(line):
        length = max(1e-6, ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5)
        nx, ny = (y1 - y0) / length * radius, (x0 - x1) / length * radius
        corners = [(x0 + nx, y0 + ny), (x1 + nx, y1 + ny), (x1 - nx, y1 - ny), (x0 - nx, y0 - ny)]
        pygame.draw.polygon(surface, tone, corners)
    for x, y in line:
        pygame.draw.circle(surface, tone, (round(x), round(y)), max(1, round(radius)))
