"""The loop: look at the feed, draw what changed, sleep. EDGE."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pygame

from attract_screen.feed import FeedReader, Reading
from attract_screen.language.speaker import speaker
from attract_screen.material.own import OwnMaterial
from attract_screen.mirror import Mirror
from attract_screen.model.feed_format import State
from attract_screen.model.monitor import Monitor, frame_in
from attract_screen.model.still_care import StillCare
from attract_screen.model.view import View, out_of_order, starting, view_of
from attract_screen.model.wording import ENGLISH, Language
from attract_screen.picture.draw import Picture
from attract_screen.picture.entrance import Entrance
from attract_screen.picture.glass import carry, clear
from attract_screen.picture.studio import Studio

FRAME_S = 1 / 30
LOOK_S = 0.1
STARTING_FOR_S = 15.0


def boot_clock_s() -> float:
    """Seconds since boot: the clock that the feed is stamped with, which never jumps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def view_for(reading: Reading, now_s: float, running_s: float, language: Language = ENGLISH) -> View:
    """The view for the latest reading; `running_s` is how long this process runs."""
    if reading.feed is not None:
        return view_of(reading.feed, now_s - reading.feed.written_at_s, language)
    if reading.missing and running_s < STARTING_FOR_S:
        return starting(language)
    return out_of_order(f"screen: {reading.problem}", language=language)


def is_translation(view: View, shown: View | None) -> bool:
    """Whether the same is said in another language: its pages then go on where they are."""
    if shown is None or view.language == shown.language:
        return False
    return (view.state, view.qr) == (shown.state, shown.qr)


class Show:
    """One display, one feed. Draws a moving picture 30 times a second, a still one once."""

    def __init__(
        self,
        glass: pygame.Surface,
        reader: FeedReader,
        rotate: int | None = None,
        mirror: Mirror | None = None,
        material: OwnMaterial | None = None,
    ) -> None:
        self._glass = glass
        self._reader = reader
        self._fixed_rotate = rotate
        self._monitor = Monitor(rotate or 0)
        self._mirror = mirror
        self._material = material
        self._studio = Studio()
        self._speaker = speaker()
        self._entrance: Entrance | None = None
        self._started_s = boot_clock_s()
        self._look_at_s = self._started_s
        self._care = StillCare(self._started_s, self._started_s)
        self._view: View | None = None
        self._picture: Picture | None = None
        self._picture_began_s = 0.0
        self._frame = frame_in(glass.get_size(), self._monitor)

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
        self._move(now_s - self._started_s)
        if self._mirror is not None:
            self._mirror.catch_up(self._glass, now_s)

    def _rest_s(self) -> float:
        moving = self._picture is not None and self._picture.moving
        return FRAME_S if moving or self._entrance is not None else LOOK_S

    def _move(self, elapsed_s: float) -> None:
        if self._picture is None:
            return
        if self._entrance is not None:
            self._update(self._entrance.step(elapsed_s, self._frame, self._glass))
            self._entrance = None if self._entrance.is_over else self._entrance
        elif self._picture.is_due(elapsed_s):
            moved = self._picture.move(elapsed_s)
            self._update(carry(self._picture.surface, moved, self._frame, self._glass))

    def _look(self, now_s: float) -> None:
        reading = self._reader.look()
        if self._material is not None and reading.feed is not None:
            self._material.follow(Path(reading.feed.folder) if reading.feed.folder else None)
        running_s = now_s - self._started_s
        language = self._speaker.language(reading.feed, running_s)
        view = self._as_known(reading, view_for(reading, now_s, running_s, language))
        monitor = self._known_monitor(reading)
        shown_qr = self._view.qr if self._view else None
        care = self._care.later(now_s, code_came=view.qr not in (None, shown_qr))
        new = (view, monitor, care.stand)
        is_dressed = self._dress(view)
        if new != (self._view, self._monitor, self._care.stand) or is_dressed:
            before = self._view
            self._view, self._monitor, self._care = view, monitor, care
            self._redraw(view, now_s - self._started_s, before)

    def _as_known(self, reading: Reading, view: View) -> View:
        """An apology has the design that was last known, and an invitation what the operator shows now."""
        if reading.feed is None and self._view is not None:
            return replace(view, theme=self._view.theme)
        if self._material is not None and view.qr and view.state is State.ATTRACT:
            return replace(view, material=self._material.pages(datetime.now()))  # noqa: DTZ005 - the hall's
        return view

    def _dress(self, view: View) -> bool:
        """Put on what the operator has for the cabinet; whether that is another dress than before."""
        dress = self._studio.dress if self._material is None else self._material.dress
        if dress == self._studio.dress:
            return False
        self._studio, self._picture = Studio(view.theme, dress), None
        return True

    def _known_monitor(self, reading: Reading) -> Monitor:
        """What was last known stays: an apology stands upright too."""
        if reading.feed is None:
            return self._monitor
        if self._fixed_rotate is None:
            return reading.feed.monitor
        return replace(reading.feed.monitor, rotate=self._fixed_rotate)

    def _redraw(self, view: View, elapsed_s: float, shown: View | None) -> None:
        is_another = view != shown
        frame, before = frame_in(self._glass.get_size(), self._monitor), self._picture
        if view.theme is not self._studio.name:
            self._studio, before = Studio(view.theme, self._studio.dress), None
        if is_another and not is_translation(view, shown):
            self._picture_began_s = elapsed_s
        self._picture = Picture(
            view,
            frame.size,
            self._studio,
            frame.pixel_aspect,
            self._care.stand,
            self._picture_began_s,
            self._material,
        )
        self._picture.draw(elapsed_s)
        is_plain = view.technician is not None or (before is not None and before.layout.is_plain)
        comes_over = is_another and frame == self._frame and not is_plain
        self._frame, self._entrance = frame, None
        if comes_over and before is not None:
            self._entrance = Entrance(self._picture, before, self._studio.theme, elapsed_s)
            return
        clear(self._glass, self._studio.theme.colours.rail)
        carry(self._picture.surface, [self._picture.surface.get_rect()], self._frame, self._glass)
        self._update([self._glass.get_rect()])

    def _update(self, places: list[pygame.Rect]) -> None:
        if not places:
            return
        pygame.display.update(places)
        if self._mirror is not None:
            self._mirror.changed()


def _closed() -> bool:
    kinds = {event.type for event in pygame.event.get()}
    if pygame.VIDEOEXPOSE in kinds:  # a window came to the front: a still picture needs it
        pygame.display.flip()
    return pygame.QUIT in kinds
