"""EDGE. Which computer this is."""

from __future__ import annotations

from pathlib import Path

# A Pi names itself in its device tree; other computers are told apart by their installation.
_NAMES = (Path("/proc/device-tree/serial-number"), Path("/etc/machine-id"))


def board_serial(names: tuple[Path, ...] = _NAMES) -> str:
    """The Pi's serial number, which a moved SD card does not take along; "unknown" if there is none.

    The first of the files `names` that says one counts.
    """
    for path in names:
        if path.exists() and (serial := path.read_text().strip("\0\n ")):
            return serial
    return "unknown"
