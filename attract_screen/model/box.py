"""CORE. Rectangles to lay a picture out with, in whole pixels."""

from __future__ import annotations

from typing import NamedTuple


class Box(NamedTuple):
    """A rectangle: left, top, width and height in pixels."""

    x: int
    y: int
    w: int
    h: int

    @property
    def right(self) -> int:
        """The first column right of the box."""
        return self.x + self.w

    @property
    def bottom(self) -> int:
        """The first row below the box."""
        return self.y + self.h

    def inset(self, dx: int, dy: int | None = None) -> Box:
        """The box without `dx` on the left and right and `dy` (or `dx`) above and below."""
        dy = dx if dy is None else dy
        return Box(self.x + dx, self.y + dy, max(0, self.w - 2 * dx), max(0, self.h - 2 * dy))

    def cut_left(self, w: int, gap: int = 0) -> tuple[Box, Box]:
        """The leftmost `w` columns, and what is left beyond a gap."""
        w = min(w, self.w)
        rest = max(0, self.w - w - gap)
        return Box(self.x, self.y, w, self.h), Box(self.right - rest, self.y, rest, self.h)

    def cut_top(self, h: int, gap: int = 0) -> tuple[Box, Box]:
        """The topmost `h` rows, and what is left below a gap."""
        h = min(h, self.h)
        rest = max(0, self.h - h - gap)
        return Box(self.x, self.y, self.w, h), Box(self.x, self.bottom - rest, self.w, rest)

    def cut_bottom(self, h: int, gap: int = 0) -> tuple[Box, Box]:
        """What is left above a gap, and the lowest `h` rows."""
        upper, lower = self.cut_top(max(0, self.h - min(h, self.h)))
        return Box(upper.x, upper.y, upper.w, max(0, upper.h - gap)), lower

    def rows(self, count: int, gap: int = 0) -> list[Box]:
        """The box as `count` rows of equal height."""
        h = max(0, (self.h - gap * (count - 1)) // count)
        return [Box(self.x, self.y + i * (h + gap), self.w, h) for i in range(count)]

    def centred(self, w: int, h: int) -> Box:
        """A box of this size in the middle of this one."""
        return Box(self.x + (self.w - w) // 2, self.y + (self.h - h) // 2, w, h)

    def without(self, other: Box) -> list[Box]:
        """What is left where another box is cut out: up to four boxes."""
        if not self.overlaps(other):
            return [self]
        top, bottom = max(self.y, other.y), min(self.bottom, other.bottom)
        parts = [
            Box(self.x, self.y, self.w, top - self.y),
            Box(self.x, bottom, self.w, self.bottom - bottom),
            Box(self.x, top, other.x - self.x, bottom - top),
            Box(other.right, top, self.right - other.right, bottom - top),
        ]
        return [part for part in parts if part.w > 0 and part.h > 0]

    def contains(self, other: Box) -> bool:
        """Whether the other box lies wholly inside."""
        return (
            self.x <= other.x
            and self.y <= other.y
            and other.right <= self.right
            and other.bottom <= self.bottom
        )

    def overlaps(self, other: Box) -> bool:
        """Whether the two share a pixel."""
        return (
            self.x < other.right and other.x < self.right and self.y < other.bottom and other.y < self.bottom
        )
