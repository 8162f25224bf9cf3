"""CORE. A virtual arcade board: coins come in on a wire, credits and games come of them.

It reads no clock: edges carry their times, and `run_until` says how late it is. What the board
saw depends only on these, however late or often it is run. Times are seconds since boot.
"""

from __future__ import annotations

import heapq
from collections import deque
from dataclasses import dataclass
from typing import Literal

from simulator.board.model.board_profiles import BoardProfile
from simulator.board.model.coin_switch import CoinSwitch, Verdict

Line = Literal["game_over", "coin_meter", "ready"]
PULSES_SHOWN = 20


@dataclass(frozen=True, order=True)
class Output:
    """A change of one of the board's output lines; what level is active is the wiring's matter."""

    at_s: float
    line: Line
    active: bool


@dataclass(frozen=True)
class BoardView:
    """All that can be seen of a board at one moment."""

    credits: int
    coins: int
    """Coins counted since the board was made; a power cycle does not take them back."""
    cash_coins: int
    """The coins of metal among these, which came through a mech of their own."""
    playing: bool
    game_over: bool
    coin_error: str | None
    """Why the board shows COIN ERROR, or None."""
    ready: bool
    pulses: tuple[tuple[float, float], ...]
    """The newest pulses as sampled, each from `rise_s` to `fall_s`."""


class ArcadeBoard:
    """A board that samples its coin line once a frame, as real ones do."""

    def __init__(self, profile: BoardProfile, *, powered_at_s: float) -> None:
        self.profile = profile
        self._powered_at_s = powered_at_s
        self._next_frame = 0
        self._edges: deque[tuple[int, float]] = deque()
        self._level: int = profile.idle_level
        self._coins = self._cash_coins = 0
        self._pulses: deque[tuple[float, float]] = deque(maxlen=PULSES_SHOWN)
        self._ready = True
        self._active: dict[Line, bool] = {"game_over": False, "coin_meter": False, "ready": True}
        self._outputs: list[Output] = []
        self._forget()

    def _forget(self) -> None:
        """Lose what a board keeps in memory."""
        self._switch = CoinSwitch(self.profile)
        self._credits = 0
        self._coins_towards_credit = 0
        self._playing = False
        self._game_over = False
        self._coin_error: str | None = None
        self._planned: list[Output] = []
        self._meter_free_s = 0.0

    # What happens on the wire

    def edge(self, level: int, at_s: float) -> None:
        """Note a change of the coin line; one older than the last frame is seen in the next."""
        self._edges.append((level, at_s))

    def run_until(self, now_s: float) -> None:
        """Take every frame up to `now_s`, and emit the outputs that are due by then."""
        while (frame_s := self._frame_s(self._next_frame)) <= now_s:
            self._take_frame(frame_s)
            self._next_frame += 1
        self._emit_until(now_s)

    def take_outputs(self) -> list[Output]:
        """The changes of the output lines since this was last asked, oldest first."""
        taken, self._outputs = self._outputs, []
        return taken

    def is_active(self, line: Line) -> bool:
        """Whether an output line is active, after all that `take_outputs` gave or will give."""
        return self._active[line]

    # What people do

    def press_start(self, now_s: float) -> bool:
        """Start a game, or join one, for a credit; False if there is none."""
        self.run_until(now_s)
        return self._start()

    def end_game(self, now_s: float) -> bool:
        """End the game, show game over and pulse its line; False if nobody played."""
        self.run_until(now_s)
        if not self._playing:
            return False
        self._playing, self._game_over = False, True
        self._plan_pulse("game_over", now_s, self.profile.game_over_ms)
        return True

    def set_ready(self, ready: bool, now_s: float) -> None:
        """Have the board accept coins, or not: its ready line, the inhibit of a coin mech."""
        self.run_until(now_s)
        self._ready = ready
        self._plan("ready", now_s, active=ready)

    def insert_cash_coin(self, now_s: float) -> None:
        """Count a coin of metal, which came through a mech of its own."""
        self.run_until(now_s)
        if self._coin_error is None:
            self._cash_coins += 1
            self._count_coin(now_s)

    def power_cycle(self, now_s: float) -> None:
        """Switch the board off and on: credits, the game and a coin error are gone."""
        self.run_until(now_s)
        self._forget()
        for line, active in self._active.items():
            if active != (line == "ready" and self._ready):
                self._plan(line, now_s, active=not active)

    def view(self) -> BoardView:
        """What can be seen of the board now."""
        return BoardView(
            credits=self._credits,
            coins=self._coins,
            cash_coins=self._cash_coins,
            playing=self._playing,
            game_over=self._game_over,
            coin_error=self._coin_error,
            ready=self._ready,
            pulses=tuple(self._pulses),
        )

    # Frames

    def _frame_s(self, frame: int) -> float:
        return self._powered_at_s + frame / self.profile.frame_hz

    def _take_frame(self, frame_s: float) -> None:
        while self._edges and self._edges[0][1] <= frame_s:
            self._level, _ = self._edges.popleft()
        closed_frames = self._switch.closed_frames
        verdict = self._switch.sample(self._next_frame, closed=self._level != self.profile.idle_level)
        if self._switch.closed_frames != closed_frames:
            rise, fall = self._switch.closed_frames
            self._pulses.append((self._frame_s(rise), self._frame_s(fall)))
        self._judge(verdict, frame_s)
        if self.profile.auto_start and not self._playing:
            self._start()

    def _judge(self, verdict: Verdict, now_s: float) -> None:
        if self._coin_error is not None:
            return
        if verdict is Verdict.COIN:
            self._count_coin(now_s)
        elif verdict is Verdict.TOO_LONG and self.profile.too_long == "coin error":
            self._coin_error = f"coin switch closed for over {self.profile.max_pulse_ms:g} ms"
        elif verdict is Verdict.TOO_FAST and self.profile.too_fast == "coin error":
            self._coin_error = f"coins less than {self.profile.min_period_ms:g} ms apart"

    # Coins and games

    def _count_coin(self, now_s: float) -> None:
        self._coins += 1
        self._pulse_meter(now_s)
        self._coins_towards_credit += 1
        if self._coins_towards_credit == self.profile.coins_per_credit:
            self._coins_towards_credit = 0
            self._credits = min(self._credits + 1, self.profile.max_credits)
            self._game_over = False

    def _start(self) -> bool:
        if self._credits == 0:
            return False
        self._credits -= 1
        self._playing, self._game_over = True, False
        return True

    # Output lines

    def _pulse_meter(self, now_s: float) -> None:
        """One pulse a coin; the next waits for the last, and for a gap as long as a pulse."""
        pulse_s = self.profile.meter_pulse_ms / 1000
        rise_s = max(now_s + self.profile.meter_delay_ms / 1000, self._meter_free_s)
        self._meter_free_s = rise_s + 2 * pulse_s
        self._plan_pulse("coin_meter", rise_s, self.profile.meter_pulse_ms)

    def _plan_pulse(self, line: Line, rise_s: float, pulse_ms: float) -> None:
        self._plan(line, rise_s, active=True)
        self._plan(line, rise_s + pulse_ms / 1000, active=False)

    def _plan(self, line: Line, at_s: float, *, active: bool) -> None:
        heapq.heappush(self._planned, Output(at_s, line, active))

    def _emit_until(self, now_s: float) -> None:
        while self._planned and self._planned[0].at_s <= now_s:
            output = heapq.heappop(self._planned)
            if output.active != self._active[output.line]:
                self._active[output.line] = output.active
                self._outputs.append(output)
