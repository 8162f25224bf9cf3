"""The loop: look at the feed, draw what changed, sleep. EDGE."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pygame

from attract_screen.display import DEFAULT_SIZE, Display
from attract_screen.feed import FeedReader, Reading
from attract_screen.language.speaker import speaker
from attract_screen.material.own import OwnMaterial
from attract_screen.mirror import Mirror
from attract_screen.model.connectors import ANYWHERE, Wish
from attract_screen.model.feed_format import Feed, State
from attract_screen.model.monitor import Monitor, frame_in
from attract_screen.model.still_care import StillCare
from attract_screen.model.view import View, in_all, out_of_order, starting, view_of
from attract_screen.model.wording import ENGLISH, Language
from attract_screen.painter import Painter
from attract_screen.picture.bare import BarePicture
from attract_screen.picture.design.dress import PLAIN
from attract_screen.picture.design.studio import Studio
from attract_screen.picture.draw import Picture
from attract_screen.picture.entrance import Entrance
from attract_screen.picture.glass import carry, clear
from attract_screen.sound import CoinSound
from attract_screen.watchdog import Watchdog

FRAME_S = 1 / 30
# A feed that has not changed says something else only by its age, and by what the operator shows now.
LOOK_S = 0.1
STARTING_FOR_S = 15.0
_BLACK = (0, 0, 0)
_A_CORNER = pygame.Rect(0, 0, 1, 1)


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
    """One feed on one display. Draws a moving picture 30 times a second, a still one once."""

    def __init__(
        self,
        display: Display,
        reader: FeedReader,
        rotate: int | None = None,
        mirror: Mirror | None = None,
        material: OwnMaterial | None = None,
        sound: CoinSound | None = None,
        on_answer: Callable[[], None] = lambda: None,
    ) -> None:
        self._display = display
        self._reader = reader
        self._fixed_rotate = rotate
        self._monitor = Monitor(rotate or 0)
        self._mirror = mirror
        self._material = material
        self._sound = sound
        self._watchdog = Watchdog(on_answer)
        self._painter = Painter()
        self._studio: Studio | None = None
        self._dress = PLAIN
        self._speaker = self._painter.tried(speaker)
        self._entrance: Entrance | None = None
        self._started_s = boot_clock_s()
        self._wish = ANYWHERE
        self._glass = pygame.Surface(DEFAULT_SIZE)
        self._reading: Reading | None = None
        self._look_at_s = 0.0
        self._care = StillCare(self._started_s, self._started_s)
        self._view: View | None = None
        self._picture: Picture | BarePicture | None = None
        self._picture_began_s = 0.0
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
        self._move(now_s)
        if self._watchdog.wants_a_picture(now_s):
            self._show([_A_CORNER], now_s)
        if self._mirror is not None:
            self._mirror.catch_up(self._glass, now_s)
        if self._sound is not None:
            self._sound.step(now_s)

    def _take(self, glass: pygame.Surface) -> None:
        """Another display, which shows nothing yet."""
        self._glass = glass
        self._view, self._reading, self._picture, self._entrance = None, None, None, None

    def _wished(self) -> Wish:
        """Where to show, as the latest feed says it; what the last one said holds."""
        self._heed(self._reader.look().feed)
        return self._wish

    def _heed(self, feed: Feed | None) -> None:
        """What a feed says beside its picture."""
        if feed is None:
            return
        self._wish = feed.wish
        if self._sound is not None:
            self._sound.hear(feed.credited, wanted=feed.sound)

    def _move(self, now_s: float) -> None:
        places = self._painter.tried(lambda: self._moved(now_s - self._started_s))
        if places is not None:
            self._update(places, now_s)
        elif self._view is not None:
            self._entrance = None
            self._lay(BarePicture(self._view, self._frame.size), now_s)

    def _moved(self, elapsed_s: float) -> list[pygame.Rect]:
        """Have all that moves move on; the places that changed."""
        if self._entrance is not None:
            places = self._entrance.step(elapsed_s, self._frame, self._glass)
            self._entrance = None if self._entrance.is_over else self._entrance
            return places
        if isinstance(self._picture, Picture) and self._picture.is_due(elapsed_s):
            return carry(self._picture.surface, self._picture.move(elapsed_s), self._frame, self._glass)
        return []

    def _look(self, now_s: float) -> None:
        reading = self._reader.look()
        if reading is self._reading and now_s < self._look_at_s:
            return
        self._reading, self._look_at_s = reading, now_s + LOOK_S
        self._heed(reading.feed)
        self._follow_folder(reading.feed)
        running_s = now_s - self._started_s
        languages = self._languages(reading.feed, running_s)
        view = in_all(languages, lambda language: view_for(reading, now_s, running_s, language))
        view = self._as_known(reading, view)
        monitor = self._known_monitor(reading)
        shown_qr = self._view.qr if self._view else None
        care = self._care.later(now_s, code_came=view.qr not in (None, shown_qr))
        new = (view, monitor, care.stand)
        if self._changes_dress() or new != (self._view, self._monitor, self._care.stand):
            before = self._view
            self._view, self._monitor, self._care = view, monitor, care
            self._redraw(view, now_s, before)

    def _follow_folder(self, feed: Feed | None) -> None:
        material = self._material
        if material is not None and feed is not None:
            folder = Path(feed.folder) if feed.folder else None
            self._painter.tried(lambda: material.follow(folder))

    def _languages(self, feed: Feed | None, running_s: float) -> list[Language]:
        speaking = self._speaker
        spoken = self._painter.tried(lambda: speaking.languages(feed, running_s)) if speaking else None
        return spoken or [ENGLISH]

    def _as_known(self, reading: Reading, view: View) -> View:
        """An apology has the design that was last known, and an invitation what the operator shows now."""
        if reading.feed is None and self._view is not None:
            return replace(view, theme=self._view.theme)
        material = self._material
        if material is not None and view.qr and view.state is State.ATTRACT:
            now = datetime.now()  # noqa: DTZ005 - the hall's
            return replace(view, material=self._painter.tried(lambda: material.pages(now)) or ())
        return view

    def _changes_dress(self) -> bool:
        """Whether the operator has another dress for the cabinet than before; then it is put on."""
        material, before = self._material, self._dress
        if material is not None:
            self._dress = self._painter.tried(lambda: material.dress) or PLAIN
        if self._dress == before:
            return False
        self._studio = None
        return True

    def _known_monitor(self, reading: Reading) -> Monitor:
        """What was last known stays: an apology stands upright too."""
        if reading.feed is None:
            return self._monitor
        if self._fixed_rotate is None:
            return reading.feed.monitor
        return replace(reading.feed.monitor, rotate=self._fixed_rotate)

    def _redraw(self, view: View, now_s: float, shown: View | None) -> None:
        elapsed_s, before = now_s - self._started_s, self._picture
        is_another = view != shown
        frame = frame_in(self._glass.get_size(), self._monitor)
        is_same_frame, self._frame, self._entrance = frame == self._frame, frame, None
        if is_another and not is_translation(view, shown):
            self._picture_began_s = elapsed_s
        studio = self._studio
        picture = self._painter.tried(lambda: self._drawn(view, elapsed_s))
        if is_another and is_same_frame and picture and self._studio is studio:
            self._entrance = self._painter.tried(lambda: self._enter(picture, before, elapsed_s))
        if self._entrance is not None:
            self._picture = picture
        else:
            self._lay(picture or BarePicture(view, frame.size), now_s)

    def _drawn(self, view: View, elapsed_s: float) -> Picture:
        if self._studio is None or view.theme is not self._studio.name:
            self._studio = Studio(view.theme, self._dress)
        picture = Picture(
            view,
            self._frame.size,
            self._studio,
            self._frame.pixel_aspect,
            self._care.stand,
            self._picture_began_s,
            self._material,
        )
        picture.draw(elapsed_s)
        return picture

    def _enter(
        self, picture: Picture, before: Picture | BarePicture | None, elapsed_s: float
    ) -> Entrance | None:
        """How the picture comes over the one before it; None if it is there at once."""
        is_plain = self._view is not None and self._view.technician is not None
        if self._studio is None or not isinstance(before, Picture) or before.layout.is_plain or is_plain:
            return None
        return Entrance(picture, before, self._studio.theme, elapsed_s)

    def _lay(self, picture: Picture | BarePicture, now_s: float) -> None:
        """Put the whole picture on the glass."""
        self._picture = picture
        clear(self._glass, self._studio.theme.colours.rail if self._studio else _BLACK)
        carry(picture.surface, [picture.surface.get_rect()], self._frame, self._glass)
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
