"""Runs the stages in the guest and prints what they checked: `make test-vm`, `make test-power`.

The first installs; the others each get a copy of the disk as it then is, and run side by side.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import cloud
import monitors
from glass import look
from guest import COUNTED, REAL_TIME, Clock, Guest, Place
from payload import copy_project
from tally import Tally, count

HERE = Path(__file__).parent
PROJECT = HERE.parent.parent
FOLDER = PROJECT / "build" / "test-vm"
CACHE = Path(os.environ.get("VM_CACHE") or PROJECT / "build" / "vm")
INSTALLING, POWER = "installing", "power"
# The sum of what was tested when all last passed; see covered.sh.
PASSED = HERE / "passed"
# A graphics card, with a monitor as arcade cabinets have it.
CARD = ("-device", "virtio-gpu-pci,xres=640,yres=480")
# A card's boot partition, empty: the guest formats it. It stands behind the disk, which is the guest's first.
BOOT_PARTITION, BOOT_PARTITION_BYTES = FOLDER / "boot-partition.img", 300 << 20
SECOND_DISK = (
    *("-drive", f"file={BOOT_PARTITION},format=raw,if=none,id=boot"),
    *("-device", "virtio-blk-pci,drive=boot,addr=0x1e"),
)
# A Pi's words to its kernel, which install.sh adds to: its console is on the glass, too.
PI_WORDS = "console=tty1 console=ttyS0"
# The clock of each stage, and what its QEMU has beside the others'.
STAGES: dict[str, tuple[Clock, tuple[str, ...]]] = {
    INSTALLING: (REAL_TIME, ()),
    "running": (COUNTED, ()),
    "console": (REAL_TIME, CARD),
    "displays": (REAL_TIME, monitors.options(FOLDER / "results")),
    "first_setup": (REAL_TIME, (*CARD, *SECOND_DISK)),
}
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


def main() -> int:
    """The stages that are asked for; 0 if no check failed."""
    wanted = _read_options()
    began_s, covered = time.monotonic(), _covered()
    tallies: list[Tally] = []
    try:
        _run_all(wanted, began_s + wanted.within, tallies)
    except subprocess.TimeoutExpired as late:
        print(f"{late.cmd[0]} was not done in time")
    took_s = time.monotonic() - began_s
    unended = set(wanted.stages) - {tally.stage for tally in tallies if tally.ended}
    passed, failed = sum(tally.passed for tally in tallies), sum(tally.failed for tally in tallies)
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent_s = spent.ru_utime + spent.ru_stime
    print(f"All of it: {took_s:.0f} s, {spent_s:.0f} s of processor, load {os.getloadavg()[0]:.1f}.")
    if unended and took_s >= wanted.within:
        print(f"NOT FINISHED within {wanted.within:.0f} s, and so not known: {', '.join(sorted(unended))}.")
    elif unended:
        failed += len(unended)
        print(f"FAIL  ended before its end: {', '.join(sorted(unended))}; its console is in {FOLDER}/results")
    elif not failed and set(wanted.stages) == {*STAGES, POWER}:
        PASSED.write_text(f"{covered}\n")
        print(f"{PASSED.relative_to(PROJECT)} says so: commit it with what was tested.")
    print(f"{passed} passed, {failed} failed")
    return int(failed > 0)


def _read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    every = [*STAGES, POWER]
    parser.add_argument(
        "stages", nargs="*", metavar="STAGE", help=f"of {', '.join(every)}; all if none is named"
    )
    parser.add_argument("--cuts", type=int, default=5, help="how often the plug is pulled")
    parser.add_argument("--seed", type=int, default=1, help="of the moments in which it is")
    parser.add_argument(
        "--within", type=float, default=3 * 3600.0, help="seconds; what is not done then is left"
    )
    options = parser.parse_args()
    options.stages = options.stages or every
    if unknown := set(options.stages) - set(every):
        parser.error(f"{', '.join(unknown)}: there are {', '.join(every)}")
    if INSTALLING not in options.stages and not (FOLDER / "disk.img").exists():
        parser.error(f"nothing is installed in {FOLDER}: run {INSTALLING} first")
    return options


def _covered() -> str:
    return subprocess.run([HERE / "covered.sh"], check=True, capture_output=True, text=True).stdout.strip()


def _run_all(wanted: argparse.Namespace, until_s: float, tallies: list[Tally]) -> None:
    """Install, and then the others on what is installed.

    Raises:
        TimeoutExpired: the guest was not even made.
    """
    subprocess.run([HERE / "build.sh", CACHE], check=True, timeout=wanted.within)
    place = make_place(keep_installed=INSTALLING not in wanted.stages)
    if INSTALLING in wanted.stages:
        subprocess.run(["cp", "--sparse=always", CACHE / "disk.img", place.disk], check=True)
        count(INSTALLING, _boot(place, INSTALLING, until_s), tallies)
    with BOOT_PARTITION.open("wb") as partition:
        partition.truncate(BOOT_PARTITION_BYTES)
    others = [stage for stage in wanted.stages if stage != INSTALLING]

    def run(stage: str) -> None:
        own = replace(place, disk=FOLDER / f"disk-{stage}.img")
        subprocess.run(["cp", "--sparse=always", place.disk, own.disk], check=True)
        cuts = _cut_power(own, wanted.cuts, wanted.seed, until_s) if stage == POWER else None
        count(stage, cuts or _boot(own, stage, until_s), tallies)

    with ThreadPoolExecutor() as lanes:
        list(lanes.map(run, others))


def make_place(*, keep_installed: bool) -> Place:
    """A new cabinet as delivered, or the one that is installed, and what is taken to it."""
    place = Place(CACHE, FOLDER / "disk.img", FOLDER / "payload", FOLDER / "results")
    if not keep_installed:
        shutil.rmtree(FOLDER, ignore_errors=True)
    shutil.rmtree(place.payload / "inside", ignore_errors=True)
    place.results.mkdir(parents=True, exist_ok=True)
    shutil.copytree(HERE / "inside", place.payload / "inside")
    copy_project(place.payload / "project")
    # The guest cannot write there, and would compile it at each start. It has Debian 12's Python, as we do.
    wanted = [place.payload / "project" / name for name in ("simulator", "cloud_relay", "attract_screen")]
    subprocess.run(
        ["/usr/bin/python3", "-m", "compileall", "-q", place.payload / "inside", *wanted], check=True
    )
    if not keep_installed:
        bundle = [PROJECT / "tools" / "bundle.sh", place.payload / "bundle"]
        subprocess.run(bundle, check=True, stderr=subprocess.DEVNULL)
        _export_previous(place.payload / "previous")
        # Its secrets and certificates: whoever runs the cloud, in the guest or here, it is the same one.
        with cloud.broker_in(place.payload / "cloud"):
            pass
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


def _boot(place: Place, stage: str, until_s: float) -> Iterator[str]:
    """What one boot says."""
    clock, options = STAGES[stage]
    words = f"{PI_WORDS} {_installed_words()}" if CARD[0] in options else ""
    with (
        Guest(place, stage, clock, *options, words=words) as guest,
        _stopped_at(until_s, guest.pull_the_plug),
    ):
        for line in guest.lines():
            if line.startswith("@screendump "):
                look(guest, place.results, *line.split()[1:])
            elif line.startswith("@monitor "):
                monitors.plug(place.results, *line.split()[1:])
            else:
                yield line


def _installed_words() -> str:
    """What install.sh adds to a Pi's cmdline.txt."""
    script = '. "$0" && echo "$begin_word $console_words $end_word"'
    command = ["sh", "-c", script, PROJECT / "installer" / "kernel_words.sh"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def _cut_power(place: Place, cuts: int, seed: int, until_s: float) -> Iterator[str]:
    """What a program of its own says, for it boots many times."""
    command = [
        sys.executable,
        "-u",
        HERE / "power_cuts.py",
        place.cache,
        place.disk,
        place.payload,
        place.results,
    ]
    with (
        subprocess.Popen([*command, str(cuts), str(seed)], stdout=subprocess.PIPE, text=True) as process,
        _stopped_at(until_s, lambda: process.send_signal(signal.SIGINT)),
    ):
        assert process.stdout is not None  # noqa: S101
        yield from map(str.rstrip, process.stdout)


@contextmanager
def _stopped_at(until_s: float, stop: Callable[[], None]) -> Iterator[None]:
    timer = threading.Timer(max(0.0, until_s - time.monotonic()), stop)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


if __name__ == "__main__":
    sys.exit(main())
