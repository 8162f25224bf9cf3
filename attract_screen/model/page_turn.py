"""CORE. How long each page is shown where a game's credits and the code have no room beside each other."""

from __future__ import annotations

CREDITS_S = 5.0
# Long enough to take out a phone and scan.
CODE_S = 10.0
