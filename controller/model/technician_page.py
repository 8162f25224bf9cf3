"""CORE. The technician's page on the screen, in the place of the player's picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from attract_screen.model.leaf_times import leaf_at


@dataclass(frozen=True)
class TechnicianPage:
    """Shown until `until_s`; `edges` are those of each line since it is shown.

    At `turned_s` its leaf was the `leaf`th, from 0; since then it turns by itself. Seconds since boot.
    """

    until_s: float
    turned_s: float
    leaf: int = 0
    edges: Mapping[str, int] = field(default_factory=dict)

    def turned(self, now_s: float) -> TechnicianPage:
        """With the next leaf, for as long as any."""
        return replace(self, leaf=leaf_at(self.leaf, self.turned_s, now_s) + 1, turned_s=now_s)

    def counting(self, line: str, edges: int) -> TechnicianPage:
        """After so many more edges of a line."""
        return replace(self, edges={**self.edges, line: self.edges.get(line, 0) + edges})
