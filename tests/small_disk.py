"""A file system of its own that can really be full: a small tmpfs that nobody else sees."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

PAGE = 4096
# Root may make mounts of its own; whoever else, as the root of a user namespace of its own.
WAYS = (
    (("unshare", "--mount"), ("--mount",)),
    (("unshare", "--user", "--map-root-user", "--mount"), ("--user", "--mount", "--preserve-credentials")),
)
# What lay in the folder lies on the disk.
MOUNT = """
cp -a "$0" "$0.before" && mount -t tmpfs -o size=$1 tmpfs "$0" && cp -a "$0.before/." "$0" &&
echo ready && exec sleep infinity
"""


@dataclass(frozen=True)
class SmallDisk:
    """A disk at `folder`; `inside` has a command see it, and `seen` is its folder for whoever does not."""

    folder: Path
    seen: Path
    inside: tuple[str, ...]

    def fill(self, leave: int = 0) -> None:
        """Leave so many pages of 4 KiB, and not a byte more."""
        with suppress(OSError), (self.seen / "filler").open("ab", buffering=0) as filler:
            while True:
                filler.write(bytes(PAGE))
        size = (self.seen / "filler").stat().st_size
        os.truncate(self.seen / "filler", max(0, size - leave * PAGE))

    def free(self) -> None:
        """Make room."""
        (self.seen / "filler").unlink()

    def rows(self, name: str, query: str) -> list[tuple[Any, ...]]:
        """What a database of SQLite's on it has now: as one that was killed now would begin again."""
        # A copy of file and log: SQLite follows the link in /proc to where the disk is not.
        copy = self.folder.parent / f"copy-{name}"
        for end in ("", "-wal"):
            copy.with_name(copy.name + end).unlink(missing_ok=True)
            with suppress(FileNotFoundError):
                shutil.copyfile(f"{self.seen}/{name}{end}", f"{copy}{end}")
        with closing(sqlite3.connect(copy)) as db:
            return list(db.execute(query))


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[SmallDisk]:
    """A disk of this size (`8m`) at a folder, with what lies there; skips the test where nobody may."""
    folder.mkdir(parents=True, exist_ok=True)
    for way, ways_in in WAYS:
        command = [*way, "sh", "-c", MOUNT, str(folder), size]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        ) as holder:
            assert holder.stdout is not None
            if holder.stdout.readline() != "ready\n":
                continue
            inside = ("nsenter", f"--target={holder.pid}", *ways_in, f"--wd={Path.cwd()}", "--")
            try:
                yield SmallDisk(folder, Path(f"/proc/{holder.pid}/root{folder}"), inside)
            finally:
                holder.kill()
            return
    pytest.skip("this user may make no mount namespace")
