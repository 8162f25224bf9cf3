"""EDGE. A process whose wall clock can be set, so that nobody has to set the machine's.

`python -m simulator.chaos.wrong_clock FILE python -m MODULE ...` runs the module in a process whose
`time.time` is off by as many seconds as FILE says at that moment.
"""

from __future__ import annotations

import mmap
import runpy
import struct
import sys
import time
from collections.abc import Callable
from pathlib import Path

_SECONDS = struct.Struct("d")


class ClockFile:
    """What the one who sets a clock and the process that has it share: how far it is off, in seconds."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            path.write_bytes(_SECONDS.pack(0.0))
        with path.open("r+b") as file:
            self._memory = mmap.mmap(file.fileno(), _SECONDS.size)

    @property
    def off_s(self) -> float:
        """So many seconds is the clock ahead; behind, where it is negative."""
        found: float = _SECONDS.unpack_from(self._memory)[0]
        return found

    def set(self, off_s: float) -> None:
        """Step the clock."""
        _SECONDS.pack_into(self._memory, 0, off_s)

    def clock(self, base: Callable[[], float]) -> Callable[[], float]:
        """The wrong clock, made from the right one."""
        return lambda: base() + self.off_s


def command(path: Path) -> list[str]:
    """What stands before the command of a Python module to give it the clock of the file."""
    return [sys.executable, "-m", __name__, str(path)]


def main() -> None:
    """Become the module, with the wrong clock."""
    _, path, _python, _m, module, *arguments = sys.argv
    time.time = ClockFile(Path(path)).clock(time.time)
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
