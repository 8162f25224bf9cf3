"""CORE. The coin switch as a board sees it: one sample a frame, and a verdict on each pulse."""

from __future__ import annotations

from enum import Enum, auto

from simulator.board.model.board_profiles import BoardProfile


class Verdict(Enum):
    """What a frame's sample told the board."""

    NOTHING = auto()
    COIN = auto()
    TOO_SHORT = auto()
    TOO_LONG = auto()
    TOO_FAST = auto()


class CoinSwitch:
    """Samples of the coin switch become coins, each on its released edge.

    A level is believed after `equal_samples` equal samples. That delays both edges alike, so the
    length of a pulse is the number of samples in which it was closed.
    """

    def __init__(self, profile: BoardProfile) -> None:
        self._profile = profile
        self._closed = False
        self._differing = 0
        self._closed_frame = 0
        self._last_coin_frame: int | None = None
        self.closed_frames: tuple[int, int] = (0, 0)
        """The frames in which the last whole pulse was believed closed, and open again."""

    def sample(self, frame: int, *, closed: bool) -> Verdict:
        """Take the sample of one frame."""
        self._differing = self._differing + 1 if closed != self._closed else 0
        if self._differing == self._profile.equal_samples:
            self._closed, self._differing = closed, 0
            return self._pressed(frame) if closed else self._released(frame)
        return self._held(frame) if self._closed else Verdict.NOTHING

    def _pressed(self, frame: int) -> Verdict:
        self._closed_frame = frame
        return Verdict.NOTHING

    def _held(self, frame: int) -> Verdict:
        held_frames = frame - self._closed_frame
        return Verdict.TOO_LONG if held_frames > self._profile.max_frames else Verdict.NOTHING

    def _released(self, frame: int) -> Verdict:
        self.closed_frames = (self._closed_frame, frame)
        held_frames = frame - self._closed_frame
        if held_frames > self._profile.max_frames:
            return Verdict.TOO_LONG
        if held_frames < self._profile.min_frames:
            return Verdict.TOO_SHORT
        if self._follows_too_fast():
            return Verdict.TOO_FAST
        self._last_coin_frame = self._closed_frame
        return Verdict.COIN

    def _follows_too_fast(self) -> bool:
        if self._last_coin_frame is None:
            return False
        return self._closed_frame - self._last_coin_frame < self._profile.min_period_frames
