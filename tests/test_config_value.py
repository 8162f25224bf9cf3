"""`python -m controller config-value` and `check-config`: what the installer asks of config.yaml."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from test_config import NEEDED, written

from controller.__main__ import EX_CONFIG
from controller.config.keys import KEYS

SHIPPED = Path(__file__).parent.parent / "config.yaml"


def run(command: str, *arguments: str) -> tuple[int, str, str]:
    """The exit status, and what stood on the two outputs."""
    words = [sys.executable, "-m", "controller", command, *arguments]
    ended = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    return ended.returncode, ended.stdout, ended.stderr


def value(config: Path, key: str = "coin_line.pin") -> tuple[int, str, str]:
    """What `config-value` says of one key of a file."""
    return run("config-value", key, "--config", str(config))


def test_the_pin_of_a_file_that_is_not_filled_in_yet_is_known() -> None:
    """So that a first installation can tell the firmware, before anybody has edited the file."""
    assert value(SHIPPED) == (0, "17\n", "")


@pytest.mark.parametrize(
    ("key", "text"), [("board", "jamma\n"), ("screen.rotate", "0\n"), ("game_over.pin", "\n")]
)
def test_a_key_that_is_not_written_has_its_default(tmp_path: Path, key: str, text: str) -> None:
    """An empty line where there is none."""
    assert value(written(tmp_path, NEEDED), key) == (0, text, "")


def test_a_mistake_elsewhere_takes_no_value_away(tmp_path: Path) -> None:
    """The pin holds, whatever the broker's port is."""
    config = written(tmp_path, NEEDED + "session_timeout_s: soon\n")
    assert value(config) == (0, "17\n", "")


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("pin: 17", "pni: 17", "coin_line.pni is unknown: did you mean coin_line.pin?"),
        ("pin: 17", "pin: 17, pin: 22", "coin_line.pin stands here a second time"),
        ("pin: 17", "pin: seventeen", "coin_line.pin is 'seventeen': "),
        ("coin_line:", "coin_lien:", "coin_line.pin is missing"),
        ("coin_line:", "game_over: {pin: 17}\ncoin_line:", "game_over.pin is 17, as coin_line.pin is: "),
        ("coin_line:", "\tcoin_line:", "is not YAML: "),
    ],
)
def test_a_value_that_cannot_be_relied_on_is_not_given(
    tmp_path: Path, old: str, new: str, problem: str
) -> None:
    """A mistyped key must not pass for another one's default: the problem stands there in its place."""
    assert old in NEEDED
    config = written(tmp_path, NEEDED.replace(old, new))
    status, out, err = value(config)
    assert (status, out) == (EX_CONFIG, "")
    assert problem in err


def test_a_file_that_is_not_there_gives_no_value(tmp_path: Path) -> None:
    """Nothing is made up."""
    missing = tmp_path / "none.yaml"
    expected = f"{missing}: cannot be read: No such file or directory\n"
    assert value(missing) == (EX_CONFIG, "", expected)


@pytest.mark.parametrize("key", [name for name, key in KEYS.items() if key.secret] + ["coin_line.pni"])
def test_a_secret_is_as_good_as_unknown(key: str) -> None:
    """What a script prints ends in somebody's terminal."""
    status, out, err = value(SHIPPED, key)
    assert (status, out) == (2, "")
    assert f"invalid choice: '{key}'" in err


def test_a_file_that_can_be_used_is_passed_without_a_word(tmp_path: Path) -> None:
    """An update is put in place under it."""
    assert run("check-config", "--config", str(written(tmp_path, NEEDED))) == (0, "", "")


def test_a_file_that_cannot_be_used_is_refused_with_every_problem(tmp_path: Path) -> None:
    """As the controller would at its start."""
    config = written(tmp_path, NEEDED + "nmae: x\nboard: none\n")
    status, out, err = run("check-config", "--config", str(config))
    assert (status, out) == (EX_CONFIG, "")
    assert [line.split(": ", 1)[1].partition(" ")[0] for line in err.splitlines()] == ["nmae", "board"]
