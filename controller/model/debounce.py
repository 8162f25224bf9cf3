"""CORE. A contact's edges, with their times, become a level that can be believed."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class DebouncedLine:
    """An input line that is believed only after it has kept its level for `hold_s`.

    A bouncing contact, a held button and a spike of noise thus give one change, one change and none.
    Times are seconds since boot: `seen` is the newest raw level, since `seen_at_s`; `level` is the one
    that is believed, since `since_s`.
    """

    hold_s: float
    level: bool = False
    seen: bool = False
    seen_at_s: float = 0.0
    since_s: float = 0.0

    def edge(self, level: bool, at_s: float) -> DebouncedLine:
        """The line after a raw edge at `at_s`; one older than what was seen since says nothing new."""
        if at_s < self.seen_at_s:
            return self
        line = self.settled(at_s)
        return line if level == line.seen else replace(line, seen=level, seen_at_s=at_s)

    def settled(self, now_s: float) -> DebouncedLine:
        """The line once no edge came until `now_s`."""
        due_s = self.due_s
        if due_s is None or now_s < due_s:
            return self
        return replace(self, level=self.seen, since_s=self.seen_at_s)

    @property
    def due_s(self) -> float | None:
        """When a change that was seen will be believed; None if there is none."""
        return None if self.seen == self.level else self.seen_at_s + self.hold_s
