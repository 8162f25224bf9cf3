"""The loop: look at the feed, draw what changed, sleep. EDGE."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import pygame

from attract_screen.display import DEFAULT_SIZE, Display
from attract_screen.feed import FeedReader, Reading
from attract_screen.mirror import Mirror
from attract_screen.model.connectors import ANYWHERE, Wish
from attract_screen.model.monitor import Monitor, frame_in
from attract_screen.model.view import View, out_of_order, starting, view_of
from attract_screen.painter import Painter
from attract_screen.picture.bare import BarePicture
from attract_screen.picture.draw import Picture
from attract_screen.picture.glass import carry, clear
from attract_screen.sound import CoinSound
from attract_screen.watchdog import Watchdog

FRAME_S = 1 / 30
# A feed that has not changed says something else only by its age.
LOOK_S = 0.1
STARTING_FOR_S = 15.0
_A_CORNER = pygame.Rect(0, 0, 1, 1)


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
    """One feed on one display. Draws a moving picture 30 times a second, a still one once."""

    def __init__(
        self,
        display: Display,
        reader: FeedReader,
        rotate: int | None = None,
        mirror: Mirror | None = None,
        sound: CoinSound | None = None,
        on_answer: Callable[[], None] = lambda: None,
    ) -> None:
        self._display = display
        self._reader = reader
        self._fixed_rotate = rotate
        self._monitor = Monitor(rotate or 0)
        self._mirror = mirror
        self._painter = Painter()
        self._sound = sound
        self._watchdog = Watchdog(on_answer)
        self._started_s = boot_clock_s()
        self._wish = ANYWHERE
        self._glass = pygame.Surface(DEFAULT_SIZE)
        self._reading: Reading | None = None
        self._look_at_s = 0.0
        self._view: View | None = None
        self._picture: Picture | BarePicture | None = None
        self._frame = frame_in(DEFAULT_SIZE, self._monitor)

    def run(self, stopped: Callable[[], bool]) -> None:
        """Show until `stopped` says so or the window is closed, on whatever display there is.

        Raises DisplayError: there is no desktop, or not any more.
        """
        while (glass := self._display.wait(self._wished, stopped)) is not None:
            self._take(glass)
            while not stopped() and not self._display.is_another(self._wish, boot_clock_s()):
                if self._display.is_closed():
                    return
                began_s = boot_clock_s()
                self.step(began_s)
                time.sleep(max(0.0, FRAME_S - (boot_clock_s() - began_s)))

    def step(self, now_s: float) -> None:
        """One look and one frame."""
        self._look(now_s)
        if self._picture is not None and self._picture.moving:
            moved = self._painter.move(self._picture, now_s - self._started_s)
            self._update(carry(self._picture.surface, moved, self._frame, self._glass), now_s)
        if self._watchdog.wants_a_picture(now_s):
            self._show([_A_CORNER], now_s)
        if self._mirror is not None:
            self._mirror.catch_up(self._glass, now_s)
        if self._sound is not None:
            self._sound.step(now_s)

    def _wished(self) -> Wish:
        """Where to show, as the latest feed says it; the last one that said so holds."""
        feed = self._reader.look().feed
        if feed is not None:
            self._wish = feed.wish
        return self._wish

    def _take(self, glass: pygame.Surface) -> None:
        self._glass = glass
        self._view, self._reading = None, None

    def _look(self, now_s: float) -> None:
        reading = self._reader.look()
        if reading is self._reading and now_s < self._look_at_s:
            return
        self._reading, self._look_at_s = reading, now_s + LOOK_S
        view = view_for(reading, now_s, now_s - self._started_s)
        monitor = self._known_monitor(reading)
        if reading.feed is not None:
            self._wish = reading.feed.wish
            if self._sound is not None:
                self._sound.hear(reading.feed.credited, wanted=reading.feed.sound)
        if (view, monitor) != (self._view, self._monitor):
            self._view, self._monitor = view, monitor
            self._redraw(view, now_s)

    def _known_monitor(self, reading: Reading) -> Monitor:
        """What was last known stays: an apology stands upright too."""
        if reading.feed is None:
            return self._monitor
        if self._fixed_rotate is None:
            return reading.feed.monitor
        return replace(reading.feed.monitor, rotate=self._fixed_rotate)

    def _redraw(self, view: View, now_s: float) -> None:
        self._frame = frame_in(self._glass.get_size(), self._monitor)
        self._picture = self._painter.paint(view, self._frame.size, now_s - self._started_s)
        clear(self._glass)
        carry(self._picture.surface, [self._picture.surface.get_rect()], self._frame, self._glass)
        self._update([self._glass.get_rect()], now_s)

    def _update(self, places: list[pygame.Rect], now_s: float) -> None:
        if places and self._mirror is not None:
            self._mirror.changed()
        if places:
            self._show(places, now_s)

    def _show(self, places: list[pygame.Rect], now_s: float) -> None:
        """Returns once the display has taken them: a page flip that never ends ends here."""
        pygame.display.update(places)
        self._watchdog.shown(now_s)
