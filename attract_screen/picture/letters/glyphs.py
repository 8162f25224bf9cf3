"""Which letters a typeface has: neither pygame 2.1 nor the library below it says so."""

from __future__ import annotations

import pygame

_NOBODY_HAS = "\uffff"


def has_glyph(font: pygame.font.Font, character: str) -> bool:
    """Whether it is drawn as itself, and not as what stands for all that there is not."""
    if character == " ":
        return True
    # Above U+FFFF pygame before 2.1.3 raises.
    return ord(character) < 0xFFFF and _drawn(font, character) != _drawn(font, _NOBODY_HAS)


def _drawn(font: pygame.font.Font, character: str) -> tuple[tuple[int, int], bytes]:
    try:
        ink = font.render(character, True, (255, 255, 255))
    except pygame.error:  # it has no width
        return (0, 0), b""
    return ink.get_size(), pygame.image.tostring(ink, "RGBA")
