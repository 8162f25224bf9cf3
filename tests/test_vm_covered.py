"""The sum that tells CI whether what the guest's tests cover has changed."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent.parent / "tools" / "vm" / "covered.sh"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A small repository with the script, one file that is covered and one that is not."""
    for name in ("tools/vm", "controller", "tests"):
        (tmp_path / name).mkdir(parents=True)
    shutil.copy(SCRIPT, tmp_path / "tools/vm")
    (tmp_path / "controller/app.py").write_text("one\n")
    (tmp_path / "tests/test_app.py").write_text("one\n")
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    subprocess.run(["git", "-C", tmp_path, "add", "."], check=True)
    return tmp_path


def covered(clone: Path) -> str:
    done = subprocess.run([clone / "tools/vm/covered.sh"], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def test_the_sum_is_one_line(clone: Path) -> None:
    """As the stamp has it."""
    assert len(covered(clone)) == 64


@pytest.mark.parametrize("name", ["controller/app.py", "controller/new.py", "tools/vm/covered.sh"])
def test_a_covered_file_changes_the_sum(clone: Path, name: str) -> None:
    """Edited or new, and not yet known to git."""
    before = covered(clone)
    with (clone / name).open("a") as file:
        file.write("# two\n")
    assert covered(clone) != before


@pytest.mark.parametrize(
    "name", ["tests/test_app.py", "tools/vm/passed", "controller/notes.md", "controller/__init__.py"]
)
def test_any_other_file_does_not(clone: Path, name: str) -> None:
    """The stamp itself among them, and the version: to write them must not make the stamp wrong."""
    before = covered(clone)
    with (clone / name).open("a") as file:
        file.write("two\n")
    assert covered(clone) == before


def test_a_file_that_is_gone_changes_the_sum(clone: Path) -> None:
    """Before git is told, as after."""
    before = covered(clone)
    (clone / "controller/app.py").unlink()
    assert covered(clone) != before
