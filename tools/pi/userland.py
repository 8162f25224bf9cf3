"""EDGE. A Debian for arm64 whose programs run here, each under qemu-user."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

PYTHON = "/opt/arcade-cabinet/venv/bin/python"
PROJECT, BUNDLE, PACKAGES = "/payload/project", "/payload/bundle", "/opt/packages"
# What the emulated processor can: with all that QEMU offers, Trixie is four to five times slower.
PROCESSOR = "cortex-a53"
# Its programs find the project, and what the tests need. What they compile is kept elsewhere: /payload is
# not to be written.
SURROUNDINGS = {
    "PYTHONPATH": f"{PROJECT}:{PACKAGES}",
    "PYTHONPYCACHEPREFIX": "/var/tmp/compiled",  # noqa: S108 # the guest's own, and nobody else is in there
    "QEMU_CPU": PROCESSOR,
}


class Userland:
    """Usable while the context is open. All that is changed in it lies in `folder`, until that is deleted.

    `made` has the root and the packages of one suite, as userland.sh made them.
    """

    def __init__(self, made: Path, folder: Path, payload: Path) -> None:
        self.root = folder / "root"
        self._made, self._folder, self._payload = made, folder, payload

    def __enter__(self) -> Userland:
        upper, work = self._folder / "changed", self._folder / "work"
        for each in (self.root, upper, work):
            each.mkdir(parents=True, exist_ok=True)
        if self.root.is_mount():  # a run before this one was killed
            self.__exit__()
        layers = f"lowerdir={self._made / 'root'},upperdir={upper},workdir={work}"
        subprocess.run(["mount", "-t", "overlay", "-o", layers, "cabinet", self.root], check=True)
        return self

    def __exit__(self, *_: object) -> None:
        subprocess.run(["umount", self.root], check=True)

    def run(self, *command: str, folder: str = "/root") -> tuple[int, str]:
        """What a technician would type; the status, and all that it said."""
        done = subprocess.run(
            [
                *("systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--settings=no"),
                *("--link-journal=no", "--resolv-conf=off", "--pipe", "--as-pid2"),
                *(f"--machine=cabinet-{os.getpid()}", f"--directory={self.root}", f"--chdir={folder}"),
                f"--bind-ro={self._payload}:/payload",
                f"--bind-ro={self._made / 'python'}:{PACKAGES}",
                *(f"--setenv={name}={value}" for name, value in SURROUNDINGS.items()),
                *command,
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        # What nspawn itself says where /run is not in memory.
        lines = [line for line in done.stdout.splitlines() if "remove disk file system" not in line]
        return done.returncode, "\n".join(lines)

    def install(self) -> tuple[int, str]:
        """`install.sh` as for an image, from the bundle; it installs, upgrades, or has nothing to change."""
        return self.run(f"{PROJECT}/install.sh", "--from", BUNDLE, "--no-start")
