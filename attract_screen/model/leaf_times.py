"""CORE. How long the technician's page is shown, and which of its leaves; the controller counts alike."""

from __future__ import annotations

from typing import Final

SHOWN_S: Final = 120.0
# Long enough to read a leaf of a small screen, and short enough to wait for the next.
LEAF_S: Final = 8.0


def leaf_at(leaf: int, turned_s: float, now_s: float) -> int:
    """Which leaf it is, if it was the `leaf`th at `turned_s`; those that there are come again and again."""
    return leaf + int(max(0.0, now_s - turned_s) // LEAF_S)
