"""What a controller takes on arm64, beside x86: memory at rest, and how long it takes to import."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Callable

from checks import same
from raspi import Raspi
from userland import PYTHON

from bench.idle import MEMORY_TARGET_MB, children, installed_chain, memory_mb

STARTS = {
    "Python alone": "pass",
    "import gpiozero": "import gpiozero",
    "import controller.commands.release_lines": "import controller.commands.release_lines",
    "import controller.app": "import controller.app",
}


def tell(raspi: Raspi, pids: tuple[int, int]) -> None:
    """The table. Controller and coin line of `pids` sell in the guest; others are started here for this."""
    there, here = [_memory_there(raspi, pid) for pid in pids], _memory_here()
    print(f"      {'':<42} {'arm64':>8} {'x86':>8}")
    for name, one, other in zip(("controller, MB (PSS)", "coin line, MB (PSS)"), there, here, strict=True):
        print(f"      {name:<42} {one:8.1f} {other:8.1f}")
    for name, code in STARTS.items():
        one = _seconds(lambda code=code: raspi.run(f"{PYTHON} -I -c '{code}'"))
        other = _seconds(lambda code=code: subprocess.run([sys.executable, "-c", code], check=True))
        print(f"      {name + ', s':<42} {one:8.2f} {other:8.2f}", flush=True)
    fits = [sum(each) < MEMORY_TARGET_MB for each in (there, here)]
    same(f"together under {MEMORY_TARGET_MB} MB on arm64 and x86", [True, True], fits)


def _memory_there(raspi: Raspi, pid: int) -> float:
    found = re.search(r"^Pss: +(\d+) kB", raspi.run(f"cat /proc/{pid}/smaps_rollup")[1], re.MULTILINE)
    assert found is not None  # noqa: S101
    return int(found[1]) / 1000


def _memory_here() -> list[float]:
    with installed_chain() as chain:
        return [memory_mb(pid, "Pss") for pid in (chain.controller.pid, *children(chain.controller.pid))]


def _seconds(run: Callable[[], object]) -> float:
    """The quicker of two: at the first nothing is in memory."""
    took = []
    for _ in range(2):
        began_s = time.monotonic()
        run()
        took.append(time.monotonic() - began_s)
    return min(took)
