"""What is ready to be shown, as the thread that makes it ready hands it to the one that draws."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from math import ceil
from pathlib import Path
from types import MappingProxyType

from attract_screen.material.rules.notes import MOST_SECONDS, NO_NOTES, USUAL_SECONDS, Notes

Size = tuple[int, int]


@dataclass(frozen=True)
class Ready:
    """A file in one size; `runs_s` is 0 for what does not move."""

    path: Path
    runs_s: float


@dataclass(frozen=True)
class Stock:
    """The names in their order, what is ready of them, and how the cabinet looks."""

    names: tuple[str, ...] = ()
    ready: Mapping[tuple[str, Size], Ready] = field(default_factory=lambda: MappingProxyType({}))
    notes: Notes = NO_NOTES
    typeface: Path | None = None
    logo: Path | None = None

    def names_at(self, now: datetime) -> tuple[str, ...]:
        """The files that have their turn at this time, be they ready or not."""
        return tuple(name for name in self.names if self.notes.remark(name).times.has(now))

    def seconds(self, name: str) -> float:
        """How long a file is shown: as it is said, else a clip as often as it fits into the usual time."""
        said = self.notes.remark(name).seconds
        usual = said or self.notes.seconds or USUAL_SECONDS
        runs_s = max((each.runs_s for (of, _), each in self.ready.items() if of == name), default=0.0)
        if said is not None or not runs_s:
            return usual
        return min(MOST_SECONDS, ceil(usual / runs_s) * runs_s)


EMPTY = Stock()
