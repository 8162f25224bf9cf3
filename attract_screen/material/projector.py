"""Shows what was made ready: a reel's frame of the moment as a surface. Holds one frame of a few reels."""

from __future__ import annotations

import io
import os
from dataclasses import dataclass
from pathlib import Path

import pygame

from attract_screen.material.formats.reel import TAIL_BYTES, Reel, ReelError, index_bytes, read_index

_MOST_OPEN = 4  # the logo among them


@dataclass
class _Open:
    handle: int
    reel: Reel
    number: int = -1
    surface: pygame.Surface | None = None


class Projector:
    """Opens reels by their path; all of them are closed by `close`."""

    def __init__(self) -> None:
        self._open: dict[Path, _Open] = {}

    def reel(self, path: Path) -> Reel:
        """The reel itself.

        Raises ReelError or OSError.
        """
        return self._opened(path).reel

    def surface(self, path: Path, elapsed_s: float) -> pygame.Surface:
        """The frame `elapsed_s` after the beginning; the same surface while it is the same frame.

        Raises ReelError or OSError.
        """
        film = self._opened(path)
        number = film.reel.frame_at(elapsed_s)
        if film.surface is None or number != film.number:
            film.surface, film.number = _frame(film, number), number
        return film.surface

    def close(self) -> None:
        """Forget all of them."""
        for film in self._open.values():
            os.close(film.handle)
        self._open.clear()

    def _opened(self, path: Path) -> _Open:
        film = self._open.pop(path, None) or _open(path)
        self._open[path] = film  # the newest is last
        while len(self._open) > _MOST_OPEN:
            os.close(self._open.pop(next(iter(self._open))).handle)
        return film


def _open(path: Path) -> _Open:
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        total = os.fstat(handle).st_size
        length = index_bytes(os.pread(handle, TAIL_BYTES, max(0, total - TAIL_BYTES)), total)
        frames_end = total - TAIL_BYTES - length
        reel = read_index(os.pread(handle, length, frames_end), frames_end)
        os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_WILLNEED)
    except BaseException:
        os.close(handle)
        raise
    return _Open(handle, reel)


def _frame(film: _Open, number: int) -> pygame.Surface:
    raw = os.pread(film.handle, film.reel.lengths[number], film.reel.starts[number])
    try:
        surface = pygame.image.load(
            io.BytesIO(raw), "frame.png" if raw.startswith(b"\x89PNG") else "frame.jpg"
        )
    except pygame.error as error:
        raise ReelError(f"frame {number} is damaged: {error}") from error
    if surface.get_size() != film.reel.size:
        raise ReelError(f"frame {number} is of another size")
    return surface
