"""EDGE. What the process may take that opens a stranger's file."""

from __future__ import annotations

import os
import resource
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Limits:
    """Of one piece of work: memory and written bytes, CPU seconds, and seconds on the clock."""

    memory_bytes: int
    output_bytes: int
    cpu_s: int
    wall_s: float


_MB = 1024 * 1024
# A picture of 50 megapixels takes 200 MB; a film's decoder maps its libraries (100 MB) besides.
PICTURE_LIMITS = Limits(512 * _MB, 48 * _MB, 60, 120.0)
CLIP_LIMITS = Limits(768 * _MB, 48 * _MB, 300, 600.0)


def hold_to(limits: Limits) -> None:
    """Bind this process to them, for good; behind everything else that wants the CPU or the memory.

    Raises OSError or ValueError where the system does not let it: then no file is to be opened.
    """
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory_bytes, limits.memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_s, limits.cpu_s + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (limits.output_bytes, limits.output_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(OSError):  # refused by some sandboxes: then it is as important as the rest
        os.nice(19)
    with suppress(OSError):  # short of memory, the kernel ends this one and not the screen
        Path("/proc/self/oom_score_adj").write_text("1000")
