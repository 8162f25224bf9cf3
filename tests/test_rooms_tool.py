"""`python tools/rooms.py`: the figures of the rooms, of now and of an older revision."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROWS = [
    "modules",
    "most in one folder",
    "floors of modules",
    "floors of rooms",
    "median module",
    "largest module",
    "median function",
    "longest function",
]


def figures(tool: Path, *options: str) -> dict[str, str]:
    """The lines below the head, by their names."""
    command = [sys.executable, str(tool), *options]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return {line[:24].strip(): line[24:] for line in text.splitlines()[1:]}


def test_no_package_has_a_circle() -> None:
    """And all figures are there."""
    found = figures(ROOT / "tools" / "rooms.py")
    assert list(found) == ROWS
    floors = [found["floors of modules"], found["floors of rooms"]]
    assert [row.count("no circle") for row in floors] == [5, 5]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A small project with the tool in it: its first revision has a circle, and its second has none."""
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "rooms.py").write_bytes((ROOT / "tools" / "rooms.py").read_bytes())
    for package in ("controller", "attract_screen", "cloud_relay", "fleet", "simulator"):
        for room in (package, f"{package}/low", f"{package}/high"):
            (tmp_path / room).mkdir()
            (tmp_path / room / "__init__.py").touch()
        (tmp_path / package / "high" / "a.py").write_text(f"import {package}.low.b\n\n\ndef f():\n    pass\n")
        (tmp_path / package / "low" / "b.py").write_text(f"import {package}.high.a\n")
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", ".")
    git(tmp_path, "-c", "user.name=test", "-c", "user.email=test@example.com", "commit", "-qm", "A circle")
    for package in ("controller", "attract_screen", "cloud_relay", "fleet", "simulator"):
        (tmp_path / package / "low" / "b.py").write_text("X = 1\n\nY = 2\n")
    return tmp_path


def git(folder: Path, *arguments: str) -> None:
    """Run git there."""
    subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True)


def test_an_older_revision_is_measured_as_it_was(project: Path) -> None:
    """And not the working tree, which has lost its circle."""
    tool = project / "tools" / "rooms.py"
    now, before = figures(tool), figures(tool, "--rev", "HEAD")
    assert now["floors of rooms"].split("  ")[0] == "2, no circle"
    assert before["floors of rooms"].startswith("a circle: ")
    assert (now["largest module"].split("  ")[0], before["largest module"].split("  ")[0]) == (
        "3 (high/a.py)",
        "3 (high/a.py)",
    )
    assert now["median module"].split("  ")[0] == "2.5 lines"
    assert now["longest function"].split("  ")[0] == "2 (f in a:4)"
