"""How long each command takes to import what it uses: somebody waits for it, or the coin switch is closed."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.machine import machine
from controller.__main__ import COMMANDS

TITLE = "Commands: from the start of Python to the first thing done"
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
    print(f"On {machine()}; medians of {times} runs, each a new process.")
    print(f"{'a Python that does nothing':32}{bare_ms:7.0f} ms")
    print(f"{'the release behind a crash':32}{release_ms:7.0f} ms", end="")
    print(f" = {release_ms / bare_ms:.1f} times that (target: under {TARGET:g} times)")
    print(f"{'':32}{'now':>7}   {'with all commands imported, as before':>10}")
    for name in COMMANDS:
        own_ms = median_ms(["-m", "controller", name, "--help"], times)
        all_ms = median_ms(["-c", EVERYTHING, name, "--help"], times)
        print(f"{name:32}{own_ms:7.0f} ms{all_ms:7.0f} ms")


def median_ms(options: list[str], times: int) -> float:
    """How long Python takes with these options, in a runtime directory in which a line is noted as held."""
    with TemporaryDirectory() as folder:
        (Path(folder) / "coin-line").write_text("held /dev/null 17\n")
        surroundings = os.environ | {"PYTHONPATH": str(PROJECT), "RUNTIME_DIRECTORY": folder}
        command = [sys.executable, "-P", *options]
        return statistics.median(_took_ms(command, surroundings) for _ in range(times))


def _took_ms(command: list[str], surroundings: dict[str, str]) -> float:
    began_s = time.monotonic()
    subprocess.run(command, env=surroundings, capture_output=True, check=False)
    return (time.monotonic() - began_s) * 1000
