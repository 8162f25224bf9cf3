"""Says what its user can do with files, folders and sockets, `reach.py PATH...`: a line for all that works.

A folder is asked for the names in it and for a new file; a socket for a connection; whatever else there is,
to be read and to be written. Nothing is changed: what is opened for writing is not written.
"""

import os
import socket
import stat
import sys
from collections.abc import Callable
from pathlib import Path

Ways = dict[str, Callable[[Path], None]]


def read(path: Path) -> None:
    """A FIFO, too, without waiting for who writes to it."""
    os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK))


def write(path: Path) -> None:
    """A FIFO that nobody reads cannot be opened for writing alone."""
    os.close(os.open(path, os.O_RDWR | os.O_NONBLOCK))


def make(path: Path) -> None:
    """The new file is taken away again."""
    new = path / "reached"
    new.touch(exist_ok=False)
    new.unlink()


def connect(path: Path) -> None:
    """And hang up."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
        link.connect(str(path))


FILE: Ways = {"read": read, "write": write}
FOLDER: Ways = {"list": os.listdir, "make": make}  # type: ignore[dict-item]  # its answer is not looked at
SOCKET: Ways = {"connect": connect}


def ways(path: Path) -> Ways:
    """What can be tried; of something whose kind cannot be seen, everything."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return FILE | FOLDER | SOCKET
    return FOLDER if stat.S_ISDIR(mode) else SOCKET if stat.S_ISSOCK(mode) else FILE


def main() -> None:
    """Try all, and say so at the end."""
    for path in map(Path, sys.argv[1:]):
        for name, way in ways(path).items():
            try:
                way(path)
            except OSError:
                continue
            print(f"{name} {path}")
    print("tried all", flush=True)


if __name__ == "__main__":
    main()
