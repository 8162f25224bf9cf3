"""What the machine itself can do: how late `cyclictest` (rt-tests) is woken, scheduled alike."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from bench.measure.spread import Spread, spread
from controller.board.realtime import FIFO_PRIORITY

_TRACKED_US = 200_000


@dataclass
class Cyclictest:
    """Latencies of one run; there are none before its end."""

    how: str
    latencies_ms: list[float] = field(default_factory=list)

    @property
    def latency(self) -> Spread:
        """How they scatter."""
        return spread(self.latencies_ms)


@contextmanager
def cyclictest(scheduling: str, interval_ms: int) -> Iterator[Cyclictest]:
    """Run cyclictest while the context is open, woken every `interval_ms`.

    Its policy is that of the coin line, whose words for it are `scheduling`.

    Raises:
        FileNotFoundError: it is not installed; the message says how.
    """
    if shutil.which("cyclictest") is None:
        raise FileNotFoundError("cyclictest is missing: sudo apt install rt-tests")
    policy, prefix = _policy(scheduling)
    run = Cyclictest(" ".join([*prefix, "cyclictest", *policy]))
    # --default-system: it must not wake the machine's power management for the others.
    command = [*prefix, "cyclictest", "--default-system", "--mlockall", *policy, "--quiet"]
    command += [f"--interval={interval_ms * 1000}", f"--histogram={_TRACKED_US}"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        yield run
    finally:
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate()
    run.latencies_ms = _latencies_ms(said)


def _policy(scheduling: str) -> tuple[list[str], list[str]]:
    if scheduling.startswith("SCHED_FIFO"):
        return ["--policy=fifo", f"--priority={FIFO_PRIORITY}"], []
    niceness = re.match(r"niceness (-?\d+)", scheduling)
    return ["--policy=other"], ["nice", "-n", niceness[1]] if niceness else []


def _latencies_ms(said: str) -> list[float]:
    """The histogram, each latency as often as it came; one beyond the histogram counts as its end."""
    counts = re.findall(r"^(\d{6}) (\d+)$", said, re.MULTILINE)
    latencies = [int(us) / 1000 for us, count in counts for _ in range(int(count))]
    beyond = re.search(r"^# Histogram Overflows: 0*(\d*)$", said, re.MULTILINE)
    return latencies + [_TRACKED_US / 1000] * int((beyond and beyond[1]) or 0)
