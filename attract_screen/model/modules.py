"""CORE. How large a code's modules are: as large as the room allows, and as good as square on the glass."""

from __future__ import annotations

from attract_screen.model.monitor import Size


def module_in(room: Size, modules: int, pixel_aspect: float) -> Size:
    """Width and height of a module in whole pixels, where so many stand in a row; 0 if there is no room.

    `pixel_aspect` is how wide a pixel is on the glass, compared with its height.
    """
    width, height = room
    for high in range(height // modules, 0, -1):
        wide = max(1, round(high / pixel_aspect))
        if wide * modules <= width:
            return wide, high
    return 0, 0
