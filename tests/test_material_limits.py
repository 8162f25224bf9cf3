"""The process that opens a stranger's file: what it may take, and what is told when it takes more."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from material_help import photo

from attract_screen.material.formats.kinds import Kind
from attract_screen.material.workshop import Outcome, Work, environment

HELD = """
import os, resource, sys
from attract_screen.material.limits import Limits, hold_to
hold_to(Limits(memory_bytes=200 * 2**20, output_bytes=1000, cpu_s=1, wall_s=9.0))
"""


def held(code: str) -> subprocess.CompletedProcess[bytes]:
    """What becomes of a process that does this once it is held to small limits."""
    command = [sys.executable, "-c", HELD + code]
    return subprocess.run(command, env=environment(), capture_output=True, check=False)


def test_more_memory_is_refused() -> None:
    """A bomb finds no room, whatever its header said."""
    assert b"MemoryError" in held("bytearray(300 * 2**20)").stderr


def test_endless_work_is_ended() -> None:
    """By the kernel, which counts the processor's time."""
    assert held("while True: pass").returncode == -signal.SIGXCPU


def test_endless_output_is_ended(tmp_path: Path) -> None:
    """The disk has a ledger on it."""
    place = tmp_path / "out"
    code = f"out = open({str(place)!r}, 'wb', 0)\nwhile True: out.write(bytes(600))"
    assert held(code).returncode != 0
    assert place.stat().st_size <= 1000


def test_it_steps_back_behind_everything_else() -> None:
    """For the processor, and for the memory, of which it is the first to be ended."""
    said = held("print(os.nice(0), open('/proc/self/oom_score_adj').read().strip())").stdout
    assert said.split() == [b"19", b"1000"]


@pytest.mark.parametrize(
    ("number", "why"),
    [
        (signal.SIGSEGV, "what opens it crashed (SIGSEGV): it is broken, or was made to do harm"),
        (signal.SIGXCPU, "opening it took longer than 60 s or more memory than there is: save it smaller"),
        (signal.SIGKILL, "opening it took longer than 60 s or more memory than there is: save it smaller"),
    ],
)
def test_how_it_was_ended_is_told(number: signal.Signals, why: str) -> None:
    """By a decoder's crash, or by what it may not take; the screen's own process goes on."""
    reader, writer = os.pipe()
    with os.fdopen(reader, "rb") as never, Path(os.devnull).open("wb") as nowhere:
        work = Work(Kind.PICTURE, never, (8, 6), nowhere)
        os.kill(work.pid, number)
        work.wait()
    os.close(writer)
    assert work.outcome() == Outcome(why)


def test_one_that_hangs_is_ended_and_told() -> None:
    """A file on a disk that does not answer."""
    reader, writer = os.pipe()
    with os.fdopen(reader, "rb") as never, Path(os.devnull).open("wb") as nowhere:
        work = Work(Kind.PICTURE, never, (8, 6), nowhere, wall_s=0.2)
        work.wait()
    os.close(writer)
    said = "opening it took longer than 0.2 s or more memory than there is: save it smaller"
    assert work.outcome() == Outcome(said)
    assert not Path(f"/proc/{work.pid}").exists()


def test_one_that_is_done_says_nothing(tmp_path: Path) -> None:
    """And one that has something to say of a clip that is shown does so in a remark."""
    photo(tmp_path / "a.png")
    with (tmp_path / "a.png").open("rb") as file, Path(os.devnull).open("wb") as nowhere:
        work = Work(Kind.PICTURE, file, (8, 6), nowhere)
        work.wait()
    assert work.outcome() == Outcome()
