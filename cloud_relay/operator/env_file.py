"""EDGE. The relay's environment file: read, and changed whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from cloud_relay.errors import FileTrouble
from cloud_relay.formats.env_file import CannotBeWritten, read_env, with_env
from cloud_relay.operator.private_file import read_if_there, write_private


def stored(path: Path) -> dict[str, str]:
    """What the file sets; nothing where there is no file.

    Raises:
        FileTrouble: it cannot be read.
    """
    return read_env(read_if_there(path))


def store(path: Path, values: Mapping[str, str]) -> None:
    """Put these variables into the file; one that is not there is made, for its owner alone.

    Raises:
        FileTrouble: it cannot be read or written, and is as it was.
    """
    try:
        text = with_env(read_if_there(path), values)
    except CannotBeWritten as why:
        raise FileTrouble(f"{path} is as it was: {why}") from None
    write_private(path, text)
