"""CORE. A contact's edges, with their times, become a level that can be believed."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class DebouncedLine:
    """An input line that is believed only after it has kept its level for `hold_s`.

    A bouncing contact, a held button and a spike of noise thus give one change, one change and none.
    Times are seconds since boot: `seen` is the newest raw level, since `seen_at_s`; `level` is the one
    that is believed, since `since_s`. `moved_s` is since when the line has not come to rest; None at rest.
    """

    hold_s: float
    level: bool = False
    seen: bool = False
    seen_at_s: float = 0.0
    since_s: float = 0.0
    moved_s: float | None = None

    def edge(self, level: bool, at_s: float, began_s: float | None = None) -> DebouncedLine:
        """The line after a raw edge at `at_s`; one older than what was seen since says nothing new.

        With `began_s` it is the last edge of a burst, in which no level held for `hold_s`.
        """
        if at_s < self.seen_at_s:
            return self
        line = self.settled(at_s if began_s is None else began_s)
        if level == line.seen and began_s in (None, at_s):
            return line
        moved_s = began_s if began_s is not None else at_s
        return replace(
            line, seen=level, seen_at_s=at_s, moved_s=moved_s if line.moved_s is None else line.moved_s
        )

    def settled(self, now_s: float) -> DebouncedLine:
        """The line once no edge came until `now_s`."""
        due_s = self.due_s
        if due_s is None or now_s < due_s:
            return self
        since_s = self.since_s if self.seen == self.level else self.seen_at_s
        return replace(self, level=self.seen, since_s=since_s, moved_s=None)

    @property
    def due_s(self) -> float | None:
        """When the line will have come to rest, and what was seen last is believed; None at rest."""
        return None if self.moved_s is None else self.seen_at_s + self.hold_s
