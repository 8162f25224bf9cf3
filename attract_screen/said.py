"""A log that is not worn out: what was said within the hour is not said again. EDGE."""

from __future__ import annotations

import logging
from collections.abc import Callable

from attract_screen.systemd_notify import notify

SAID_AGAIN_AFTER_S = 3600.0


class Said:
    """Says each text once an hour at most: a loose cable must not wear an SD card."""

    def __init__(self, log: logging.Logger, clock: Callable[[], float]) -> None:
        self._log = log
        self._clock = clock
        self._said_s: dict[str, float] = {}

    def say(self, text: str, level: int = logging.WARNING) -> None:
        """Log the text, unless it was logged within the hour; `systemctl status` shows it in any case."""
        notify(f"STATUS={text}")
        now_s = self._clock()
        self._said_s = {old: at_s for old, at_s in self._said_s.items() if now_s < at_s + SAID_AGAIN_AFTER_S}
        if text not in self._said_s:
            self._said_s[text] = now_s
            self._log.log(level, text)
