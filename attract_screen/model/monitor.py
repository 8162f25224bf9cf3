"""CORE. How a monitor shows a display's pixels, and which of them an upright picture is laid out in."""

from __future__ import annotations

from dataclasses import dataclass

from attract_screen.model.box import Box

Size = tuple[int, int]
Aspect = tuple[int, int]

ROTATIONS = (0, 90, 180, 270)
MOST_OVERSCAN_PERCENT = 10
# A picture of fewer pixels than this has no room for its words.
SMALLEST_SIDE = 160

# An aspect by which a pixel is longer than this is a mistake, and no reason to sell nothing.
_MOST_UNEVEN = 1.5

_TUBE: Aspect = (4, 3)
# What graphics cards and a Pi's composite output send to a tube of 15 kHz in place of 320 columns: one mode
# for every game. Flat displays of so few lines have other widths, as 1366 or 1424.
_TUBE_LINES = range(224, 289)
_TUBE_COLUMNS = frozenset({640, 720, 768, 1280, 1440, 1600, 1920, 2048, 2560, 2880, 3200, 3840})


@dataclass(frozen=True)
class Monitor:
    """What is known of the monitor: `rotate` in degrees clockwise, and its sides' ratio as its lines run.

    `aspect` is None where the display's size tells it, and `overscan_percent` is hidden at each edge.
    """

    rotate: int = 0
    aspect: Aspect | None = None
    overscan_percent: int = 0


@dataclass(frozen=True)
class Frame:
    """An upright picture of `size` in a display: each of its pixels is `stretch` of the display's.

    `pixel_aspect` is how wide a pixel of the picture is on the glass, compared with its height.
    """

    size: Size
    rotate: int
    stretch: tuple[int, int]
    corner: tuple[int, int]
    pixel_aspect: float = 1.0

    def place(self, part: Box) -> Box:
        """Where a part of the upright picture lies on the display."""
        x, y, w, h = _turned(part, self.size, self.rotate)
        across, down = self.stretch
        return Box(self.corner[0] + x * across, self.corner[1] + y * down, w * across, h * down)


def frame_in(display: Size, monitor: Monitor) -> Frame:
    """The picture's place in a display, so that its pixels are as good as square on the glass."""
    width, height = display
    aspect = _aspect(display, monitor)
    across, down = _stretch(display, aspect)
    w, h = (_visible(side, monitor.overscan_percent) for side in (width // across, height // down))
    corner = ((width - w * across) // 2, (height - h * down) // 2)
    wide = (aspect[0] * height * across) / (aspect[1] * width * down)
    wide = min(max(wide, 1 / _MOST_UNEVEN), _MOST_UNEVEN)
    if monitor.rotate % 180:
        return Frame((h, w), monitor.rotate, (across, down), corner, 1 / wide)
    return Frame((w, h), monitor.rotate, (across, down), corner, wide)


def _visible(side: int, overscan_percent: int) -> int:
    return side - 2 * -(-side * overscan_percent // 100)


def _aspect(display: Size, monitor: Monitor) -> Aspect:
    width, height = display
    is_tube = height in _TUBE_LINES and width in _TUBE_COLUMNS
    return monitor.aspect or (_TUBE if is_tube else display)


def _stretch(display: Size, aspect: Aspect) -> tuple[int, int]:
    """How many pixels of the display are as wide as one is high, or as high as one is wide."""
    width, height = display
    across, down = aspect
    return _times(width * down, height * across, width), _times(height * across, width * down, height)


def _times(more: int, less: int, side: int) -> int:
    return max(1, min(round(more / less), side // SMALLEST_SIDE))


def _turned(part: Box, size: Size, rotate: int) -> Box:
    """Where a part of an upright picture of `size` lies in the turned one."""
    width, height = size
    if rotate == 90:
        return Box(height - part.bottom, part.x, part.h, part.w)
    if rotate == 180:
        return Box(width - part.right, height - part.bottom, part.w, part.h)
    if rotate == 270:
        return Box(part.y, width - part.right, part.h, part.w)
    return part
