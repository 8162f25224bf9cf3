"""Width and gap of coin pulses: the real coin line, idle and busy, beside cyclictest and the usual ways."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from bench.measure.cyclictest import cyclictest
from bench.measure.histogram import Curve, draw
from bench.measure.load import BUSY_THREADS, MESSAGES_PER_S, SPINNERS, busy_cores
from bench.measure.machine import machine, stolen_s
from bench.measure.spread import Errors, Spread, errors
from bench.world.recorder import Recorder

TITLE = "Coin line: error of width and gap"
TARGET_MS = 1.0
PICTURE = Path(__file__).parent.parent / "docs" / "coin-line-timing.png"
PICTURE_TITLE = "How far off coin pulses of 20 ms are on a machine that is kept busy"


@dataclass(frozen=True)
class Train:
    """Pulses of one shape."""

    pulse_ms: int
    gap_ms: int
    pulses: int

    def __str__(self) -> str:
        return f"{self.pulse_ms}/{self.gap_ms} ms"


@dataclass(frozen=True)
class Plan:
    """What is measured, idle and under load."""

    trains: dict[bool, tuple[Train, ...]]
    rivals: Train


FULL = Plan(
    trains={
        False: (Train(20, 20, 2000), Train(100, 150, 100)),
        True: (Train(20, 20, 10_000), Train(100, 150, 400)),
    },
    rivals=Train(20, 20, 500),
)
QUICK = Plan(
    trains={
        False: (Train(20, 20, 50), Train(100, 150, 5)),
        True: (Train(20, 20, 200), Train(100, 150, 10)),
    },
    rivals=Train(20, 20, 25),
)


@dataclass(frozen=True)
class CoinLineRun:
    """What came of one train, and what cyclictest got meanwhile."""

    errors: Errors
    scheduling: str
    cyclictest: Spread
    cyclictest_ms: list[float]
    warnings: int
    commits: str


def run(*, quick: bool) -> None:
    """Measure, print the table, and draw the picture unless it was quick."""
    plan = QUICK if quick else FULL
    scheduling = measure(Train(20, 20, 2), "", busy=False).scheduling
    print(f"On {machine()}. Load average before: {os.getloadavg()[0]:.1f}.")
    print(f"The coin line got {scheduling}; cyclictest ran beside it with the same.")
    print(_HEAD)
    stolen = stolen_s()
    curves: list[Curve] = []
    for busy, trains in plan.trains.items():
        print(f"{'under load *' if busy else 'idle'}")
        with busy_cores() if busy else nullcontext():
            for train in trains:
                measured = measure(train, scheduling, busy=busy)
                _print_coin_line(train, measured)
                if busy and not curves:
                    curves = _curves(train, measured)
            for how, name in (("sleep", "time.sleep"), ("blink", "gpiozero blink")):
                rival = measure_rival(how, plan.rivals, busy=busy)
                print(_line(f"{name} in the controller, 20/20 ms", rival.width, rival.gap))
                if busy:
                    curves.append(
                        Curve(f"{name} in the controller", [abs(e) for e in rival.widths_ms], "#bc4c00")
                    )
    print(_NOTE + f" The host kept {stolen_s() - stolen:.1f} s of processor time for others.")
    if not quick:
        draw(PICTURE, PICTURE_TITLE, curves, f"{machine()}. Coin line: {scheduling}. {_LOAD}")
        print(f"Drawn: {PICTURE.relative_to(Path.cwd())}" if PICTURE.is_relative_to(Path.cwd()) else PICTURE)


_LOAD = (
    f"{SPINNERS} other processes spin; the controller has {BUSY_THREADS} spinning threads, reads "
    f"{MESSAGES_PER_S} messages a second, and commits each pulse to disk."
)
_NOTE = f"* {_LOAD}"
_HEAD = (
    f"{'error in ms':<52}{'pulses':>7}   {'width: median':>13}{'99.9 %':>8}{'worst':>8}"
    f"   {'gap: median':>11}{'99.9 %':>8}{'worst':>8}"
)


def measure(train: Train, scheduling: str, *, busy: bool) -> CoinLineRun:
    """One train through the real coin line and a parent of its own; with `scheduling`, beside cyclictest."""
    with recorder() as board:
        beside = cyclictest(scheduling, train.pulse_ms) if scheduling else nullcontext()
        with beside as reference:
            said = _run(
                "bench.world.orders",
                *_options(board, train, busy=busy),
                f"--folder={board.path.parent}",
            )
        found = errors(board.all_edges(), train.pulse_ms, train.gap_ms)
    _check_count(found, train)
    granted, commits = _said(said, "coin line ready: "), _said(said, "commits took: ")
    latencies = reference.latencies_ms if reference else [0.0]
    warnings = sum(line.startswith("WARNING payment") for line in said)
    return CoinLineRun(
        found, granted, reference.latency if reference else Spread(0, 0, 0, 0), latencies, warnings, commits
    )


def measure_rival(how: str, train: Train, *, busy: bool) -> Errors:
    """A train as the coin line gives it, by "sleep" or by "blink"."""
    with recorder() as board:
        _run("bench.world.rivals", how, *_options(board, train, busy=busy))
        found = errors(board.all_edges(), train.pulse_ms, train.gap_ms)
    _check_count(found, train)
    return found


@contextmanager
def recorder() -> Iterator[Recorder]:
    """A board in a folder of its own."""
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
        Recorder(Path(folder) / "board.sock") as board,
    ):
        yield board


def _said(lines: list[str], words: str) -> str:
    """What was logged after these words."""
    return next(line for line in lines if words in line).partition(words)[2]


def _options(board: Recorder, train: Train, *, busy: bool) -> list[str]:
    shape = [f"--pulse-ms={train.pulse_ms}", f"--gap-ms={train.gap_ms}", f"--pulses={train.pulses}"]
    return [f"--board={board.path}", *shape, *(["--busy"] if busy else [])]


def _run(module: str, *options: str) -> list[str]:
    """Run a process to its end, with the niceness that the unit gives the controller if we may; its log."""
    command = ["nice", "-n", "-10", sys.executable, "-m", module, *options]
    ended = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)
    if ended.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with status {ended.returncode}:\n{ended.stderr}")
    return ended.stderr.splitlines()


def _check_count(found: Errors, train: Train) -> None:
    if len(found.widths_ms) != train.pulses:
        raise RuntimeError(
            f"{len(found.widths_ms)} pulses on the line, not the {train.pulses} that were ordered"
        )


def _print_coin_line(train: Train, measured: CoinLineRun) -> None:
    widths_ms, gaps_ms = measured.errors.widths_ms, measured.errors.gaps_ms
    print(_line(f"coin line, {train}", measured.errors.width, measured.errors.gap))
    print(_line("  cyclictest meanwhile (how late it was woken)", measured.cyclictest))
    limit_ms = measured.cyclictest.p999_ms + TARGET_MS
    print(
        f"    off by over {limit_ms:.2f} ms, cyclictest's 99.9 % and {TARGET_MS:g} ms: "
        f"widths {_beyond(widths_ms, limit_ms)}, gaps {_beyond(gaps_ms, limit_ms)} (target: 0.1 %); "
        f"too short: {sum(error_ms < 0 for error_ms in [*widths_ms, *gaps_ms])}; "
        f"logged as over 5 ms: {measured.warnings}; commits: {measured.commits}"
    )


def _beyond(errors_ms: list[float], limit_ms: float) -> str:
    count = sum(abs(error_ms) > limit_ms for error_ms in errors_ms)
    return f"{count} of {len(errors_ms)}, {count / len(errors_ms):.2%}"


def _line(name: str, width: Spread, gap: Spread | None = None) -> str:
    numbers = (
        f"{name:<52}{width.count:>7}   {width.median_ms:>13.2f}{width.p999_ms:>8.2f}{width.worst_ms:>8.2f}"
    )
    if gap is None:
        return numbers
    return f"{numbers}   {gap.median_ms:>11.2f}{gap.p999_ms:>8.2f}{gap.worst_ms:>8.2f}"


def _curves(train: Train, measured: CoinLineRun) -> list[Curve]:
    widths_ms = [abs(error) for error in measured.errors.widths_ms]
    limit = Curve("cyclictest: the machine's own limit", measured.cyclictest_ms, "#6e7781")
    return [Curve("the coin line's process", widths_ms, "#1a7f37"), limit]
