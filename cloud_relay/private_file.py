"""EDGE. Files with secrets in them: readable by their owner alone, and whole or not there."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from cloud_relay.errors import FileTrouble


def read_if_there(path: Path) -> str:
    """The file's text, whatever bytes are in it; empty where there is no file. Raises FileTrouble."""
    try:
        return path.read_bytes().decode(errors="surrogateescape")
    except FileNotFoundError:
        return ""
    except OSError as why:
        raise FileTrouble(f"{path} cannot be read: {why.strerror}") from why


def write_private(path: Path, text: str) -> None:
    """Put the text in the file's place, with mode 0600 and the owner that it had. Raises FileTrouble."""
    target = path.resolve()  # what a link leads to, and not the link
    with _beside(target) as (handle, beside):
        # Not os.write: where the disk is full, that writes a part and says nothing.
        with os.fdopen(handle, "wb", closefd=False) as file:
            file.write(text.encode(errors="surrogateescape"))
        with contextlib.suppress(OSError):  # no such file yet, or not ours to give away
            before = target.stat()
            os.fchown(handle, before.st_uid, before.st_gid)
        os.fsync(handle)
        put_in_place(beside, target)


def write_fresh(path: Path, data: bytes, *, like: os.stat_result | None = None) -> None:
    """A new file of its owner's alone from its first byte on, and through to the disk; an old one goes.

    With `like` those who could read another file may read this one: its owner, and its group if it could.
    Raises OSError.
    """
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
        if like is not None:
            if os.geteuid() == 0:
                os.fchown(file.fileno(), like.st_uid, like.st_gid)
            os.fchmod(file.fileno(), 0o600 | like.st_mode & 0o040)
        file.flush()
        os.fsync(file.fileno())


def put_in_place(fresh: Path, path: Path) -> None:
    """Give a file the name of another; a power cut does not take that back. Raises OSError."""
    fresh.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def check_writable(path: Path) -> None:
    """Raises FileTrouble where `write_private` would fail: asked before what cannot be asked for twice."""
    if path.is_dir():
        raise FileTrouble(f"{path} is a folder: name a file")
    with _beside(path.resolve()):
        pass


@contextlib.contextmanager
def _beside(target: Path) -> Iterator[tuple[int, Path]]:
    try:
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)  # mode 0600
    except OSError as why:
        raise FileTrouble(f"{target} cannot be written: {why.strerror} ({target.parent})") from why
    beside = Path(name)
    try:
        yield handle, beside
    except OSError as why:
        raise FileTrouble(f"{target} cannot be written: {why.strerror}") from why
    finally:
        os.close(handle)
        beside.unlink(missing_ok=True)
