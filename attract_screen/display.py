"""Opens the glass: the bare console (kmsdrm), a window on a desk, or none at all. EDGE."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Mapping
from enum import Enum

import pygame

from attract_screen.model.monitor import Size
from attract_screen.systemd_notify import notify

DEFAULT_SIZE: Size = (640, 480)
LOOK_AGAIN_S = 2.0
_CAPTION = "Attract screen"

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


def open_display(kind: Kind, size: Size | None) -> pygame.Surface:
    """The surface to draw on; `size` None means the display's own (640x480 off the console).

    Raises DisplayError.
    """
    _select_driver(kind)
    try:
        # Not pygame.init(): that would open the sound card too, and keep it from the game.
        pygame.display.init()
        _refuse_stand_in(kind)
        surface = _fullscreen(size) if kind is Kind.KMSDRM else _window(size)
    except pygame.error as error:
        pygame.display.quit()
        raise DisplayError(f"cannot open the display ({kind.value}): {error}. {_REMEDY[kind]}") from (error)
    width, height = surface.get_size()
    opened = f"The display was opened: {kind.value}, {width}x{height}"
    _log.info(opened)
    notify(f"STATUS={opened}")
    return surface


def wait_for_console(
    size: Size | None, stopped: Callable[[], bool], look_again_s: float = LOOK_AGAIN_S
) -> pygame.Surface | None:
    """The bare console, as soon as there is one; None if `stopped` said so first.

    A monitor may be switched on after the cabinet, or never. Each new reason to wait is logged once: a line
    for every look would wear the SD card for years.
    """
    reason = ""
    while not stopped():
        try:
            return open_display(Kind.KMSDRM, size)
        except DisplayError as error:
            if str(error) != reason:
                reason = str(error)
                _log.warning("Waiting for a display: %s", reason)
                notify(f"STATUS=Waiting for a display: {reason}")
        time.sleep(look_again_s)
    return None


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


def _select_driver(kind: Kind) -> None:
    drivers = {Kind.KMSDRM: "kmsdrm", Kind.HEADLESS: "dummy"}
    if kind in drivers:
        os.environ["SDL_VIDEODRIVER"] = drivers[kind]
    else:
        os.environ.pop("SDL_VIDEODRIVER", None)
    if kind is Kind.KMSDRM:
        # Left to itself SDL (2.26) carries the surface over with desktop OpenGL, and the console stays black.
        os.environ.setdefault("SDL_FRAMEBUFFER_ACCELERATION", "opengles2")


def _refuse_stand_in(kind: Kind) -> None:
    """Without a desktop SDL would draw into nothing and call it a window."""
    driver = pygame.display.get_driver()
    if kind is Kind.WINDOW and driver in _NO_WINDOW:
        raise pygame.error(f"SDL found no desktop, only its driver {driver!r}")


def _fullscreen(size: Size | None) -> pygame.Surface:
    surface = pygame.display.set_mode(size or (0, 0), pygame.FULLSCREEN)
    pygame.mouse.set_visible(False)
    return surface


def _window(size: Size | None) -> pygame.Surface:
    pygame.display.set_caption(_CAPTION)
    return pygame.display.set_mode(size or DEFAULT_SIZE)
