"""CORE. What the edges of one line tell: how long it keeps each level, and how badly it bounces."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

# Edges that follow each other faster are bounce, or noise: a receiver should take no pulse under 20 ms for
# one (DG600F coin acceptor, SparkFun COM-11636 manual).
BOUNCE_S = 0.02


@dataclass(frozen=True)
class Widths:
    """How long a line kept one level, in milliseconds; None until it did so once, from edge to edge."""

    shortest_ms: float | None = None
    longest_ms: float | None = None

    def and_(self, width_ms: float) -> Widths:
        """With one more."""
        if self.shortest_ms is None or self.longest_ms is None:
            return Widths(width_ms, width_ms)
        return Widths(min(self.shortest_ms, width_ms), max(self.longest_ms, width_ms))


@dataclass(frozen=True)
class Burst:
    """Edges that followed each other within BOUNCE_S; a clean change is a burst of one edge."""

    edges: int = 0
    began_s: float = 0.0
    ended_s: float = 0.0

    @property
    def span_ms(self) -> float:
        """From the first edge to the last."""
        return (self.ended_s - self.began_s) * 1000

    def edge(self, at_s: float, edges: int = 1) -> Burst:
        """With an edge at `at_s`, the last of so many, or a new one that begins with it."""
        if self.edges and (edges > 1 or at_s - self.ended_s < BOUNCE_S):
            return replace(self, edges=self.edges + edges, ended_s=at_s)
        return Burst(edges, at_s, at_s)


@dataclass(frozen=True)
class WatchedLine:
    """One line since we watch it; times in seconds since boot.

    What it did before is not known, so that the first edge ends no width. `last_ms` is the newest width, of
    whichever level; `worst` the burst with the most edges.
    """

    active: bool
    edges: int = 0
    last_edge_s: float | None = None
    last_ms: float | None = None
    while_active: Widths = field(default_factory=Widths)
    while_inactive: Widths = field(default_factory=Widths)
    burst: Burst = field(default_factory=Burst)
    worst: Burst = field(default_factory=Burst)

    def edge(self, active: bool, at_s: float, edges: int = 1) -> WatchedLine:
        """With an edge to that level; one to the level it had says that another was missed.

        It may be the last of so many `edges`, of which nothing else is known.
        """
        burst = self.burst.edge(at_s, edges)
        line = replace(
            self,
            active=active,
            edges=self.edges + edges,
            last_edge_s=at_s,
            last_ms=None,
            burst=burst,
            worst=max(self.worst, burst, key=lambda each: (each.edges, each.span_ms)),
        )
        if self.last_edge_s is None or active == self.active or edges > 1:
            return line
        width_ms = (at_s - self.last_edge_s) * 1000
        if self.active:
            return replace(line, last_ms=width_ms, while_active=self.while_active.and_(width_ms))
        return replace(line, last_ms=width_ms, while_inactive=self.while_inactive.and_(width_ms))
