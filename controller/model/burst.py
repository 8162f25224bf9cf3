"""CORE. Edges of one line that nobody has taken yet, in as little room as debouncing needs."""

from __future__ import annotations

from dataclasses import replace

from controller.model.events import InputChanged

# As much as a line says in some seconds, if it holds each level no longer than it must: more is noise.
MOST_WAITING = 500
# Of one entry, to be looked at: more than a contact bounces.
MOST_KEPT = 20


class Waiting:
    """The edges of one line, oldest first. A level that did not hold for `hold_s` leaves no entry of its own.

    So hum and storms, of whatever length, are one entry.
    """

    def __init__(self, hold_s: float) -> None:
        self.hold_s = hold_s
        self._edges: list[InputChanged] = []
        self._newest_s = float("-inf")

    def add(self, edge: InputChanged) -> bool:
        """One more edge. Whether it moves a line that was at rest, so that somebody should look at once."""
        follows_soon = edge.at_s < self._newest_s + self.hold_s
        last = self._edges[-1] if self._edges else None
        if last and not last.at_start and (follows_soon or len(self._edges) >= MOST_WAITING):
            self._edges[-1] = _burst(last, edge)
        else:
            self._edges.append(edge)
        self._newest_s = max(self._newest_s, edge.at_s)
        return not follows_soon

    def take(self) -> list[InputChanged]:
        """What waits; from now on nothing does."""
        taken, self._edges = self._edges, []
        return taken


def _burst(last: InputChanged, edge: InputChanged) -> InputChanged:
    kept = (*last.kept, (last.active, last.at_s)) if len(last.kept) < MOST_KEPT else last.kept
    return replace(edge, began_s=last.known_until_s, edges=last.edges + edge.edges, kept=kept)
