"""The process of the coin line as it is forked: what becomes of it, and what it has of its parent."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import wait_until

from controller.board.coin_line_start import ForkedProcess

# One that needs no coin line in the end, as with a mistake in config.yaml.
PARENT = """
import atexit, logging, sys
from controller.board.coin_line_start import fork_early

atexit.register(print, "the end")
print("the beginning")
child = fork_early()
print(child.pid, flush=True)
sys.stdin.read()
"""


def child_of(*command: str) -> ForkedProcess:
    """Another program in the place of the fork."""
    pid = os.posix_spawnp(command[0], command, os.environ)
    return ForkedProcess(pid, io.StringIO(), io.StringIO())


@pytest.mark.parametrize(("ends", "status"), [("exit 3", 3), ("kill -9 $$", -9)])
def test_its_status_is_told_as_often_as_it_is_asked(ends: str, status: int) -> None:
    """Also to the thread that asks once more; of a signal it is less than 0."""
    child = child_of("sh", "-c", ends)

    assert (child.wait(60), child.wait(), child.poll()) == (status, status, status)


def test_a_process_that_hangs_is_not_waited_for_and_can_be_killed() -> None:
    """And killing it once more hits nobody who has got its number since."""
    child = child_of("sleep", "60")

    with pytest.raises(subprocess.TimeoutExpired):
        child.wait(0.01)
    assert child.poll() is None
    child.kill()
    assert child.wait(60) == -signal.SIGKILL
    child.kill()


def test_it_ends_with_a_parent_that_never_needed_it_and_repeats_nothing() -> None:
    """What the parent had printed and what it does at its end is the parent's alone."""
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    first, pid = parent.stdout.readline(), int(parent.stdout.readline())
    wait_until(lambda: Path(f"/proc/{pid}/comm").read_text() == "coin-line\n", "its name")

    rest, _ = parent.communicate(timeout=60)

    assert (first, rest, parent.returncode) == ("the beginning\n", "the end\n", 0)
    wait_until(lambda: not Path(f"/proc/{pid}").exists(), "it to end")
