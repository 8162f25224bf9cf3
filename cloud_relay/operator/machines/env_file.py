"""EDGE. The relay's environment file: changed whole or not at all, for the same eyes as before."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from cloud_relay.errors import RelayError
from cloud_relay.formats.env_lines import CannotBeWritten, value_in, with_values


class UnusableEnvFile(RelayError):
    """The file cannot be read or written; the message says why."""


def store(path: Path, values: Mapping[str, str]) -> None:
    """Put these variables into the file; one that is not there is made, for its owner alone.

    Raises:
        UnusableEnvFile: it cannot be read or written, and is as it was.
    """
    fresh = path.with_name(f"{path.name}.new")
    try:
        before = path.read_text() if path.exists() else ""
        _write(fresh, with_values(before, values), path.stat() if path.exists() else None)
        fresh.replace(path)
        _sync(path.parent)
    except (OSError, UnicodeDecodeError, CannotBeWritten) as why:
        fresh.unlink(missing_ok=True)
        said = why.strerror if isinstance(why, OSError) else str(why)
        raise UnusableEnvFile(f"{path} cannot be used, and is as it was: {said}") from None


def stored_value(path: Path, name: str) -> str:
    """What the file says of a variable; empty where it says nothing, or is not there.

    Raises:
        UnusableEnvFile: it cannot be read.
    """
    try:
        return value_in(path.read_text(), name) if path.exists() else ""
    except (OSError, UnicodeDecodeError) as why:
        said = why.strerror if isinstance(why, OSError) else str(why)
        raise UnusableEnvFile(f"{path} cannot be read: {said}") from None


def _write(path: Path, text: str, like: os.stat_result | None) -> None:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        if like is not None:
            if os.geteuid() == 0:
                os.fchown(file.fileno(), like.st_uid, like.st_gid)
            os.fchmod(file.fileno(), 0o600 | like.st_mode & 0o040)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
