"""The lines in a Pi's config.txt: written once, moved with the pin, and taken out again to the byte."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from test_config import NEEDED, written

PROJECT = Path(__file__).parent.parent
INSTALLER = PROJECT / "installer"
# The rest of install.sh, in small.
HARNESS = """
set -eu
mode={mode}
say() {{ printf '%s\\n' "$*"; }}
fail() {{ say "$*" >&2; exit 1; }}
step() {{ said="$1: $2"; shift 2; if [ "$mode" = install ]; then "$@"; fi; say "$said"; }}
. {installer}/boot_file.sh
boot_file() {{ if [ -f {file} ]; then echo {file}; fi; }}
"""
# A cabinet with this environment, and this copy of the project.
CABINET = f"""
source_dir={PROJECT}
app={{app}}
config={{config}}
keep_coin_line_low
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


def run(file: Path, line: str, mode: str) -> tuple[int, str]:
    """The exit status, and what was said."""
    script = HARNESS.format(installer=INSTALLER, file=file, mode=mode) + line
    ended = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=False)
    return ended.returncode, ended.stderr + ended.stdout


def keep(file: Path, pin: str, mode: str = "install") -> tuple[int, str]:
    """Have the lines for a pin, or none, in a boot file."""
    return run(file, f"keep_boot_lines {pin}", mode)


def keep_configured(file: Path, text: str, mode: str = "install") -> tuple[int, str]:
    """Have the lines for the pin that a config.yaml names."""
    app = file.parent / "app"
    app.mkdir(exist_ok=True)
    (app / "venv").exists() or (app / "venv").symlink_to(sys.prefix)
    config = written(file.parent, text)
    status, said = run(file, CABINET.format(app=app, config=config), mode)
    return status, said.replace(str(config), "config.yaml")


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


@pytest.mark.parametrize("torn", ["{end}", "{begin}{begin}{end}{end}", "{end}{begin}", "{begin}{end}{begin}"])
def test_lines_that_do_not_enclose_anything_are_left_to_a_person(file: Path, torn: str) -> None:
    """As many begin as end, in some of them."""
    first, *_, last = OURS.splitlines(keepends=True)
    file.write_text(torn.format(begin=first, end=last) + SOMEBODYS)
    before = file.read_text()
    status, said = keep(file, "17")
    assert (status, file.read_text()) == (1, before)
    assert said.endswith("one of the two is missing; take what is left of these lines out by hand\n")


def windows(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode()


def test_a_card_that_was_edited_on_windows_has_the_lines_once(file: Path) -> None:
    """They were there twice, with two pins: the old one went on being driven."""
    file.write_bytes(windows(SOMEBODYS))
    keep(file, "17")
    assert file.read_bytes() == windows(SOMEBODYS + OURS)
    assert keep(file, "17") == (0, "")
    keep(file, "22")
    assert file.read_bytes() == windows(SOMEBODYS + OURS.replace("gpio=17", "gpio=22"))
    keep(file, "")
    assert file.read_bytes() == windows(SOMEBODYS)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        # Saved by an editor that gave every line the ends of Windows, and then by one that took them away.
        (windows(SOMEBODYS + OURS), windows(SOMEBODYS + OURS)),
        (SOMEBODYS.encode() + windows(OURS), (SOMEBODYS + OURS).encode()),
        (windows(SOMEBODYS) + OURS.encode(), windows(SOMEBODYS + OURS)),
        # What an earlier release made of it.
        (windows(SOMEBODYS + OURS.replace("=17", "=4")) + OURS.encode(), windows(SOMEBODYS + OURS)),
        # Blanks that cannot be seen.
        ((SOMEBODYS + OURS.replace("\n", " \t\n")).encode(), (SOMEBODYS + OURS).encode()),
    ],
)
def test_our_lines_are_known_whatever_they_end_in(file: Path, before: bytes, after: bytes) -> None:
    """And all others stay as they are."""
    file.write_bytes(before)
    keep(file, "17")
    assert file.read_bytes() == after


def test_a_check_changes_nothing(file: Path) -> None:
    """It only says what differs."""
    keep(file, "17", mode="check")
    assert file.read_text() == SOMEBODYS


def test_a_computer_without_such_a_file_is_left_alone(tmp_path: Path) -> None:
    """Debian on a PC."""
    assert keep(tmp_path / "none", "17") == (0, "")


def test_the_pin_is_the_configured_one(file: Path) -> None:
    """Whichever copy of the project is installed."""
    keep_configured(file, NEEDED.replace("pin: 17", "pin: 22"))
    assert file.read_text() == SOMEBODYS + OURS.replace("gpio=17", "gpio=22")


@pytest.mark.parametrize("mode", ["install", "check"])
@pytest.mark.parametrize(
    ("typo", "problem"),
    [
        ("pni: 22", "config.yaml:5: coin_line.pni is unknown: did you mean coin_line.pin?"),
        (
            "pin: twenty-two",
            "config.yaml:5: coin_line.pin is 'twenty-two': write a GPIO (BCM number) that rests low at "
            "power-up as a whole number from 9 to 27",
        ),
    ],
)
def test_a_typo_in_the_configuration_leaves_the_lines_alone(
    file: Path, typo: str, problem: str, mode: str
) -> None:
    """It once rested pin 17 instead, without a word, and let go of the line that pays."""
    keep_configured(file, NEEDED.replace("pin: 17", "pin: 22"))
    before = file.read_text()
    status, said = keep_configured(file, NEEDED.replace("pin: 17", typo), mode)
    assert (status, file.read_text()) == (0, before)
    first, *_, last = said.splitlines()
    assert (first, last) == (
        problem,
        f"{file}: left as it is, for config.yaml does not say which pin the coin line has. "
        "Edit it, and run this again",
    )


def test_a_typo_elsewhere_does_not_keep_the_lines_from_moving(file: Path) -> None:
    """A file that is not filled in yet names a pin all the same."""
    keep_configured(file, NEEDED.replace("pin: 17", "pin: 22") + "nmae: x\n")
    assert file.read_text() == SOMEBODYS + OURS.replace("gpio=17", "gpio=22")


def test_a_check_before_anything_is_installed_says_what_would_be_done(file: Path) -> None:
    """There is nothing yet that could read the configuration."""
    line = CABINET.format(app=file.parent / "none", config=file.parent / "none.yaml")
    assert run(file, line, "check") == (0, f"{file}: told to rest the coin line from power-up on\n")
    assert file.read_text() == SOMEBODYS
