"""EDGE. The folder of a demo or a chaos run: private, empty at every start, and used by one at a time."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MARKER = ".made-by-the-arcade-demo"
# A Unix socket stands in the folder, and its whole path has to fit into 107 bytes.
LONGEST_PATH_BYTES = 96


class DemoError(RuntimeError):
    """The demo cannot start; the message says why and what to do."""


@contextmanager
def fresh_folder(folder: Path, address: str) -> Iterator[Path]:
    """An empty private folder while the context is open; `address` is shown to whoever comes second.

    What an earlier run left in it is removed, but never what somebody else put there.

    Raises:
        DemoError: a demo already runs here, or the folder has other things in it.
    """
    folder = folder.absolute()
    if len(os.fsencode(folder)) > LONGEST_PATH_BYTES:
        raise DemoError(f"{folder} is too long a path for a socket: name a shorter one with --folder")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _lock(folder.with_name(f"{folder.name}.lock"), address):
        _empty(folder)
        yield folder


@contextmanager
def _lock(path: Path, address: str) -> Iterator[None]:
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = path.read_text().strip() or "it is just starting"
            raise DemoError(f"a demo already runs here ({holder}); end that one first, with Ctrl-C") from None
        file.truncate(0)
        file.write(f"process {os.getpid()}, {address}\n")
        file.flush()
        yield


def _empty(folder: Path) -> None:
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise DemoError(f"{folder} is not a folder: name another one with --folder")
    folder.mkdir(mode=0o700, exist_ok=True)
    left_over = list(folder.iterdir())
    if left_over and folder / MARKER not in left_over:
        raise DemoError(f"{folder} has files that no demo made: name another folder with --folder")
    folder.chmod(0o700)
    (folder / MARKER).touch()  # first, so that a clearing that was cut short is taken up again
    for path in left_over:
        if path.name != MARKER:
            _remove(path)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()
