"""EDGE. Files that a power cut leaves either as they were or as they are to be."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path

MODE = 0o640


def write_config(path: Path, data: bytes) -> None:
    """Put `data` in the place of `path`, for root and for the group that has the folder."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        os.fchown(file.fileno(), -1, path.parent.stat().st_gid)
        os.fchmod(file.fileno(), MODE)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    sync_folder(path.parent)


def write(path: Path, data: bytes) -> None:
    """Write a file through to its partition, unless it says that already; none is left that is not whole.

    Raises:
        OSError: the partition is full, or cannot be written to.
    """
    if path.is_file() and path.read_bytes() == data:
        return
    try:
        with path.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        with suppress(OSError):
            path.unlink(missing_ok=True)
        raise


def wipe(path: Path) -> None:
    """Delete a file whose bytes nobody is to find again: on FAT a deleted file still lies there."""
    overwrite(path, b"")
    path.unlink()
    sync_folder(path.parent)


def overwrite(path: Path, data: bytes) -> None:
    """Write over all the room that a file has, beyond its end too, where it may have been longer before.

    Raises:
        OSError: there is not room enough for `data`; the file is as it was.
    """
    known = path.stat()
    room = max(known.st_size, known.st_blocks * 512)
    if len(data) > room:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
    with path.open("r+b") as file:
        file.write(data.ljust(room, b"#"))
        file.flush()
        os.fsync(file.fileno())
        if data:
            file.truncate(len(data))
            os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Have the names in a folder written through to its partition."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
