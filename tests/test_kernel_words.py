"""The words in a Pi's cmdline.txt: one line, written once, and taken out again to the byte."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_boot_file import HARNESS, INSTALLER
from test_boot_file import run as run_harness

SOMEBODYS = (
    b"console=serial0,115200 console=tty1 root=PARTUUID=1234-02 rootfstype=ext4 fsck.repair=yes rootwait"
)
OURS = (
    b"arcade-cabinet.begin consoleblank=0 vt.global_cursor_default=0 logo.nologo quiet loglevel=3 "
    b"arcade-cabinet.end"
)
FILES = (
    SOMEBODYS + b"\n",
    SOMEBODYS,
    SOMEBODYS + b"\r\n",
    SOMEBODYS + b" \n",
    SOMEBODYS + b"\n\n",
    SOMEBODYS + b"\n# console=tty3\n",
    SOMEBODYS + b" consoleblank=600 quiet\n",
    SOMEBODYS + b" cfg80211.ieee80211_regdom=DE\t\r\n\r\n",
    b"\n",
    b"\xfc " + SOMEBODYS,
)


def run(file: Path, line: str, mode: str = "install") -> tuple[int, str]:
    """The exit status, and what was said."""
    assert "boot_file.sh" in HARNESS
    script = (
        f". {INSTALLER}/kernel_words.sh\nkernel_words_file() {{ if [ -f {file} ]; then echo {file}; fi; }}\n"
    )
    return run_harness(file, script + line, mode)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A cmdline.txt as Raspberry Pi OS has it."""
    path = tmp_path / "cmdline.txt"
    path.write_bytes(FILES[0])
    return path


def test_the_words_go_to_the_end_of_the_line(file: Path) -> None:
    """Where they hold against an earlier word."""
    told = f"{file}: told to keep its console dark (from the next boot)\n"
    assert run(file, "keep_console_dark") == (0, told)
    assert file.read_bytes() == SOMEBODYS + b" " + OURS + b"\n"


@pytest.mark.parametrize("before", FILES)
def test_the_line_stays_one_and_comes_back_to_the_byte(file: Path, before: bytes) -> None:
    """Whatever edited it, and however its line ends; the second time there is nothing to do."""
    file.write_bytes(before)
    first, *others = before.split(b"\n")
    end = b"\r" if first.endswith(b"\r") else b""
    run(file, "keep_console_dark")
    assert file.read_bytes() == b"\n".join([first.removesuffix(b"\r") + b" " + OURS + end, *others])
    assert run(file, "keep_console_dark") == (0, "")
    assert run(file, "let_console_be") == (0, f"{file}: rid of the words of install.sh\n")
    assert file.read_bytes() == before
    assert run(file, "let_console_be") == (0, "")


@pytest.mark.parametrize("before", [OURS + b" %b\n", b"%b " + OURS + b"\n", b"quiet " + OURS + b" %b\n"])
def test_what_somebody_wrote_around_them_stays(file: Path, before: bytes) -> None:
    """Words behind ours hold against ours, and are not passed again."""
    whole = before.replace(b"%b", SOMEBODYS)
    file.write_bytes(whole)
    assert run(file, "keep_console_dark") == (0, "")
    run(file, "let_console_be")
    assert file.read_bytes() == whole.replace(OURS + b" ", b"").replace(b" " + OURS, b"")


def test_the_words_of_an_older_release_are_replaced_where_they_stand(file: Path) -> None:
    """An upgrade is no second block."""
    file.write_bytes(SOMEBODYS + b" arcade-cabinet.begin quiet arcade-cabinet.end panic=10\n")
    run(file, "keep_console_dark")
    assert file.read_bytes() == SOMEBODYS + b" " + OURS + b" panic=10\n"


@pytest.mark.parametrize("half", [OURS[:-10], OURS[10:]])
def test_half_of_the_words_is_left_to_a_person(file: Path, half: bytes) -> None:
    """Without its end, all that follows would seem to be ours."""
    file.write_bytes(before := half + b" " + SOMEBODYS + b"\n")
    status, said = run(file, "keep_console_dark")
    assert (status, file.read_bytes()) == (1, before)
    assert said == (
        f"{file}: of the words arcade-cabinet.begin and arcade-cabinet.end one is missing; "
        "take out what is left of these words by hand\n"
    )


def test_a_check_changes_nothing(file: Path) -> None:
    """It only says what differs."""
    run(file, "keep_console_dark", mode="check")
    assert file.read_bytes() == FILES[0]


def test_a_computer_without_such_a_file_is_left_alone(tmp_path: Path) -> None:
    """Debian on a PC has its words elsewhere."""
    assert run(tmp_path / "none", "keep_console_dark; let_console_be") == (0, "")
