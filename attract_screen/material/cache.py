"""EDGE. Where what was made ready is kept: on disk, bounded, written only when a file or a size is new."""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from attract_screen.material.formats.reel import VERSION

log = logging.getLogger(__name__)

_MB = 1024 * 1024
MOST_BYTES = 96 * _MB
# The ledger may be on the same disk, and never lacks room because of a picture.
LEAST_FREE_BYTES = 48 * _MB
MOST_IN_MEMORY = 32 * _MB
MOUNTS = Path("/proc/self/mountinfo")
_MEMORY = ("overlay", "tmpfs", "ramfs", "rootfs")
_HALF = ".half-"


@dataclass(frozen=True)
class Place:
    """A folder for it, and how much may lie there."""

    folder: Path
    most_bytes: int = MOST_BYTES
    least_free_bytes: int = LEAST_FREE_BYTES
    lasting: bool = True


def place_of(folders: Sequence[Path], mounts: Path = MOUNTS) -> Place:
    """The first of `folders` that can be written to; without any, which is said, one that is forgotten.

    Raises OSError where not even that can be had.
    """
    for folder in folders:
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                return Place(folder, *_bounds(folder, mounts))
        except OSError:
            continue
    folder = Path(tempfile.mkdtemp(prefix="attract-screen-"))
    named = f"nothing can be written to {', '.join(map(str, folders))}" if folders else "there is no --keep"
    log.warning("%s: pictures are made ready in %s, and anew at each start", named, folder)
    return Place(folder, MOST_IN_MEMORY, _MB, lasting=False)


def _bounds(folder: Path, mounts: Path) -> tuple[int, int]:
    """Memory that poses as a disk is short, and has no ledger on it."""
    return (MOST_IN_MEMORY, _MB) if is_memory(folder, mounts) else (MOST_BYTES, LEAST_FREE_BYTES)


def is_memory(folder: Path, mounts: Path = MOUNTS) -> bool:
    """Whether what is written there is gone with the power; `mounts` is the kernel's list (proc(5))."""
    kinds: dict[Path, str] = {}
    for line in mounts.read_text().splitlines():
        about, _, source = line.partition(" - ")
        kinds[Path(about.split()[4])] = source.split()[0]
    real = folder.resolve()
    return next((kinds[way] for way in (real, *real.parents) if way in kinds), "") in _MEMORY


def key_of(name: str, size: int, mtime_ns: int, target: str) -> str:
    """One state of a file and one size to show it in; inode numbers do not outlive an overlay's restart."""
    parts = f"{VERSION}|{size}|{mtime_ns}|{target}|".encode() + os.fsencode(name)
    return hashlib.sha256(parts).hexdigest()[:40]


class Cache:
    """Files by key. What is `wanted` stays; of the rest the oldest goes first."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self._sizes: dict[str, int] = {}
        for entry in sorted(self._entries(), key=lambda entry: entry.stat().st_mtime_ns):
            if entry.name.startswith(_HALF):
                Path(entry.path).unlink(missing_ok=True)
            else:
                self._sizes[entry.name] = entry.stat().st_size

    def _entries(self) -> list[os.DirEntry[str]]:
        with os.scandir(self.place.folder) as entries:
            return [entry for entry in entries if entry.is_file(follow_symlinks=False)]

    @property
    def bytes(self) -> int:
        """How much lies there."""
        return sum(self._sizes.values())

    def get(self, key: str) -> Path | None:
        """The file of this key, if it is there."""
        return self.place.folder / key if key in self._sizes else None

    def half(self) -> tuple[BinaryIO, Path]:
        """A file that is being made; `keep` gives it its name.

        Raises OSError.
        """
        handle, name = tempfile.mkstemp(prefix=_HALF, dir=self.place.folder)
        return os.fdopen(handle, "wb"), Path(name)

    def keep(self, half: Path, key: str, wanted: Collection[str]) -> bool:
        """Give a whole file its name; False, and it is gone, where that takes room from what is wanted.

        Raises OSError.
        """
        size = half.stat().st_size
        if not self._make_room(size, wanted):
            half.unlink()
            return False
        half.replace(self.place.folder / key)
        self._sizes[key] = size
        return True

    def drop(self, key: str) -> None:
        """Forget one: it is damaged, or not wanted any more."""
        self._sizes.pop(key, None)
        (self.place.folder / key).unlink(missing_ok=True)

    def _make_room(self, size: int, wanted: Collection[str]) -> bool:
        """The half file lies there already: what is free on the disk is free without it."""
        others = [key for key in self._sizes if key not in wanted]
        while self.bytes + size > self.place.most_bytes or self._free() < self.place.least_free_bytes:
            if not others:
                return False
            self.drop(others.pop(0))
        return True

    def _free(self) -> int:
        room = os.statvfs(self.place.folder)
        return room.f_bavail * room.f_frsize
