"""The loop: look at the feed, draw what changed, sleep. EDGE."""

from __future__ import annotations

import time
from collections.abc import Callable

import pygame

from attract_screen.feed import FeedReader, Reading
from attract_screen.mirror import Mirror
from attract_screen.model.view import View, out_of_order, starting, view_of
from attract_screen.picture.draw import Picture, Studio, turned, turned_rect, upright

FRAME_S = 1 / 30
LOOK_S = 0.1
STARTING_FOR_S = 15.0


def boot_clock_s() -> float:
    """Seconds since boot: the clock that the feed is stamped with, which never jumps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def view_for(reading: Reading, now_s: float, running_s: float) -> View:
    """The view for the latest reading; `running_s` is how long this process runs."""
    if reading.feed is not None:
        return view_of(reading.feed, now_s - reading.feed.written_at_s)
    if reading.missing and running_s < STARTING_FOR_S:
        return starting()
    return out_of_order(f"screen: {reading.problem}")


class Show:
    """One display, one feed. Draws a moving picture 30 times a second, a still one once."""

    def __init__(
        self,
        glass: pygame.Surface,
        reader: FeedReader,
        rotate: int | None = None,
        mirror: Mirror | None = None,
    ) -> None:
        self._glass = glass
        self._reader = reader
        self._fixed_rotate = rotate
        self._rotate = rotate or 0
        self._mirror = mirror
        self._studio = Studio()
        self._started_s = boot_clock_s()
        self._look_at_s = self._started_s
        self._view: View | None = None
        self._picture: Picture | None = None

    def run(self, stopped: Callable[[], bool]) -> None:
        """Show until `stopped` says so or the window is closed."""
        while not stopped() and not _closed():
            began_s = boot_clock_s()
            self.step(began_s)
            time.sleep(max(0.0, self._rest_s() - (boot_clock_s() - began_s)))

    def step(self, now_s: float) -> None:
        """One look and one frame."""
        if now_s >= self._look_at_s:
            self._look_at_s = now_s + LOOK_S
            self._look(now_s)
        if self._picture is not None and self._picture.moving:
            self._present(self._picture, self._picture.move(now_s - self._started_s))
        if self._mirror is not None:
            self._mirror.catch_up(self._glass, now_s)

    def _rest_s(self) -> float:
        return FRAME_S if self._picture is not None and self._picture.moving else LOOK_S

    def _look(self, now_s: float) -> None:
        reading = self._reader.look()
        view = view_for(reading, now_s, now_s - self._started_s)
        rotate = self._wanted_rotation(reading)
        if (view, rotate) != (self._view, self._rotate):
            self._view, self._rotate = view, rotate
            self._redraw(view, now_s)

    def _wanted_rotation(self, reading: Reading) -> int:
        """What was last known stays: an apology stands upright too."""
        if self._fixed_rotate is not None:
            return self._fixed_rotate
        return reading.feed.rotate if reading.feed else self._rotate

    def _redraw(self, view: View, now_s: float) -> None:
        size = upright(self._glass.get_size(), self._rotate)
        self._picture = Picture(view, size, self._studio)
        self._picture.draw(now_s - self._started_s)
        self._present(self._picture, [self._picture.surface.get_rect()])

    def _present(self, picture: Picture, rects: list[pygame.Rect]) -> None:
        """Carry the changed parts over to the glass, turned."""
        if not rects:
            return
        surface = picture.surface
        places = [turned_rect(rect, surface.get_size(), self._rotate) for rect in rects]
        for rect, place in zip(rects, places, strict=True):
            self._glass.blit(turned(surface.subsurface(rect), self._rotate), place)
        pygame.display.update(places)
        if self._mirror is not None:
            self._mirror.changed()


def _closed() -> bool:
    kinds = {event.type for event in pygame.event.get()}
    if pygame.VIDEOEXPOSE in kinds:  # a window came to the front: a still picture needs it
        pygame.display.flip()
    return pygame.QUIT in kinds
