"""Tells what is wrong with the operator's files: each thing once while it lasts, and only so many at once."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

log = logging.getLogger(__name__)

MOST_AT_ONCE = 20
AGAIN_AFTER_S = 3600.0


def shown_name(name: str) -> str:
    """A file's name for the journal: on one line, with whatever is no plain letter written out."""
    plain = name.isprintable() and not any(0xDC80 <= ord(c) <= 0xDCFF for c in name)
    return name if plain and "'" not in name else repr(name)


class Complaints:
    """What is wrong now, by file; new things are logged. `clock` gives seconds that never jump."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._told: dict[str, str] = {}
        self._count = 0
        self._counted_since_s = clock()

    def hold(self, problems: Mapping[str, str]) -> None:
        """All that is wrong now. What was wrong before, and is not any more, may be told again later."""
        for name, text in problems.items():
            if self._told.get(name) != text:
                self._tell(f"{shown_name(name)}: {text}")
        self._told = dict(problems)

    def _tell(self, line: str) -> None:
        """A file that changes every second would fill the journal, and with it a card."""
        now_s = self._clock()
        if now_s >= self._counted_since_s + AGAIN_AFTER_S:
            self._count, self._counted_since_s = 0, now_s
        self._count += 1
        if self._count <= MOST_AT_ONCE:
            log.warning("%s", line)
        elif self._count == MOST_AT_ONCE + 1:
            log.warning("there is more; sudo cabinet check names all of it")
