"""The coin line's tally: what is noted in it outlives the process that noted it."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import wait_until
from test_full_disk import inside_a_small_disk

from controller.board.tally import SLOT_BYTES, SLOTS, TallyKeeper, begin_tally, read_tally
from controller.model.events import PulseBegun, PulseFired

LEDGER = "64769:1234"

KEEPER = """
import sys
from pathlib import Path
from controller.board.tally import TallyKeeper

TallyKeeper(Path(sys.argv[1]))
print("holds it", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A tally that can be believed, with nothing in it."""
    made = tmp_path / "tally"
    os.close(TallyKeeper(made)._file)
    begin_tally(made, LEDGER)
    return made


def test_what_is_noted_is_read(path: Path) -> None:
    """A pulse that began and ended is told as the coin line tells it; one that only began, as that."""
    keeper = TallyKeeper(path)
    keeper.begins("pi_1", 1)
    keeper.ended("pi_1", 1, 10.25, 10.3504)
    keeper.begins("pi_1", 2)

    assert read_tally(path, LEDGER) == (PulseFired("pi_1", 1, 10.25, 10.3504), PulseBegun("pi_1", 2))


def test_with_nothing_noted_nothing_has_begun(path: Path) -> None:
    """Which is not the same as knowing nothing."""
    assert read_tally(path, LEDGER) == ()


def test_a_tally_that_was_lost_is_not_one_in_which_nothing_began(tmp_path: Path) -> None:
    """Neither one that is not there, nor one that was made anew and not yet used for orders."""
    path = tmp_path / "tally"
    assert read_tally(path, LEDGER) is None

    keeper = TallyKeeper(path)
    assert read_tally(path, LEDGER) is None
    keeper.begins("pi_1", 1)
    assert read_tally(path, LEDGER) is None


def test_the_tally_of_another_ledger_is_not_believed(path: Path) -> None:
    """It knows nothing of this one's pulses: a state directory was put aside, and put back."""
    TallyKeeper(path).begins("pi_1", 1)

    assert read_tally(path, "64769:4321") is None


def test_the_last_pulses_are_kept_however_many_there_were(path: Path) -> None:
    """The file does not grow."""
    keeper = TallyKeeper(path)
    for number in range(1, 3 * SLOTS + 2):
        keeper.begins("pi_1", number)
        keeper.ended("pi_1", number, number, number + 0.1)

    noted = read_tally(path, LEDGER)
    assert noted is not None
    assert sorted(pulse.number for pulse in noted) == list(range(2 * SLOTS + 2, 3 * SLOTS + 2))
    assert path.stat().st_size == SLOT_BYTES * (1 + SLOTS)


def test_the_longest_name_of_a_payment_has_room(path: Path) -> None:
    """255 characters, by the wire contract."""
    keeper = TallyKeeper(path)
    keeper.begins("p" * 255, 10_000)
    keeper.ended("p" * 255, 10_000, 99_999_999.123456, 99_999_999.223456)

    assert read_tally(path, LEDGER) == (PulseFired("p" * 255, 10_000, 99_999_999.123456, 99_999_999.223456),)


@pytest.mark.parametrize("rubbish", [b"begun pi_1", b"fired pi_1 1 one two", b"\xff\xfe", b"gone pi_1 1"])
def test_a_tally_with_rubbish_in_it_is_not_believed(path: Path, rubbish: bytes) -> None:
    """Whatever wrote it: what was ordered then counts as ambiguous."""
    TallyKeeper(path).begins("pi_1", 1)
    with path.open("r+b") as file:
        file.seek(2 * SLOT_BYTES)
        file.write(rubbish.ljust(SLOT_BYTES))

    assert read_tally(path, LEDGER) is None


def test_one_begun_anew_forgets_what_was_in_it(path: Path) -> None:
    """Rubbish is not left to be read by the next."""
    TallyKeeper(path).begins("pi_1", 1)
    begin_tally(path, LEDGER)

    assert read_tally(path, LEDGER) == ()


def test_memory_that_is_full_is_found_at_the_start(tmp_path: Path) -> None:
    """And not by the first note, when pulses have been ordered."""
    folder = tmp_path / "small"
    keep = f"""
from pathlib import Path
from controller.board.tally import TallyKeeper

Path({str(folder)!r}, "filler").write_bytes(bytes(1024 * 1024 - 4096))
TallyKeeper(Path({str(folder)!r}, "tally"))
"""
    command = [*inside_a_small_disk(folder), sys.executable, "-c", keep]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)

    assert "No space left on device" in ended.stderr


def test_what_a_killed_process_noted_is_there(path: Path) -> None:
    """That is what it is for."""
    noting = f"""
import os, signal
from pathlib import Path
from controller.board.tally import TallyKeeper

TallyKeeper(Path({str(path)!r})).begins("pi_1", 1)
os.kill(os.getpid(), signal.SIGKILL)
"""
    subprocess.run([sys.executable, "-c", noting], check=False)

    assert read_tally(path, LEDGER) == (PulseBegun("pi_1", 1),)


def test_a_keeper_waits_for_the_one_before_it(path: Path) -> None:
    """Which may have a pulse in hand."""
    holder = path.open()
    fcntl.flock(holder, fcntl.LOCK_EX)
    keeper = subprocess.Popen(
        [sys.executable, "-c", KEEPER, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert keeper.stdin is not None
    assert keeper.stdout is not None
    # /proc/locks marks who waits.
    wait_until(lambda: f"-> FLOCK  ADVISORY  WRITE {keeper.pid} " in _locks(), "the keeper to wait")
    holder.close()

    assert keeper.stdout.readline() == "holds it\n"
    keeper.stdin.close()
    keeper.wait()
    keeper.stdout.close()


def _locks() -> str:
    return Path("/proc/locks").read_text()
