"""What tests of `check` share: a configuration as the technician has it, and small stand-ins on PATH."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from test_config import NEEDED, load

from controller.config.keys import Config


def a_config(tmp_path: Path, text: str = "", **changes: Any) -> Config:
    """The shortest configuration with `text` behind it, and then some fields changed."""
    return replace(load(tmp_path, NEEDED + text), **changes)


def on_path(folder: Path, name: str, script: str) -> None:
    """A small shell program in a folder that the test has put first on PATH."""
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / name
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
