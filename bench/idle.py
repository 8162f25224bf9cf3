"""What the controller takes while nothing happens: memory and processor, of all its processes."""

from __future__ import annotations

import os
import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.measure.machine import machine
from bench.world.sales import selling_chain, sells, wait
from simulator.chain.chain import Chain, Wiring

TITLE = "Controller at rest: memory (PSS) and processor, all its processes"
MEMORY_TARGET_MB, CPU_TARGET_PERCENT = 45, 1.0


def run(*, quick: bool) -> None:
    """Of a controller that is connected and sells."""
    watched_s = 3.0 if quick else 30.0
    with installed_chain() as chain:
        pids = [chain.controller.pid, *children(chain.controller.pid)]
        began_s = cpu_s(pids)
        time.sleep(watched_s)
        used_s = cpu_s(pids) - began_s
        pss_mb = [memory_mb(pid, "Pss") for pid in pids]
        rss_mb = [memory_mb(pid, "Rss") for pid in pids]
    each = " + ".join(f"{mb:.1f}" for mb in pss_mb)
    print(f"On {machine()}; controller and coin line, for {watched_s:g} s.")
    print(f"memory: {each} = {sum(pss_mb):.1f} MB (target: under {MEMORY_TARGET_MB} MB)")
    whole = " + ".join(f"{mb:.1f}" for mb in rss_mb)
    print(f"  with all that is shared, also with this benchmark's own processes: {whole} MB")
    percent = used_s / watched_s * 100
    print(f"processor: {percent:.2f} % of one core (target: under {CPU_TARGET_PERCENT:g} %)")


@contextmanager
def installed_chain() -> Iterator[Chain]:
    """A chain that sells, its controller as on a cabinet: without docstrings, and compiled beforehand.

    Whatever compiles a module keeps more memory than that module takes.
    """
    with tempfile.TemporaryDirectory(prefix="compiled-") as folder:
        wiring = Wiring(
            controller_inside=("env", "-u", "PYTHONDONTWRITEBYTECODE"),
            controller_python=("-OO", "-X", f"pycache_prefix={folder}"),
        )
        with selling_chain(wiring) as chain:
            chain.controller.restart()  # the first one has compiled it
            wait(lambda: not sells(chain), "the door to close")
            wait(lambda: sells(chain), "the door to sell again")
            yield chain


def cpu_s(pids: list[int]) -> float:
    """Seconds of processor time that these processes have taken."""
    ticks = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def memory_mb(pid: int, kind: str) -> float:
    """A process's memory in MB: "Rss" is all of it, "Pss" counts only its part of what it shares."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    found = re.search(rf"^{kind}: +(\d+) kB", rollup, re.MULTILINE)
    assert found is not None  # noqa: S101
    return int(found[1]) / 1000


def children(pid: int) -> list[int]:
    """The processes that this one started."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
