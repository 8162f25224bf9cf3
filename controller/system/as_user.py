"""EDGE. What a command minds that does a stopped daemon's work in its place."""

from __future__ import annotations

import os
import pwd
import shlex
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from controller.ledger.file import LedgerError


def check_owner(ledger: Path) -> None:
    """Refuse what would leave files there that the daemon could not write: those of another user.

    Raises:
        LedgerError: there is no ledger, or it is somebody else's; the message has the remedy.
    """
    try:
        owner = ledger.stat().st_uid
    except OSError as error:
        hint = "the controller makes it when it first starts; is this its state_dir?"
        raise LedgerError(f"{ledger}: {error.strerror}: {hint}") from error
    if owner != os.geteuid():
        name = _name(owner)
        raise LedgerError(f"{ledger}: belongs to the user {name}; run this as that user: {as_user(name)}")


def as_user(name: str) -> str:
    """The command line of this program, for another user."""
    return shlex.join(["sudo", "-u", name, sys.executable, "-m", "controller", *sys.argv[1:]])


@contextmanager
def lgpio_folder() -> Iterator[None]:
    """A place for the FIFOs that lgpio makes wherever it is started; the daemon's unit has one for it."""
    if "LG_WD" in os.environ:
        yield
        return
    with tempfile.TemporaryDirectory() as folder:
        os.environ["LG_WD"] = folder
        yield


def _name(user: int) -> str:
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return f"#{user}"
