"""What scheduling a process gets, under the limits that a real system sets."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

SAY = "from controller.board.realtime import take_best_scheduling; print(take_best_scheduling())"
# Root passes every limit by its capabilities: without them it is as any user.
AS_A_USER = ["setpriv", "--bounding-set=-sys_nice,-ipc_lock", "--inh-caps=-sys_nice,-ipc_lock"]


def as_a_user(**limits: str) -> list[str]:
    """The start of a command that runs under these limits (of `prlimit`)."""
    options = [f"--{name}={value}" for name, value in limits.items()]
    return ["prlimit", *options, *(AS_A_USER if os.geteuid() == 0 else [])]


def granted(**limits: str) -> str:
    """What a process says it got under these limits."""
    command = [*as_a_user(**limits), sys.executable, "-c", SAY]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def need(**limits: str) -> None:
    """Skip where nobody may raise limits so far, not even root."""
    if subprocess.run([*as_a_user(**limits), "true"], stderr=subprocess.DEVNULL, check=False).returncode:
        pytest.skip(f"this system does not let us raise the limits to {limits}")


def test_what_is_refused_is_named_and_ends_nothing() -> None:
    """A cabinet without permissions still sells; its log says why its pulses are not the best."""
    assert granted(rtprio="0", nice="0", memlock="0") == (
        f"niceness {os.getpriority(os.PRIO_PROCESS, 0)} (SCHED_FIFO: Operation not permitted), "
        "memory not locked (Operation not permitted)"
    )


def test_niceness_is_the_second_best() -> None:
    """Where a kernel has no realtime budget for services."""
    need(rtprio="0", nice="40", memlock="unlimited")
    assert granted(rtprio="0", nice="40", memlock="unlimited") == (
        "niceness -20 (SCHED_FIFO: Operation not permitted), memory locked"
    )


def test_the_limits_of_the_unit_are_enough_for_the_best() -> None:
    """A user that may be realtime is."""
    need(rtprio="50", nice="40", memlock="unlimited")
    assert granted(rtprio="50", nice="40", memlock="unlimited") == "SCHED_FIFO 50, memory locked"
