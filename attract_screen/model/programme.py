"""CORE. Which page of the attract mode is shown when."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class MaterialPage:
    """A picture or a clip of the operator's, its words, and how long it is shown."""

    key: str
    caption: str
    seconds: float
