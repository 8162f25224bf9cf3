"""EDGE. The attract screen's process beside the demo: in a window on a desktop, and always on the page."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from simulator.chain.part import Part

SIZE = "640x480"
# Where nothing of pygame has been read yet, a slow disk takes half of it.
FIRST_PICTURE_WITHIN_S = 60.0


@contextmanager
def attract_screen(feed: Path, picture: Path, log_file: Path) -> Iterator[Part]:
    """The attract screen, mirrored into `picture`; a desktop that cannot be drawn on does without a window.

    Raises:
        PartFailedError: it drew nothing; the message has its last lines.
    """
    on_a_desktop = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    for display in ("window", "headless") if on_a_desktop else ("headless",):
        screen = _screen(display, feed, picture, log_file)
        if _draws(screen, picture):
            break
        screen.stop()
    else:
        raise screen.failure(f"drew nothing within {FIRST_PICTURE_WITHIN_S:g} s")
    try:
        yield screen
    finally:
        screen.stop()


def _screen(display: str, feed: Path, picture: Path, log_file: Path) -> Part:
    command = [sys.executable, "-m", "attract_screen", "--feed", str(feed), "--mirror", str(picture)]
    screen = Part("screen", [*command, "--size", SIZE, "--display", display], log_file)
    screen.start()
    return screen


def _draws(screen: Part, picture: Path) -> bool:
    """Wait for its first picture, its end, or too long."""
    deadline = time.monotonic() + FIRST_PICTURE_WITHIN_S
    while not picture.exists() and screen.exit_status is None and time.monotonic() < deadline:
        time.sleep(0.02)
    return picture.exists()
