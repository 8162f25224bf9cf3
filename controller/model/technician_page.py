"""CORE. The technician's page on the screen, in the place of the player's picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class TechnicianPage:
    """Shown until `until_s` (seconds since boot); `edges` are those of each line since it is shown."""

    until_s: float
    edges: Mapping[str, int] = field(default_factory=dict)

    def counting(self, line: str, edges: int) -> TechnicianPage:
        """After so many more edges of a line."""
        return replace(self, edges={**self.edges, line: self.edges.get(line, 0) + edges})
