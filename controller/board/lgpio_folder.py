"""EDGE. Where lgpio may make its FIFO."""

from __future__ import annotations

import logging
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

log = logging.getLogger(__name__)


@contextmanager
def lgpio_folder() -> Iterator[None]:
    """A folder of this user's alone for the FIFO that lgpio makes as it is imported.

    That FIFO has mode 0664 whatever the umask, and every edge is read from it once: whoever can open it takes
    the board's edges away. LG_WD names the folder, which is made if it is missing; the daemon's unit sets it.
    """
    named = os.environ.get("LG_WD")
    if named and _is_private(Path(named)):
        yield
        return
    if named:
        log.warning("LG_WD is %s, and not a folder for this user alone: lgpio gets another", named)
    with tempfile.TemporaryDirectory(prefix="lgpio-") as folder:
        os.environ["LG_WD"] = folder
        try:
            yield
        finally:
            del os.environ["LG_WD"]


def _is_private(folder: Path) -> bool:
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
    except OSError:
        return False
    closed = not found.st_mode & (stat.S_IRWXG | stat.S_IRWXO)
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and closed
