"""The lines in a Pi's config.txt: written once, moved with the pin, and taken out again to the byte."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

INSTALLER = Path(__file__).parent.parent / "installer"
# The rest of install.sh, in small.
HARNESS = """
set -eu
mode={mode}
say() {{ printf '%s\\n' "$*"; }}
fail() {{ say "$*" >&2; exit 1; }}
step() {{ said="$1: $2"; shift 2; if [ "$mode" = install ]; then "$@"; fi; say "$said"; }}
. {installer}/boot_file.sh
boot_file() {{ if [ -f {file} ]; then echo {file}; fi; }}
keep_boot_lines {pin}
"""
SOMEBODYS = "dtparam=audio=on\n\n[pi4]\narm_boost=1\n"
OURS = """\
# arcade-cabinet: begin (install.sh keeps these lines, install.sh --uninstall takes them out)
[all]
# The coin line is low from power-up until the controller has it,
gpio=17=op,dl
# and a pin that a program lets go of becomes an input, instead of keeping its last level.
dtparam=strict_gpiod
# arcade-cabinet: end
"""


def keep(file: Path, pin: str, mode: str = "install") -> tuple[int, str]:
    """The exit status, and what was said."""
    script = HARNESS.format(installer=INSTALLER, file=file, pin=pin, mode=mode)
    ended = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=False)
    return ended.returncode, ended.stdout + ended.stderr


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A config.txt as somebody left it, in a section for one kind of Pi."""
    path = tmp_path / "config.txt"
    path.write_text(SOMEBODYS)
    return path


def test_the_lines_go_to_the_end_and_hold_for_every_pi(file: Path) -> None:
    """Whatever section the file ended in."""
    assert keep(file, "17") == (
        0,
        f"{file}: told to rest GPIO 17, the coin line, from power-up on (from the next boot)\n",
    )
    assert file.read_text() == SOMEBODYS + OURS


def test_a_last_line_without_an_end_keeps_its_own_line(file: Path) -> None:
    """Else our first line would be a part of it."""
    file.write_text(SOMEBODYS.rstrip("\n"))
    keep(file, "17")
    assert file.read_text() == SOMEBODYS + OURS


def test_the_second_time_there_is_nothing_to_do(file: Path) -> None:
    """And nothing is said."""
    keep(file, "17")
    assert keep(file, "17") == (0, "")


def test_another_pin_replaces_the_first(file: Path) -> None:
    """A pin that drives nothing any more is not driven."""
    keep(file, "17")
    keep(file, "22")
    assert file.read_text() == SOMEBODYS + OURS.replace("gpio=17", "gpio=22")


def test_what_somebody_wrote_below_stays(file: Path) -> None:
    """The lines are taken out, and not what is around them."""
    file.write_text(OURS + SOMEBODYS)
    assert keep(file, "") == (0, f"{file}: rid of the lines of install.sh\n")
    assert file.read_text() == SOMEBODYS


def test_half_of_the_lines_are_left_to_a_person(file: Path) -> None:
    """Without the end, all that follows would seem to be ours."""
    file.write_text(OURS.replace("# arcade-cabinet: end\n", "") + SOMEBODYS)
    before = file.read_text()
    status, said = keep(file, "17")
    assert (status, file.read_text()) == (1, before)
    assert said.endswith("one of the two is missing; take what is left of these lines out by hand\n")


def test_a_check_changes_nothing(file: Path) -> None:
    """It only says what differs."""
    keep(file, "17", mode="check")
    assert file.read_text() == SOMEBODYS


def test_a_computer_without_such_a_file_is_left_alone(tmp_path: Path) -> None:
    """Debian on a PC."""
    assert keep(tmp_path / "none", "17") == (0, "")
