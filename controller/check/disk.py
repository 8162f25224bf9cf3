"""EDGE. Checks the disk: that the ledger has a place that keeps what is written, and some room there."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from controller.check.display import may_write
from controller.pages.findings import Finding, ok, warning, wrong
from controller.system.mounts import Mount, mount_of

# A sale takes some kilobytes of log, which is used again and again (docs/read-only-root.md).
LEAST_MB, FEW_MB = 8, 32
# They forget everything with the power.
_FORGETFUL = ("overlay", "aufs", "tmpfs", "ramfs", "rootfs")
_READ_ONLY = ("squashfs", "iso9660", "erofs")


def check_disk(state_dir: Path, user: str, mounts: Path, unwritten: Sequence[Finding] = ()) -> list[Finding]:
    """Where the ledger of `user`'s daemon is; `mounts` is the kernel's list of them.

    `unwritten` is what the service itself cannot write, found with its own eyes.
    """
    there = _nearest(state_dir)
    mount = mount_of(there, mounts)
    writable = unwritten or [_writable(state_dir, there, user)]
    return [_place(state_dir, mount), *writable, *_room(there)]


def _nearest(path: Path) -> Path:
    """The directory, or the one that it will be made in."""
    return next(each for each in (path, *path.parents) if each.exists()).resolve()


def _place(state_dir: Path, mount: Mount) -> Finding:
    is_on = f"{state_dir} is on {mount.point} ({mount.kind})"
    remedy = f"Give {state_dir} a small ext4 partition of its own: docs/read-only-root.md tells how."
    if mount.kind in _FORGETFUL:
        return wrong(f"{is_on}, which forgets everything with the power, payments too", remedy)
    if mount.read_only or mount.kind in _READ_ONLY:
        return wrong(f"{is_on}, which is mounted read-only", remedy)
    return ok(f"{is_on}, which keeps what is written")


def _writable(state_dir: Path, there: Path, user: str) -> Finding:
    if user and not may_write(there, user):
        return wrong(f"the user {user} may not write to {there}", f"sudo chown {user}: {there}")
    if not os.access(there, os.W_OK):
        remedy = "Run this as root or as the controller's user, to see whether it can be written to."
        return warning(f"this user may not write to {there}", remedy)
    try:
        with tempfile.TemporaryFile(dir=there) as file:
            file.write(b"check\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        return wrong(f"{there} cannot be written to: {error.strerror}", "Make room, or change the card.")
    if there != state_dir.resolve():
        return ok(f"{state_dir} will be made by the controller's first start")
    return ok(f"{state_dir} can be written to")


def _room(there: Path) -> list[Finding]:
    room = os.statvfs(there)
    free_mb = room.f_bavail * room.f_frsize // 1_000_000
    text = f"{free_mb} MB are free"
    remedy = "Make room: sudo journalctl --vacuum-size=50M, sudo apt-get clean."
    if free_mb < LEAST_MB or (room.f_files and not room.f_favail):
        return [wrong(text if free_mb < LEAST_MB else f"{text}, but no more files can be made", remedy)]
    return [warning(text, remedy) if free_mb < FEW_MB else ok(text)]
