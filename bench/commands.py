"""What each command takes to import what it uses: somebody waits for it, or the coin switch is closed.

In processor time, which what else the machine does leaves as it is; from a cold card it takes longer.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.measure.machine import machine
from controller.__main__ import COMMANDS

TITLE = "Commands: what each takes to start (processor time)"
PROJECT = Path(__file__).parent.parent
TARGET = 3.0
"""The release of the coin line, in times of a Python that does nothing."""
QUICK_RELEASE = "controller.board.quick_release"
EVERYTHING = (
    f"import {', '.join(sorted({module for module, _ in COMMANDS.values()}))}; "
    "from controller.__main__ import main; main()"
)


def run(*, quick: bool) -> None:
    """Each command as far as its own help; the release with a line that it cannot have."""
    times = 3 if quick else 15
    bare_ms = median_ms(["-c", ""], times)
    release_ms = median_ms(["-m", QUICK_RELEASE], times)
    print(f"On {machine()}; processor time, medians of {times} runs, each a new process.")
    print(f"{'a Python that does nothing':32}{bare_ms:7.0f} ms")
    print(f"{'the release behind a crash':32}{release_ms:7.0f} ms", end="")
    print(f" = {release_ms / bare_ms:.1f} times that (target: under {TARGET:g} times)")
    print(f"{'':32}{'now':>7}   {'with all commands imported, as before':>10}")
    for name in COMMANDS:
        own_ms = median_ms(["-m", "controller", name, "--help"], times)
        all_ms = median_ms(["-c", EVERYTHING, name, "--help"], times)
        print(f"{name:32}{own_ms:7.0f} ms{all_ms:7.0f} ms")


def median_ms(options: list[str], times: int) -> float:
    """The processor time that Python takes with these options, where a line is noted as held."""
    with TemporaryDirectory() as folder:
        (Path(folder) / "coin-line").write_text("held /dev/null 17\n")
        surroundings = os.environ | {"PYTHONPATH": str(PROJECT), "RUNTIME_DIRECTORY": folder}
        command = [sys.executable, "-P", *options]
        return statistics.median(_took_ms(command, surroundings) for _ in range(times))


def _took_ms(command: list[str], surroundings: dict[str, str]) -> float:
    before_s = _children_s()
    subprocess.run(command, env=surroundings, capture_output=True, check=False)
    return (_children_s() - before_s) * 1000


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
