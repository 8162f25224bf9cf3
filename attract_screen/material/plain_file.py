"""EDGE. Opens files that strangers may have put there: only plain ones, and never waiting."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import BinaryIO


def open_plain(path: Path) -> BinaryIO:
    """The file, open for reading; a device, a pipe or a folder is refused without being waited for.

    Raises OSError.
    """
    # Even opening some devices does something: it is looked at first, and once more when it is open.
    refuse_special(path.stat())
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    try:
        refuse_special(os.fstat(handle))
    except OSError:
        os.close(handle)
        raise
    return os.fdopen(handle, "rb")


class NotPlainError(OSError):
    """Something else than a file; the message says what."""


def refuse_special(status: os.stat_result) -> None:
    """Raise NotPlainError for anything but a plain file."""
    if not stat.S_ISREG(status.st_mode):
        kind = next((name for is_kind, name in _KINDS if is_kind(status.st_mode)), "no plain file")
        raise NotPlainError(f"it is {kind}")


_KINDS = (
    (stat.S_ISDIR, "a folder, and folders in the folder are not looked into"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
)
