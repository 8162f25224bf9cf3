"""Which machine it was, in one line: a figure without it says nothing."""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path


def machine() -> str:
    """Processor, cores, kernel and Python."""
    return (
        f"{_processor()}, {os.cpu_count()} cores, Linux {platform.release()} ({_preemption()}), "
        f"Python {platform.python_version()}"
    )


def _processor() -> str:
    model = Path("/proc/device-tree/model")  # a Pi
    if model.exists():
        return model.read_text().strip("\0\n ")
    found = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return found[1].strip() if found else platform.machine()


def _preemption() -> str:
    return next((word for word in platform.version().split() if word.startswith("PREEMPT")), "no preemption")


def stolen_s() -> float:
    """Seconds of processor time, over all cores, that a host has kept from this machine since its boot."""
    fields = Path("/proc/stat").read_text().split("\n", 1)[0].split()
    return int(fields[8]) / os.sysconf("SC_CLK_TCK")
