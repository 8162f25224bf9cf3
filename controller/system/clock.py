"""EDGE. The two clocks: one for deciding, one for reading."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path


def since_boot_s() -> float:
    """Seconds since boot, suspend included; it never jumps, and all processes of the Pi share it."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def wall_time() -> str:
    """The time of day in ISO 8601 UTC, for people: a Pi without network may be years off."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def boot_id() -> str:
    """The kernel's name for this boot."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
