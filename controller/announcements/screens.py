"""EDGE. The feeds of this machine's screens: of the main one, and of the marquee if there is one."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from controller.announcements.screen_feed import PageSource, ScreenFeed, no_page
from controller.config.keys import Config
from controller.model.cabinet import Cabinet

log = logging.getLogger(__name__)


class Screens:
    """Writes what each screen shows; where each is, and what it is there for, is of the configuration."""

    def __init__(self, config: Config, clock: Callable[[], float], technician: PageSource = no_page) -> None:
        self._clock = clock
        self._main = ScreenFeed(config.screen_feed, main_screen(config), clock, technician)
        self._marquee: ScreenFeed | None = None
        self._set_up_marquee(config)

    def reconfigure(self, config: Config, outstanding: str) -> None:
        """The configuration was read again; `outstanding` is what of it does not hold yet."""
        self._main.rename({**main_screen(config), "configuration": outstanding})
        self._set_up_marquee(config)

    @property
    def due_s(self) -> float | None:
        """When what waits is to be written (seconds since boot); None if nothing does."""
        return self._main.due_s

    def show(self, cabinet: Cabinet, games_today: int | None = None) -> None:
        """Write each feed if it says something new, or has not been written for a second."""
        self._main.show(cabinet, games_today)
        if self._marquee is not None:
            self._marquee.show(cabinet, games_today)

    def _set_up_marquee(self, config: Config) -> None:
        """The file is what starts the marquee's process, and what ends it when it goes."""
        self._marquee = None
        if config.marquee.display is not None:
            self._marquee = ScreenFeed(config.marquee_feed, marquee(config), self._clock)
            return
        try:
            config.marquee_feed.unlink(missing_ok=True)
        except OSError as error:
            log.error("marquee's feed not removed: %s", error)


def main_screen(config: Config) -> dict[str, Any]:
    """What the main screen's feed says of the machine."""
    return {
        "machine_id": config.machine_id,
        "machine_name": config.name,
        "rotate": config.rotate,
        "aspect": config.aspect,
        "overscan_percent": config.overscan_percent,
        "languages": list(config.languages),
        "words": str(config.words) if config.words else None,
        "theme": config.theme,
        "folder": None if config.folder is None else str(config.folder),
        "display": config.display,
        "not_display": config.marquee.display,
        "sound": config.sound,
    }


def marquee(config: Config) -> dict[str, Any]:
    """What the marquee's feed says of the machine: it is another monitor, and makes no sound of its own."""
    return {
        **main_screen(config),
        "rotate": config.marquee.rotate,
        "aspect": None,
        "overscan_percent": 0,
        "display": config.marquee.display,
        "not_display": config.display,
        "sound": False,
        "shows": config.marquee.shows,
    }
