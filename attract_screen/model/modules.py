"""CORE. How large a code's modules are: as large as the room allows, and as good as square on the glass."""

from __future__ import annotations

from attract_screen.model.monitor import Size


def module_in(room: Size, modules: int, pixel_aspect: float, least_px: int) -> Size | None:
    """Width and height of a module in whole pixels, where so many stand in a row; None if there is no room.

    `pixel_aspect` is how wide a pixel is on the glass, compared with its height. Neither side has fewer than
    `least_px` pixels: a code that is not quite square is read, and one that is too fine is not.
    """
    width, height = room
    for high in range(height // modules, least_px - 1, -1):
        wide = max(least_px, round(high / pixel_aspect))
        if wide * modules <= width:
            return wide, high
    return (least_px, least_px) if least_px * modules <= min(room) else None
