"""What runs right behind the daemon's end: it knows the line, imports nearly nothing, asks the kernel."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from controller.board.claim_note import AT_REST, ClaimNote, read_note
from controller.board.quick_release import GET_LINE, REQUEST

PROJECT = Path(__file__).parent.parent
HELD = "held /dev/null 17"  # whose kernel side knows no lines
NOT_HAD = (
    "GPIO 17 was not put at rest: [Errno 25] Inappropriate ioctl for device. If it is busy, a controller "
    "holds it, and rests it when it ends: sudo systemctl stop arcade-controller\n"
)
# Beside what Python starts with and what -m needs, of which both differ by version.
ALLOWED = {
    "__future__",
    "_struct",
    "controller",
    "controller.board",
    "controller.board.claim_note",
    "fcntl",
    "struct",
}


def python(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run Python as the unit does, with `folder` as the runtime directory."""
    surroundings = os.environ | {"PYTHONPATH": str(PROJECT), "RUNTIME_DIRECTORY": str(folder)}
    command = [sys.executable, "-P", *options]
    return subprocess.run(command, env=surroundings, capture_output=True, text=True, check=False)


def released(folder: Path, note: str | None, config: Path = Path("/nonexistent")) -> tuple[int, str]:
    """How it ended with this note, and what it said."""
    if note is not None:
        (folder / "coin-line").write_text(note + "\n")
    ended = python(folder, "-m", "controller.board.quick_release", "--config", str(config))
    return ended.returncode, ended.stderr


def imported(folder: Path, module: str) -> set[str]:
    """All modules that Python imports for one that is run."""
    said = python(folder, "-X", "importtime", "-m", module).stderr
    return set(re.findall(r"^import time: +\d+ \| +\d+ \| +([\w.]+)$", said, re.M))


def test_it_imports_what_it_needs_and_nothing_else(tmp_path: Path) -> None:
    """Until it has run the coin switch may be closed, and on a slow Pi each import is a tenth of a second."""
    (tmp_path / "coin-line").write_text(HELD)
    (tmp_path / "empty.py").touch()
    bare = imported(tmp_path, "__hello__")

    assert imported(tmp_path, "controller.board.quick_release") - bare == ALLOWED


def test_a_line_that_was_held_is_asked_of_the_kernel_itself(tmp_path: Path) -> None:
    """Whatever config.yaml says by now; what could not be had is said, and noted as held still."""
    assert released(tmp_path, HELD) == (1, NOT_HAD)
    assert read_note(f"{tmp_path}/coin-line") == ("/dev/null", 17)


def test_a_line_at_rest_is_left_alone(tmp_path: Path) -> None:
    """The wire may be on another pin by now, and the board may drive the old one."""
    assert released(tmp_path, AT_REST) == (0, "")


@pytest.mark.parametrize("note", [None, "", "held", "held /dev/null x", "held /dev/null 17 18"])
def test_where_nothing_is_noted_the_configuration_says_it(tmp_path: Path, note: str | None) -> None:
    """The first end behind an upgrade, or a file that a power cut has left empty."""
    config = tmp_path / "config.yaml"
    config.write_text("coin_line:\n  pin:\n")
    assert released(tmp_path, note, config) == (
        78,
        f"{config}:2: coin_line.pin is empty: it is needed\n"
        f"{config}: coin_line.pin is not known for sure: no line was put at rest\n",
    )


def test_the_note_is_of_what_happens(tmp_path: Path) -> None:
    """Held while the process has it, at rest behind it, and still held where it went wrong in between."""
    path = str(tmp_path / "coin-line")
    with ClaimNote(path, "/dev/gpiochip4", 17):
        assert read_note(path) == ("/dev/gpiochip4", 17)
    assert read_note(path) == AT_REST

    with pytest.raises(OSError, match="gone"), ClaimNote(path, "/dev/gpiochip4", 17):
        raise OSError("gone")
    assert read_note(path) == ("/dev/gpiochip4", 17)


def test_a_note_that_cannot_be_written_lets_no_pulse_leave(tmp_path: Path) -> None:
    """Nobody could say which line to rest."""
    with pytest.raises(FileNotFoundError), ClaimNote(f"{tmp_path}/none/coin-line", "/dev/gpiochip0", 17):
        pass


def test_the_request_has_the_size_that_its_number_says() -> None:
    """The kernel has the size of the structure in the request's number; where each field lies is its too."""
    assert REQUEST.size == GET_LINE >> 16 & 0x3FFF
    asked = REQUEST.pack(17, b"name", 8, 1, -1)
    assert (asked[0], asked[256:260], asked[288], asked[560], asked[588:]) == (17, b"name", 8, 1, b"\xff" * 4)
