"""Draws whatever is broken: a font, an asset or a scene costs its picture, never the code. EDGE."""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Callable
from typing import TypeVar

from attract_screen.said import Said

_log = logging.getLogger(__name__)
_T = TypeVar("_T")


class Painter:
    """Has things done that may fail, and says once of each failure what it was."""

    def __init__(self) -> None:
        self._said = Said(_log, time.monotonic)

    def tried(self, do: Callable[[], _T]) -> _T | None:
        """What `do` gives; None if it fails, whatever it was: a player may pay now, and needs the code."""
        try:
            return do()
        except Exception as error:  # noqa: BLE001 - the one edge between what is shown and what is not
            where = traceback.extract_tb(error.__traceback__)[-1]
            reason = f"{type(error).__name__} in {where.name}: {error}"
            self._said.say(f"A picture cannot be drawn, and a bare one is shown: {reason}", logging.ERROR)
            return None
