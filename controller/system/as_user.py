"""EDGE. The command line of this program, for another user."""

from __future__ import annotations

import shlex
import sys


def as_user(name: str) -> str:
    """The command line of this program, for another user; shut off from the current folder if this one is."""
    python = [sys.executable, *(["-I"] if sys.flags.isolated else [])]
    return shlex.join(["sudo", "-u", name, *python, "-m", "controller", *sys.argv[1:]])
