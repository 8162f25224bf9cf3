"""One way to keep a deadline, as a process that makes no edges and only takes the times.

`python -m bench.world.candidate --help`; prints the widths' errors in ms as a JSON list.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import json
import os
import threading
import time
from collections.abc import Callable

from bench.measure.load import spin
from controller.board.realtime import FIFO_PRIORITY
from controller.system.clock import since_boot_s

_CLOCK_BOOTTIME, _TIMER_ABSTIME = time.CLOCK_BOOTTIME, 1
_libc = ctypes.CDLL(None, use_errno=True)


class _Timespec(ctypes.Structure):
    _fields_ = (("s", ctypes.c_long), ("ns", ctypes.c_long))


def main() -> None:
    """Take the scheduling that the command line asks for, and measure."""
    parser = argparse.ArgumentParser(prog="python -m bench.world.candidate", description=__doc__)
    parser.add_argument("--fifo", action="store_true")
    parser.add_argument("--niceness", type=int)
    parser.add_argument("--lock", action="store_true", help="the memory")
    parser.add_argument("--core", type=int, help="stay on this one")
    parser.add_argument("--thread", action="store_true", help="with another thread that spins")
    parser.add_argument("--absolute", action="store_true", help="by clock_nanosleep")
    parser.add_argument("--spin-ms", type=float, default=0.5, help="look at the clock so long before the end")
    parser.add_argument("--pulses", type=int, required=True)
    options = parser.parse_args()
    _schedule(options)
    if options.thread:
        threading.Thread(target=spin, daemon=True).start()
    wait = _absolute if options.absolute else _relative
    print(json.dumps(_widths_off_ms(wait, options.spin_ms / 1000, options.pulses)))


def _schedule(options: argparse.Namespace) -> None:
    gc.disable()
    if options.lock and _libc.mlockall(7) != 0:  # as controller/board/realtime.py does
        raise OSError(ctypes.get_errno(), "mlockall")
    if options.core is not None:
        os.sched_setaffinity(0, {options.core})
    if options.niceness is not None:
        os.setpriority(os.PRIO_PROCESS, 0, options.niceness)
    if options.fifo:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(FIFO_PRIORITY))


def _widths_off_ms(wait: Callable[[float, float], None], spin_s: float, pulses: int) -> list[float]:
    pulse_s, off_ms = 0.02, [0.0] * pulses
    for number in range(pulses):
        wait(since_boot_s() + pulse_s, spin_s)
        rose_s = since_boot_s()
        wait(rose_s + pulse_s, spin_s)
        off_ms[number] = (since_boot_s() - rose_s - pulse_s) * 1000
    return off_ms


def _relative(deadline_s: float, spin_s: float) -> None:
    while (left_s := deadline_s - since_boot_s()) > 0:
        if left_s > spin_s:
            time.sleep(left_s - spin_s)


def _absolute(deadline_s: float, spin_s: float) -> None:
    whole_s, part_s = divmod(deadline_s - spin_s, 1)
    until = _Timespec(int(whole_s), int(part_s * 1e9))
    _libc.clock_nanosleep(_CLOCK_BOOTTIME, _TIMER_ABSTIME, ctypes.byref(until), None)
    while since_boot_s() < deadline_s:
        pass


if __name__ == "__main__":
    main()
