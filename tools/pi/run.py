"""A Pi without a Pi: `make test-pi`.

The stages `bookworm` and `trixie` (suite.py) run arm64 programs here, each under qemu-user: install.sh,
the attract screen, demo-once, and tests. The stage `pins` (pins.py) boots QEMU's Raspberry Pi 3, whose GPIO
has the kernel's real driver, from a card with Bookworm's cabinet (card.py), and is the board that it is
wired to (wire.py). Needs Debian 12 or later, and root.

Not to be tested so: QEMU's GPIO has no interrupts and no pulls, so neither an edge's time nor the coin meter;
and there is no display. Debian has no lgpio for Trixie's Python, so the pins are Bookworm's.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from payload import PROJECT, copy_project
from tally import Tally, count

HERE = Path(__file__).parent
FOLDER = PROJECT / "build" / "test-pi"
MADE = Path(os.environ.get("PI_CACHE") or PROJECT / "build" / "pi")
PAYLOAD = FOLDER / "payload"
SUITES, PINS = ("bookworm", "trixie"), "pins"
# The sum of what was tested when all last passed, and when each stage did; see covered.sh.
PASSED, PASSED_STAGES = HERE / "passed", FOLDER / "passed"


def main() -> int:
    """The stages that are asked for; 0 if no check failed."""
    wanted = sys.argv[1:] or [*SUITES, PINS]
    if unknown := set(wanted) - {*SUITES, PINS}:
        sys.exit(f"test-pi: no stage is called {', '.join(unknown)}: there are {', '.join((*SUITES, PINS))}")
    began_s, covered = time.monotonic(), _said_by(HERE / "covered.sh")
    tallies: list[Tally] = []
    subprocess.run([HERE / "ready.sh"], check=True)
    _make(wanted)
    with ThreadPoolExecutor() as lanes:
        suites = [suite for suite in SUITES if suite in wanted]
        list(
            lanes.map(
                lambda suite: count(suite, _stage("suite", MADE / suite, FOLDER / suite), tallies), suites
            )
        )
    if PINS in wanted:  # beside nothing else: what starts has to be up in its time
        count(PINS, _stage("pins", MADE, FOLDER), tallies)
    print(f"All of it: {time.monotonic() - began_s:.0f} s, load {os.getloadavg()[0]:.1f}.")
    return _verdict(tallies, covered)


def _make(wanted: list[str]) -> None:
    """What the stages start from; a suite is what the pins' card is made of, too."""
    if PINS in wanted:
        subprocess.run([HERE / "board.sh", MADE], check=True)
    for suite in SUITES:
        if suite in wanted or (PINS in wanted and suite == "bookworm"):
            subprocess.run([HERE / "userland.sh", MADE, suite], check=True)
        if suite in wanted:
            subprocess.run(["rm", "-rf", "--one-file-system", FOLDER / suite], check=True)
    copy_project(PAYLOAD / "project")
    _bundle(PAYLOAD / "bundle")


def _bundle(folder: Path) -> None:
    """The wheels for install.sh, gathered anew when others are wanted."""
    wanted = "".join(lock.read_text() for lock in sorted((PROJECT / "requirements").glob("*.lock")))
    gathered = folder.with_name("bundle.recipe")
    if gathered.exists() and gathered.read_text() == wanted:
        return
    shutil.rmtree(folder, ignore_errors=True)
    quiet = subprocess.DEVNULL
    subprocess.run([PROJECT / "tools/bundle.sh", folder], check=True, stdout=quiet, stderr=quiet)
    gathered.write_text(wanted)


def _stage(program: str, made: Path, folder: Path) -> Iterator[str]:
    """What a stage says."""
    command = [sys.executable, "-u", HERE / f"{program}.py", made, folder, PAYLOAD]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None  # noqa: S101
        yield from map(str.rstrip, process.stdout)


def _said_by(command: Path) -> str:
    return subprocess.run([command], check=True, capture_output=True, text=True).stdout.strip()


def _verdict(tallies: list[Tally], covered: str) -> int:
    """All have passed once each has with the very same files: one that failed can be run again alone."""
    failed = sum(tally.failed + (not tally.ended) for tally in tallies)
    PASSED_STAGES.mkdir(parents=True, exist_ok=True)
    for tally in tallies:
        passed = tally.ended and not tally.failed
        (PASSED_STAGES / tally.stage).write_text(f"{covered if passed else 'failed'}\n")
    stamps = [PASSED_STAGES / stage for stage in (*SUITES, PINS)]
    if all(stamp.exists() and stamp.read_text().strip() == covered for stamp in stamps):
        PASSED.write_text(f"{covered}\n")
        print(f"{PASSED.relative_to(PROJECT)} says so: commit it with what was tested.")
    print(f"{sum(tally.passed for tally in tallies)} passed, {failed} failed")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
