"""The sum that tells whether what is tested on arm64 has changed since `make test-pi` last passed."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

TOOLS = Path(__file__).parent.parent / "tools"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A small repository with both scripts, one file that is covered and one that is not."""
    for name in ("tools/vm", "tools/pi"):
        (tmp_path / name).mkdir(parents=True)
        shutil.copy(TOOLS.parent / name / "covered.sh", tmp_path / name)
    for name in ("controller/app.py", "tests/test_app.py", "tests/test_ledger.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("one\n")
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    subprocess.run(["git", "-C", tmp_path, "add", "."], check=True)
    return tmp_path


def covered(clone: Path) -> str:
    done = subprocess.run([clone / "tools/pi/covered.sh"], check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.mark.parametrize(
    "name", ["controller/app.py", "tests/test_ledger.py", "tools/pi/pins.py", "tools/vm/new.py"]
)
def test_a_covered_file_changes_the_sum(clone: Path, name: str) -> None:
    """What the guest of x86 covers is covered here, too."""
    before = covered(clone)
    with (clone / name).open("a") as file:
        file.write("# two\n")
    assert covered(clone) != before
    assert len(covered(clone)) == len(before) == 64


@pytest.mark.parametrize("name", ["tests/test_app.py", "tools/pi/passed", "tools/vm/passed"])
def test_any_other_file_does_not(clone: Path, name: str) -> None:
    """The stamp itself among them: to write it must not make it wrong."""
    before = covered(clone)
    with (clone / name).open("a") as file:
        file.write("two\n")
    assert covered(clone) == before
