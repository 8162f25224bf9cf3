"""CORE. How noisy a line is: what moves it faster, or more often, than a contact of a board does."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum

# The mains hum through an opto-coupler at 100 edges a second (50 Hz, one diode) to 240 (60 Hz, two). Of a
# board the fastest line is its coin meter, at 60 ms for a count (coin-op.org, Player Input Connector) and as
# long a rest: 17 edges a second, or 50 from a contact that bounces once each time. A burst of 200 on top may
# be a bad contact's.
HUM_A_SECOND, HUM_BURST = 50.0, 200.0
# A ready line is lost with the board's mind, and a game over ends a game: five within seconds are neither.
MOVES_A_SECOND, MOVES_BURST = 0.5, 5.0
# A contact bounces for some milliseconds. A line that finds no rest for so long has none.
RESTLESS_S = 1.0


class Unsteady(StrEnum):
    """What is wrong with a line, in the words of its fault."""

    HUMS = "hums"
    FLICKERS = "flickers"
    RACES = "counts faster than coins can fall"


@dataclass(frozen=True)
class Excess:
    """How much more came of something than may come: `most` at once, and `a_second` for ever.

    It is `over` from when there was too much until there has been none for a while (seconds since boot).
    """

    a_second: float
    most: float
    amount: float = 0.0
    at_s: float = 0.0
    over: bool = False

    def more(self, number: int, at_s: float) -> Excess:
        """After so many more of it."""
        now = self.at(at_s)
        amount = now.amount + number
        # What came beyond is forgotten, so that a storm of a minute is over as soon as one of a second.
        return replace(now, amount=min(amount, 1.25 * self.most), over=now.over or amount > self.most)

    def full(self, at_s: float) -> Excess:
        """Once more has come than may come, however it was found."""
        return replace(self, amount=1.25 * self.most, at_s=max(at_s, self.at_s), over=True)

    def at(self, now_s: float) -> Excess:
        """What is left of it by then."""
        amount = max(0.0, self.amount - self.a_second * max(0.0, now_s - self.at_s))
        return replace(self, amount=amount, at_s=max(now_s, self.at_s), over=self.over and amount > 0)

    @property
    def ends_s(self) -> float | None:
        """When it will be over no more; None if it is not."""
        return self.at_s + self.amount / self.a_second if self.over else None


@dataclass(frozen=True)
class LineNoise:
    """The edges of one line, and how often it left the level that it stays at.

    `trouble` is what to call it while it lasts.
    """

    edges: Excess = field(default_factory=lambda: Excess(HUM_A_SECOND, HUM_BURST))
    moves: Excess = field(default_factory=lambda: Excess(MOVES_A_SECOND, MOVES_BURST))
    trouble: Unsteady | None = None

    def heard(self, edges: int, at_s: float) -> LineNoise:
        """After so many raw edges."""
        return self._named(replace(self, edges=self.edges.more(edges, at_s)), Unsteady.HUMS)

    def moved(self, at_s: float) -> LineNoise:
        """After the line left the level at which it stays when nothing happens."""
        return self._named(replace(self, moves=self.moves.more(1, at_s)), Unsteady.FLICKERS)

    def found(self, trouble: Unsteady, at_s: float) -> LineNoise:
        """After something that no steady line does once."""
        return self._named(replace(self, moves=self.moves.full(at_s)), trouble)

    def at(self, now_s: float) -> LineNoise:
        """How noisy it still is."""
        calmer = replace(self, edges=self.edges.at(now_s), moves=self.moves.at(now_s))
        return calmer if calmer.edges.over or calmer.moves.over else replace(calmer, trouble=None)

    @property
    def ends_s(self) -> float | None:
        """When the line will be steady again, if nothing more comes; None if it is."""
        ends_s = [at_s for at_s in (self.edges.ends_s, self.moves.ends_s) if at_s is not None]
        return max(ends_s, default=None)

    def _named(self, noisier: LineNoise, trouble: Unsteady) -> LineNoise:
        is_over = noisier.edges.over or noisier.moves.over
        # The first name stays: one fault, however the noise goes on.
        return replace(noisier, trouble=self.trouble or trouble) if is_over else noisier
