"""EDGE, in a child process. Whether the screen's own library draws with a typeface."""

from __future__ import annotations

import os
import string
import tempfile
from typing import BinaryIO

from attract_screen.material.refused import Refused

MOST_TYPEFACE_BYTES = 16 * 1024 * 1024
_NEEDED = string.ascii_letters + string.digits + " .,:;!?'\"()-+/&%$"
_USELESS = "it is no typeface that can be drawn with: take another"
_SIZES = (10, 24, 72, 200)


def try_typeface(file: BinaryIO) -> None:
    """Draw every letter that is needed, at sizes from the smallest to the largest.

    Raises Refused, saying why.
    """
    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
    import pygame

    from attract_screen.picture.letters.glyphs import has_glyph

    pygame.font.init()
    # By its path, as the screen will: a file object goes another way through the library.
    with tempfile.NamedTemporaryFile(suffix=".ttf") as copy:
        copy.write(file.read(MOST_TYPEFACE_BYTES + 1))
        copy.flush()
        try:
            fonts = [pygame.font.Font(copy.name, size) for size in _SIZES]
        except Exception:  # noqa: BLE001 - each version of the library says it otherwise
            raise Refused(_USELESS) from None
    lacking = [character for character in _NEEDED if not has_glyph(fonts[1], character)]
    if not set(string.ascii_letters).difference(lacking):
        raise Refused(_USELESS)
    if lacking:
        raise Refused(f"it lacks letters, {lacking[0]!r} among them: take another typeface")
    for font in fonts:
        for character in _NEEDED:
            font.render(character, True, (255, 255, 255))
