"""Opens the glass: the bare console (kmsdrm), a window on a desk, or none at all. EDGE."""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import Callable, Mapping
from enum import Enum
from pathlib import Path

import pygame

from attract_screen.graphics import DRM, connectors
from attract_screen.hotplug import Hotplugs
from attract_screen.model.connectors import Place, Wish, chosen, why_none
from attract_screen.model.monitor import Size
from attract_screen.said import Said
from attract_screen.watchdog import opening, waiting

DEFAULT_SIZE: Size = (640, 480)
# Between two looks for a display, and at whether it is still the same one.
LOOK_AGAIN_S, LOOK_AFTER_S = 2.0, 1.0
_CAPTION = "Attract screen"
# What a desktop knows its window by, and can send it to an output of its own with.
_WINDOW_NAMES = ("SDL_VIDEO_X11_WMCLASS", "SDL_VIDEO_WAYLAND_WMCLASS")
_WINDOW_NAME = "arcade-attract-screen"

_log = logging.getLogger(__name__)


class DisplayError(RuntimeError):
    """No display could be opened; the message says what to do about it."""


class Kind(Enum):
    """Where to draw."""

    AUTO = "auto"
    KMSDRM = "kmsdrm"
    WINDOW = "window"
    HEADLESS = "headless"


def choose(kind: Kind, environment: Mapping[str, str]) -> Kind:
    """What `auto` means here: a window where there is a desktop, else the bare console."""
    if kind is not Kind.AUTO:
        return kind
    desktop = environment.get("WAYLAND_DISPLAY") or environment.get("DISPLAY")
    return Kind.WINDOW if desktop else Kind.KMSDRM


class Display:
    """What is drawn on, wherever there is one: opened, and opened anew once it is another."""

    def __init__(
        self, kind: Kind, size: Size | None, drm: Path = DRM, look_again_s: float = LOOK_AGAIN_S
    ) -> None:
        self._kind = kind
        self._asked = size
        self._drm = drm
        self._look_again_s = look_again_s
        self._said = Said(_log, time.monotonic)
        self._place: Place | None = None
        self._hotplugs = Hotplugs() if kind is Kind.KMSDRM else None
        self._size: Size | None = None
        self._look_at_s = 0.0

    def wait(self, wish: Callable[[], Wish], stopped: Callable[[], bool]) -> pygame.Surface | None:
        """The surface to draw on, as soon as there is one; None if `stopped` said so first.

        On the bare console a monitor may be switched on after the cabinet, or never, and is waited for.

        Raises DisplayError on a desk: there is no desktop.
        """
        while not stopped():
            waiting()
            try:
                return self._open(wish())
            except DisplayError as error:
                if self._kind is not Kind.KMSDRM:
                    raise
                self._said.say(f"Waiting for a display: {error}")
            time.sleep(self._look_again_s)
        return None

    def is_another(self, wish: Wish, now_s: float) -> bool:
        """Whether it is unplugged, has another size, or is not the one that is wished for any more."""
        if self._kind is not Kind.KMSDRM:
            surface = pygame.display.get_surface()  # a window grows and shrinks as it pleases
            return surface is None or surface.get_size() != self._size
        if now_s < self._look_at_s:
            return False
        self._look_at_s = now_s + LOOK_AFTER_S
        return self._was_called_out() or chosen(connectors(self._drm), wish) != self._place

    def _was_called_out(self) -> bool:
        """Whether a cable was moved at the card; what is there now is known once the display is let go."""
        cards = self._hotplugs.cards() if self._hotplugs else frozenset()
        return self._place is not None and self._place.connector.card in cards

    def is_closed(self) -> bool:
        """Whether somebody has closed the window.

        Raises DisplayError: it was the desktop that went.
        """
        kinds = {event.type for event in pygame.event.get()}
        if pygame.VIDEOEXPOSE in kinds:  # a window came to the front: a still picture needs it
            pygame.display.flip()
        if pygame.QUIT in kinds and self._kind is Kind.WINDOW and not _desktop_answers(os.environ):
            raise DisplayError("the desktop is gone, and the window with it")
        return pygame.QUIT in kinds

    def _open(self, wish: Wish) -> pygame.Surface:
        window = pygame.display.get_surface() if pygame.display.get_init() else None
        if self._kind is not Kind.KMSDRM and window is not None:  # whoever moves a window keeps it
            surface = window
        else:
            pygame.display.quit()
            self._place = self._find(wish)
            with opening():
                surface = open_display(self._kind, self._asked, self._place)
            self._place = self._looked_at_again(wish)
            self._was_called_out()  # before it was opened: that is seen
        width, height = self._size = surface.get_size()
        at = f", {self._place.connector.whole_name}" if self._place else ""
        self._said.say(f"The display was opened: {self._kind.value}, {width}x{height}{at}", logging.INFO)
        return surface

    def _looked_at_again(self, wish: Wish) -> Place | None:
        """SDL has had the kernel ask the monitor for its modes: before, they were those of another."""
        place, now = self._place, chosen(connectors(self._drm), wish)
        is_same = place and now and place.connector.whole_name == now.connector.whole_name
        return now if is_same else place

    def _find(self, wish: Wish) -> Place | None:
        """Where to draw; None where SDL has to find out by itself.

        Raises DisplayError: there are connectors, and none is right. SDL is not asked then: it would be
        started and ended every two seconds for as long as nobody switches the monitor on.
        """
        if self._kind is not Kind.KMSDRM:
            return None
        seen = connectors(self._drm)
        place = chosen(seen, wish)
        if seen and place is None:
            raise DisplayError(f"{why_none(seen, wish)}. Switch the monitor on and check its cable.")
        return place


def open_display(kind: Kind, size: Size | None, place: Place | None = None) -> pygame.Surface:
    """The surface to draw on; `size` None means the display's own (640x480 off the console).

    Raises DisplayError.
    """
    _select_driver(kind, place)
    try:
        # Not pygame.init(): that would open the sound card too, and keep it from the game.
        pygame.display.init()
        _refuse_stand_in(kind)
        return _fullscreen(size, place) if kind is Kind.KMSDRM else _window(size)
    except pygame.error as error:
        pygame.display.quit()
        raise DisplayError(f"cannot open the display ({kind.value}): {error}. {_REMEDY[kind]}") from error


_NO_WINDOW = frozenset({"dummy", "offscreen", "evdev", "kmsdrm"})
_REMEDY = {
    Kind.KMSDRM: (
        "Switch the monitor on; use Debian's python3-pygame (pip's has no kmsdrm driver), libegl1, libgles2"
        " and libgl1-mesa-dri; stop the desktop, and give this user the groups video, render and input;"
        " or ask for --display window or --display headless."
    ),
    Kind.WINDOW: "Start it on a desktop (DISPLAY or WAYLAND_DISPLAY), or use --display kmsdrm.",
    Kind.HEADLESS: "This SDL has no dummy driver: install python3-pygame.",
}


def _select_driver(kind: Kind, place: Place | None) -> None:
    drivers = {Kind.KMSDRM: "kmsdrm", Kind.HEADLESS: "dummy"}
    if kind in drivers:
        os.environ["SDL_VIDEODRIVER"] = drivers[kind]
    else:
        os.environ.pop("SDL_VIDEODRIVER", None)
        for variable in _WINDOW_NAMES:
            os.environ.setdefault(variable, _WINDOW_NAME)
    if kind is Kind.KMSDRM:
        # Left to itself SDL (2.26) carries the surface over with desktop OpenGL, and the console stays black.
        os.environ.setdefault("SDL_FRAMEBUFFER_ACCELERATION", "opengles2")
        if place is not None:  # its own choice is the first card, which on a Pi may be one without a monitor
            os.environ["SDL_KMSDRM_DEVICE_INDEX"] = str(place.connector.card)


def _refuse_stand_in(kind: Kind) -> None:
    """Without a desktop SDL would draw into nothing and call it a window."""
    driver = pygame.display.get_driver()
    if kind is Kind.WINDOW and driver in _NO_WINDOW:
        raise pygame.error(f"SDL found no desktop, only its driver {driver!r}")


def _fullscreen(size: Size | None, place: Place | None) -> pygame.Surface:
    index = place.index if place else 0
    surface = pygame.display.set_mode(size or (0, 0), pygame.FULLSCREEN, display=index)
    pygame.mouse.set_visible(False)
    return surface


def _window(size: Size | None) -> pygame.Surface:
    """Of a fixed size if it is told one; else as large as the desktop makes it."""
    pygame.display.set_caption(_CAPTION)
    return pygame.display.set_mode(size or DEFAULT_SIZE, 0 if size else pygame.RESIZABLE)


def _desktop_answers(environment: Mapping[str, str]) -> bool:
    """Whether a Wayland desktop is still there; one of X takes its programs with it when it goes."""
    name = environment.get("WAYLAND_DISPLAY")
    if not name or pygame.display.get_driver() != "wayland":
        return True
    with socket.socket(socket.AF_UNIX) as wayland:
        try:
            wayland.connect(str(Path(environment.get("XDG_RUNTIME_DIR", ""), name)))
        except OSError:
            return False
    return True
