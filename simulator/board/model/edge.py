"""CORE. A change of level on one wire between the cabinet and the board."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Edge:
    """A change of the level of one wire."""

    pin: int
    level: int
    at_s: float
