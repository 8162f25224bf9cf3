"""EDGE. Which file system a path is on, as the kernel lists them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Mount:
    """A mounted file system: where, of which kind, and whether it can be written to."""

    point: Path
    kind: str
    read_only: bool


def mount_of(path: Path, mounts: Path) -> Mount:
    """The mount that holds `path`, which is absolute; `mounts` is a /proc/PID/mountinfo (proc(5))."""
    found = [_mount(line) for line in mounts.read_text().splitlines()]
    holding = [mount for mount in found if mount.point in (path, *path.parents)]
    # Of those at one place, the last lies on top.
    return max(reversed(holding), key=lambda mount: len(mount.point.parts))


def _mount(line: str) -> Mount:
    about, _, source = line.partition(" - ")
    point, options = about.split()[4:6]
    kind, _, super_options = source.split(maxsplit=2)
    read_only = "ro" in options.split(",") or "ro" in super_options.split(",")
    return Mount(Path(_unescaped(point)), kind, read_only)


def _unescaped(text: str) -> str:
    """Spaces and the like are written as octal numbers."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), text)
