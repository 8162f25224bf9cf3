"""EDGE. The two clocks: one for deciding, one for reading."""

from __future__ import annotations

import ctypes
import time
from datetime import UTC, datetime
from pathlib import Path

# systemd-timesyncd makes it with the first answer of a time server; it lies in memory.
_SYNCHRONISED = Path("/run/systemd/timesync/synchronized")
# adjtimex(2): more than a struct timex on any machine, and the answer of a clock that nobody has set.
_TIMEX_BYTES, _TIME_ERROR = 512, 5


def since_boot_s() -> float:
    """Seconds since boot, suspend included; it never jumps, and all processes of the Pi share it."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def wall_time() -> str:
    """The time of day in ISO 8601 UTC, for people: a Pi without network may be years off."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def is_clock_set(synchronised: Path = _SYNCHRONISED) -> bool:
    """Whether the time of day was told by the network since the Pi was switched on."""
    return synchronised.exists() or _kernel_says_so()


def _kernel_says_so() -> bool:
    # The daemon's unit may not ask; then systemd's file alone tells.
    answer = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
    return bool(0 <= answer < _TIME_ERROR)


def boot_id() -> str:
    """The kernel's name for this boot."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
