"""EDGE. Whose the ledger is: who works in a stopped daemon's place leaves nothing that it cannot write."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

from controller.ledger.file import LedgerError
from controller.system.as_user import as_user


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


def _name(user: int) -> str:
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return f"#{user}"
