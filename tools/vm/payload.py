"""EDGE. What goes into a guest of this working tree."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

PROJECT = Path(__file__).parent.parent.parent


def copy_project(to: Path) -> None:
    """Copy this working tree, without what git ignores; what was in the folder before is gone."""
    shutil.rmtree(to, ignore_errors=True)
    listed = ["git", "-C", PROJECT, "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    for name in subprocess.run(listed, check=True, capture_output=True, text=True).stdout.split("\0"):
        if name and (PROJECT / name).exists():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(PROJECT / name, to / name)
