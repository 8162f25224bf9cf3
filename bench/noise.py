"""A storm on each of the board's lines in turn: how late a payment is heard, and what memory it takes."""

from __future__ import annotations

import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from bench.idle import children, cpu_s, memory_mb
from bench.measure.exact_clock import ready_late_s, uncounted_late_s
from bench.measure.machine import machine
from bench.world.sales import checkout, sells, wait
from simulator.board.model.arcade_board import Line
from simulator.chain.cabinet import COIN_METER
from simulator.chain.chain import running_chain

TITLE = "Noisy wires: hum and storms on each line, with a payment in the middle"
RATES = (120, 240, 1000, 10_000)
LINES: tuple[Line, ...] = ("game_over", "ready", "coin_meter")
HEARD_TARGET_S, GROWTH_TARGET_MB = 0.2, 2.0


@dataclass(frozen=True)
class Storm:
    """What one storm did; `heard_s` from the payment to the line that says it is on disk."""

    heard_s: float
    memory_mb: tuple[float, float]
    cpu: float
    fault: bool


def run(*, quick: bool) -> None:
    """Of a controller with every line wired; the storm comes through the demo's mock pins."""
    lasts_s = 5.0 if quick else 20.0
    print(f"On {machine()}; each storm lasts {lasts_s:g} s, the payment comes in its middle.")
    print("With an exact clock, late by at most (target: 200 ms):")
    for line in LINES:
        for rate in RATES:
            ready_s = None if line == "ready" else ready_late_s(line, rate)
            print(
                f"{line:<10} {rate:>6} edges/s: ready believed {_ms(ready_s):>7}, "
                f"uncounted pulse decided {_ms(uncounted_late_s(line, rate)):>7}"
            )
    print(
        f"Real processes; targets: heard within {HEARD_TARGET_S:g} s, {GROWTH_TARGET_MB:g} MB more at most:"
    )
    for line in LINES:
        for rate in RATES[-1:] if quick else RATES:
            with tempfile.TemporaryDirectory(prefix="bench-") as folder:
                found = measure(Path(folder), line, rate, lasts_s)
            before, after = found.memory_mb
            print(
                f"{line:<10} {rate:>6} edges/s: heard {found.heard_s:6.3f} s after it was paid, memory "
                f"{before:.1f} -> {after:.1f} MB, processor {found.cpu:.0f} %, "
                f"{'named' if found.fault else 'NOT NAMED'}"
            )


def measure(folder: Path, line: Line, rate: int, lasts_s: float) -> Storm:
    """One storm on one line of a fresh chain."""
    with running_chain(folder, coin_meter=COIN_METER) as chain:
        wait(lambda: sells(chain), "the door to sell")
        page = checkout(chain, 1)
        pid = chain.controller.pid
        pids = [pid, *children(pid)]
        before_mb, before_cpu_s = memory_mb(pid, "Rss"), cpu_s(pids)
        storm = threading.Thread(target=chain.board.shake, args=(line, rate, lasts_s))
        storm.start()
        time.sleep(lasts_s / 2)
        paid_s = time.time()
        payment_id = chain.stripe.pay(page)
        said = chain.controller.wait_for_line(f"{payment_id}: received", within_s=60.0)
        storm.join()
        cpu = (cpu_s(pids) - before_cpu_s) / lasts_s * 100
        named = chain.controller.find_line(f"WARNING {line} (GPIO ") is not None
        return Storm(said.at_s - paid_s, (before_mb, memory_mb(pid, "Rss")), cpu, named)


def _ms(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds * 1000:.1f} ms"
