"""EDGE. The command line of this program, for another user."""

from __future__ import annotations

import shlex
import sys


def as_user(name: str) -> str:
    """The command line of this program, for another user."""
    return shlex.join(["sudo", "-u", name, sys.executable, "-m", "controller", *sys.argv[1:]])
