"""CORE. Which of a folder's files are looked at, and in which order."""

from __future__ import annotations

from collections.abc import Sequence

from attract_screen.material.rules.notes import NOTES_NAME, composed

MOST_FILES = 100

# What systems leave in folders by themselves.
_LITTER = frozenset({
    "thumbs.db", "desktop.ini", "lost+found", "system volume information", "$recycle.bin", "__macosx",
    NOTES_NAME,
})  # fmt: skip


def is_meant(name: str) -> bool:
    """Whether somebody put it there on purpose."""
    return not name.startswith(".") and name.lower() not in _LITTER


def chosen(names: Sequence[str], first: Sequence[str]) -> tuple[list[str], list[str]]:
    """The files that are looked at, those named `first` before the others, and what is too much."""
    there = {composed(name): name for name in names}
    ahead = [there[composed(name)] for name in first if composed(name) in there]
    taken = set(ahead)
    ordered = [*ahead, *(name for name in names if name not in taken)]
    return ordered[:MOST_FILES], ordered[MOST_FILES:]
