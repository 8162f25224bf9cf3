"""Runs the stages in the guest, one boot each, and prints what they checked: `make test-vm`."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path

import cloud
from glass import look
from guest import COUNTED, REAL_TIME, Clock, Guest, Place

HERE = Path(__file__).parent
PROJECT = HERE.parent.parent
FOLDER = PROJECT / "build" / "test-vm"
CACHE = Path(os.environ.get("VM_CACHE") or PROJECT / "build" / "vm")
RELEASED = (
    "controller",
    "attract_screen",
    "systemd",
    "install.sh",
    "installer",
    "requirements",
    "config.yaml",
    "pyproject.toml",
)

# A graphics card, with a monitor as arcade cabinets have it.
CARD = ("-device", "virtio-gpu-pci,xres=640,yres=480")
STAGES: tuple[tuple[str, Clock, tuple[str, ...]], ...] = (
    ("installing", REAL_TIME, ()),
    ("running", COUNTED, ()),
    ("console", REAL_TIME, CARD),
)


def main() -> int:
    """Every stage; 0 if all checks passed."""
    subprocess.run([HERE / "build.sh", CACHE], check=True)
    place = make_place()
    passed = failed = 0
    for stage, clock, options in STAGES:
        more_passed, more_failed = run_stage(place, stage, clock, *options)
        passed, failed = passed + more_passed, failed + more_failed
    print(f"{passed} passed, {failed} failed")
    return int(failed > 0)


def make_place() -> Place:
    """A new cabinet, as delivered, and what is taken to it."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    place = Place(CACHE, FOLDER / "disk.img", FOLDER / "payload", FOLDER / "results")
    place.results.mkdir(parents=True)
    subprocess.run(["cp", "--sparse=always", CACHE / "disk.img", place.disk], check=True)
    shutil.copytree(HERE / "inside", place.payload / "inside")
    subprocess.run(
        [PROJECT / "tools" / "bundle.sh", place.payload / "bundle"], check=True, stderr=subprocess.DEVNULL
    )
    _export_previous(place.payload / "previous")
    # Its secrets and certificates: whoever runs the cloud, in the guest or here, it is the same one.
    with cloud.broker_in(place.payload / "cloud"):
        pass
    listed = ["git", "-C", PROJECT, "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    for name in subprocess.run(listed, check=True, capture_output=True, text=True).stdout.split("\0"):
        if name and (PROJECT / name).exists():
            (place.payload / "project" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(PROJECT / name, place.payload / "project" / name)
    return place


def _export_previous(folder: Path) -> None:
    """The release before the one in this working tree, by what install.sh installs."""
    changed = _git("status", "--porcelain", "--", *RELEASED).strip()
    last = _git("log", "-1", "--format=%H", "--", *RELEASED).strip()
    commit = "HEAD" if changed else f"{last}^"
    archive = subprocess.run(["git", "-C", PROJECT, "archive", commit], capture_output=True)
    if archive.returncode == 0:  # else this clone is too shallow
        folder.mkdir()
        subprocess.run(["tar", "-xf", "-", "-C", folder], input=archive.stdout, check=True)


def _git(*words: str) -> str:
    return subprocess.run(["git", "-C", PROJECT, *words], check=True, capture_output=True, text=True).stdout


def run_stage(place: Place, stage: str, clock: Clock, *options: str) -> tuple[int, int]:
    """One boot; how many checks passed and failed."""
    print(f"--- {stage} ---", flush=True)
    began_s, spent_s = time.monotonic(), _spent_s()
    counts = 0, 1
    with Guest(place, stage, clock, *options) as guest:
        for line in guest.lines():
            if line.startswith("@end "):
                counts = int(line.split()[1]), int(line.split()[2])
            elif line.startswith("@screendump "):
                look(guest, place.results, line.split()[1])
            else:
                print(line, flush=True)
    took = f"{time.monotonic() - began_s:.0f} s, {_spent_s() - spent_s:.0f} s of processor"
    print(f"--- {stage}: {took}, load {os.getloadavg()[0]:.1f} ---", flush=True)
    return counts


def _spent_s() -> float:
    """Processor time of all that was started and has ended: what does not depend on who else works here."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


if __name__ == "__main__":
    sys.exit(main())
