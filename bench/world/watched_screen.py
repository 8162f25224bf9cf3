"""The attract screen, looked at from within its process: when it rests, and when it shows.

`python -m bench.world.watched_screen LOG [--hurry CHANGES] -- ARGUMENTS OF THE SCREEN`. Nothing is changed
but the functions of time and pygame that it calls, so that another version of it is measured alike. With
`--hurry` nothing rests: an hour is over once its frames are drawn, and the feed changes 10,000 times in it.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

HOUR_S = 3600.0
BEGINNING = 10  # what is on the log when the first picture is surely shown
STATES = ("attract", "paying", "playing", "attract", "not_ready", "offline", "attract", "out_of_order")

_sleep = time.sleep
_gettime = time.clock_gettime


def boot_s() -> float:
    """Seconds since boot, whatever the screen is told."""
    return _gettime(time.CLOCK_BOOTTIME)


def watch_rests(log: list[tuple[str, float]]) -> None:
    """Write down when each frame is done: its process rests then."""

    def sleep(seconds: float) -> None:
        if threading.current_thread() is threading.main_thread():
            log.append(("rest", boot_s()))
        _sleep(seconds)

    time.sleep = sleep  # type: ignore[assignment]


def watch_updates(log: list[tuple[str, float]], begun: Path) -> None:
    """Write down when something new is on the display; the first time makes a file."""
    import pygame

    update: Callable[..., None] = pygame.display.update

    def updated(*places: Any) -> None:
        update(*places)
        log.append(("update", boot_s()))
        if len(log) < BEGINNING:
            begun.touch()

    pygame.display.update = updated  # type: ignore[assignment]


class Hurry:
    """A clock that goes on by as much as the screen wants to rest, and a controller that goes by it."""

    def __init__(self, feed: Path, changes: int) -> None:
        self._fields = json.loads(feed.read_text())
        self._feed = feed
        self._changes, self._made = changes, 0
        self._began_s = self._now_s = boot_s()
        self.memory_kb: list[int] = []

    def clock(self, _clock: int) -> float:
        """What the screen is told."""
        return self._now_s

    def sleep(self, seconds: float) -> None:
        """Let the time pass at once, and change the feed when that is due."""
        if threading.current_thread() is not threading.main_thread():
            _sleep(seconds)
            return
        self._now_s += seconds
        if self._now_s - self._began_s < self._made * HOUR_S / 10_000:
            return
        if self._made == self._changes:
            os.kill(os.getpid(), 15)
        self._change()

    def _change(self) -> None:
        self._made += 1
        state = STATES[self._made % len(STATES)]
        said = {
            "state": state,
            "credits": self._made % 7,
            "written_at_s": self._now_s,
            "since_s": self._now_s,
        }
        fresh = self._feed.with_suffix(".new")
        fresh.write_text(json.dumps(self._fields | said))
        fresh.rename(self._feed)
        if self._made % max(1, self._changes // 10) == 0:
            self.memory_kb.append(_resident_kb())


def _resident_kb() -> int:
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0])


def main() -> None:
    """Run the screen to its end, and write down what was seen."""
    own, arguments = sys.argv[1 : sys.argv.index("--")], sys.argv[sys.argv.index("--") + 1 :]
    log: list[tuple[str, float]] = []
    hurry = None
    if "--hurry" in own:
        feed = Path(arguments[arguments.index("--feed") + 1])
        hurry = Hurry(feed, int(own[own.index("--hurry") + 1]))
        time.clock_gettime, time.sleep = hurry.clock, hurry.sleep  # type: ignore[assignment]
    else:
        watch_rests(log)
        watch_updates(log, Path(own[0]).with_suffix(".begun"))
    from attract_screen.__main__ import main as screen

    screen(arguments)
    Path(own[0]).write_text(json.dumps({"log": log, "memory_kb": hurry.memory_kb if hurry else []}))


if __name__ == "__main__":
    main()
