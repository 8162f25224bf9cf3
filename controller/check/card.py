"""EDGE. Checks the card's boot partition: whether a file waits there to be taken over, or was refused."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from controller.pages.card_page import REPORT
from controller.pages.findings import Finding, note, warning
from controller.setup.card import card_files


def check_card(folders: Sequence[Path]) -> list[Finding]:
    """What the card has for this cabinet; nothing, most of the time."""
    found = []
    for file in card_files(folders):
        report = file.with_name(REPORT)
        if report.exists():
            found.append(warning(f"{file} was not taken over", f"{report} says why. Mend it, and reboot."))
        else:
            found.append(note(f"{file} becomes config.yaml at the next boot"))
    return found
