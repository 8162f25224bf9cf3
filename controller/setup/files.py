"""EDGE. Files that a power cut leaves either as they were or as they are to be."""

from __future__ import annotations

import os
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
    """Write a file through to its partition, whatever it held before."""
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def wipe(path: Path) -> None:
    """Delete a file whose bytes nobody is to find again: on FAT a deleted file still lies there."""
    with path.open("r+b") as file:
        file.write(b"#" * path.stat().st_size)
        file.flush()
        os.fsync(file.fileno())
    path.unlink()
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Have the names in a folder written through to its partition."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
