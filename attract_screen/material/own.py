"""EDGE. The operator's material as the attract mode asks for it: never waits, and draws nothing."""

from __future__ import annotations

import logging
import shutil
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from queue import SimpleQueue

import pygame

from attract_screen.material.cache import Cache, Place, place_of
from attract_screen.material.formats.reel import ReelError
from attract_screen.material.librarian import Librarian, Wishes
from attract_screen.material.projector import Projector
from attract_screen.material.stock import EMPTY, Size, Stock
from attract_screen.model.letters import HasLetter, drawable, has_letter
from attract_screen.model.programme import MaterialPage
from attract_screen.picture.design.dress import Dress

log = logging.getLogger(__name__)

_BUSY_S, _IDLE_S = 0.1, 1.0
_MOST_ROOMS = 6  # with a caption and without, in two languages, and as many more
_FORGOTTEN_AFTER_S = 900.0  # as after the display became another
_STEP = 16


class OwnMaterial:
    """Follows a folder in a thread of its own, which is there only once there is a folder."""

    def __init__(
        self,
        keep: Sequence[Path],
        can_show: HasLetter = has_letter,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._keep = keep
        self._can_show = can_show
        self._clock = clock
        self._wishes = Wishes()
        self._asked_s: dict[Size, float] = {}
        self._stock: Stock = EMPTY
        self._projector = Projector()
        self._damaged: SimpleQueue[Path] = SimpleQueue()
        self._wake = threading.Event()
        self._stopped = False
        self._thread: threading.Thread | None = None

    @property
    def stock(self) -> Stock:
        """What is ready now, and how the cabinet is to look."""
        return self._stock

    def follow(self, folder: Path | None) -> None:
        """From now on show what lies in this folder, or nothing."""
        if folder == self._wishes.folder:
            return
        self._wish(replace(self._wishes, folder=folder))
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="material", daemon=True)
            self._thread.start()

    def pages(self, now: datetime) -> tuple[MaterialPage, ...]:
        """What has its turn at this time of this day, in its order; some of it may not be ready yet."""
        stock = self._stock
        return tuple(self._page(stock, name) for name in stock.names_at(now))

    def surface(self, key: str, size: Size, elapsed_s: float) -> pygame.Surface | None:
        """The picture of a page, no larger than `size`; None while it is not ready."""
        room = _rounded(size)
        self._ask_for(room)
        ready = self._stock.ready.get((key, room))
        return None if ready is None else self._frame(ready.path, elapsed_s)

    @property
    def dress(self) -> Dress:
        """How the cabinet is to look; an equal one until something of it changes."""
        stock = self._stock
        logo = None if stock.logo is None else self._frame(stock.logo, 0.0)
        return Dress(stock.notes.colours, stock.typeface, logo)

    def close(self) -> None:
        """Stop following."""
        self._stopped = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join(timeout=5.0)
        self._projector.close()

    def _page(self, stock: Stock, name: str) -> MaterialPage:
        caption = drawable(stock.notes.remark(name).caption, self._can_show)
        return MaterialPage(name, caption, stock.seconds(name))

    def _ask_for(self, room: Size) -> None:
        """Rooms that take turns all stay, so that none of them is made ready again and again."""
        now_s = self._clock()
        self._asked_s[room] = now_s
        recent = sorted(self._asked_s, key=lambda each: self._asked_s[each])[-_MOST_ROOMS:]
        self._asked_s = {
            each: at_s
            for each, at_s in self._asked_s.items()
            if each in recent and now_s - at_s < _FORGOTTEN_AFTER_S
        }
        rooms = tuple(self._asked_s)
        if rooms != self._wishes.rooms:
            self._wish(replace(self._wishes, rooms=rooms))

    def _wish(self, wishes: Wishes) -> None:
        self._wishes = wishes
        self._wake.set()

    def _frame(self, path: Path, elapsed_s: float) -> pygame.Surface | None:
        try:
            return self._projector.surface(path, elapsed_s)
        except (ReelError, OSError):
            self._projector.close()
            self._damaged.put(path)
            self._wake.set()
            return None

    def _run(self) -> None:
        """In the thread: a disk that stands still holds up this, and no frame."""
        try:
            place = place_of(self._keep)
        except OSError as error:
            log.warning("nothing of the folder is shown: there is no place to keep it ready (%s)", error)
            return
        try:
            self._serve(Librarian(Cache(place), self._clock))
        finally:
            _forget(place)

    def _serve(self, librarian: Librarian) -> None:
        failing = False
        while not self._stopped:
            self._wake.clear()
            try:
                while not self._damaged.empty():
                    librarian.damaged(self._damaged.get())
                self._stock = librarian.step(self._wishes)
                failing = False
            except Exception:
                if not failing:
                    log.exception("the folder %s could not be looked after", self._wishes.folder)
                failing = True
            self._wake.wait(_BUSY_S if librarian.busy else _IDLE_S)
        librarian.close()


def _rounded(size: Size) -> Size:
    """Rooms that differ by a few pixels are one: a price more or less makes no picture ready anew."""
    return max(_STEP, size[0] // _STEP * _STEP), max(_STEP, size[1] // _STEP * _STEP)


def _forget(place: Place) -> None:
    if not place.lasting:
        shutil.rmtree(place.folder, ignore_errors=True)
