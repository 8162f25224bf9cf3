"""Ways to keep a deadline, side by side under load; the choice is in DECISIONS.md."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from bench.measure.cyclictest import Cyclictest, cyclictest
from bench.measure.load import busy_cores
from bench.measure.machine import machine
from bench.measure.spread import spread

TITLE = "Candidates for the coin line: error of 20 ms pulses, every core busy"
# What it is called, how cyclictest is to be scheduled beside it, and the options of bench/world/candidate.py.
CANDIDATES = (
    ("ordinary", "as it is", ()),
    ("ordinary, absolute clock_nanosleep", "as it is", ("--absolute",)),
    ("niceness -20", "niceness -20", ("--niceness=-20",)),
    ("niceness -20, memory locked", "niceness -20", ("--niceness=-20", "--lock")),
    ("SCHED_FIFO", "SCHED_FIFO", ("--fifo",)),
    ("SCHED_FIFO, memory locked, no spin", "SCHED_FIFO", ("--fifo", "--lock", "--spin-ms=0")),
    ("SCHED_FIFO, memory locked, spin 0.2 ms", "SCHED_FIFO", ("--fifo", "--lock", "--spin-ms=0.2")),
    ("SCHED_FIFO, memory locked, spin 0.5 ms (the coin line)", "SCHED_FIFO", ("--fifo", "--lock")),
    ("  the same, absolute clock_nanosleep", "SCHED_FIFO", ("--fifo", "--lock", "--absolute")),
    (
        "  the same, kept on one core",
        "SCHED_FIFO",
        ("--fifo", "--lock", f"--core={(os.cpu_count() or 1) - 1}"),
    ),
    ("  the same, beside a Python thread that spins", "SCHED_FIFO", ("--fifo", "--lock", "--thread")),
)


def run(*, quick: bool) -> None:
    """One line a candidate, each beside its own cyclictest."""
    pulses = 100 if quick else 500
    print(f"On {machine()}; {pulses} pulses each.")
    print(
        f"{'error in ms':<56}{'median':>8}{'99.9 %':>8}{'worst':>8}   {'cyclictest: 99.9 %':>18}{'worst':>8}"
    )
    with busy_cores():
        for name, scheduling, options in CANDIDATES:
            command = [sys.executable, "-m", "bench.world.candidate", f"--pulses={pulses}", *options]
            with cyclictest(scheduling, 20) as reference:
                ended = subprocess.run(command, capture_output=True, text=True, check=False)
            print(f"{name:<56}{_figures(ended, reference)}")
    print("lgpio's tx_pulse needs a GPIO chip, and is out: it ends a late pulse on time, and so shortens it.")


def _figures(ended: subprocess.CompletedProcess[str], reference: Cyclictest) -> str:
    if ended.returncode:
        return f"not possible here: {ended.stderr.strip().splitlines()[-1]}"
    off, limit = spread([abs(error) for error in json.loads(ended.stdout)]), reference.latency
    figures = f"{off.median_ms:>8.2f}{off.p999_ms:>8.2f}{off.worst_ms:>8.2f}"
    return f"{figures}   {limit.p999_ms:>18.2f}{limit.worst_ms:>8.2f}"
