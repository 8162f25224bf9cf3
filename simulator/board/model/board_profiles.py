"""CORE. What an arcade board takes as a coin, by kind of board.

What we send to it is another matter: controller/model/board_profiles.py has that, on purpose in a table of
its own. A limit without a source, and the delay of each coin meter, is our choice: rather stricter
than real boards.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

Reaction = Literal["coin error", "ignored"]


@dataclass(frozen=True)
class BoardProfile:
    """How one kind of arcade board samples its coin line, counts credits and drives its outputs.

    A board sees only what it sampled, so a limit of 50 ms at 60 Hz means three samples: a limit
    in ms becomes the number of whole frames that satisfies it.
    """

    name: str
    frame_hz: float = 60.0
    equal_samples: int = 2
    """So many equal samples in a row are believed; fewer are noise."""
    min_pulse_ms: float = 50.0
    max_pulse_ms: float = 500.0
    too_long: Reaction = "coin error"
    min_period_ms: float = 0.0
    """From the closing of a counted coin to the closing of the next; 0 takes any."""
    too_fast: Reaction = "ignored"
    coins_per_credit: int = 1
    max_credits: int = 99
    """Coins beyond these are counted, and swallowed."""
    meter_delay_ms: float = 20.0
    meter_pulse_ms: float = 60.0
    game_over_ms: float = 200.0
    auto_start: bool = False
    """Whether a game starts by itself while there are credits and nobody plays."""
    idle_level: Literal[0, 1] = 0
    """The cabinet's level on the coin pin at which the coin switch is open."""

    @property
    def min_frames(self) -> int:
        """The fewest frames of a closed switch that are a coin."""
        return max(self.equal_samples, math.ceil(self.frames(self.min_pulse_ms)))

    @property
    def max_frames(self) -> int:
        """The most frames of a closed switch that are a coin."""
        return math.floor(self.frames(self.max_pulse_ms))

    @property
    def min_period_frames(self) -> int:
        """The fewest frames from coin to coin."""
        return math.ceil(self.frames(self.min_period_ms))

    def frames(self, span_ms: float) -> float:
        """A span of time in frames of this board."""
        return span_ms * self.frame_hz / 1000


# The connector's specification (coin-op.org, "Player Input Connector"): closed for at least 50 ms;
# the coin counter's output lasts at least 60 ms. Its upper limit, far off, is that of a stuck switch.
JAMMA = BoardProfile("jamma")

# More than 70 ms, and 50 ms is unreliable: zsystem-arcade.bden.org/coin-impulse.
TETRIS_PLUS_2 = BoardProfile("tetris_plus_2", min_pulse_ms=70)

# More than 500 ms from coin to coin (Defender, Joust): zsystem-arcade.bden.org/coin-impulse.
WILLIAMS_EARLY = BoardProfile("williams_early", min_period_ms=501)

# About 150 ms between coins (planetarypinball.com, WPC manuals): after coins of 100 ms, if it is the rest.
WILLIAMS_WPC = BoardProfile("williams_wpc", min_period_ms=250, meter_delay_ms=5)

# At most 9 credits: github.com/libretro/flycast issue 430. Held too long: as with CAVE_TAITO.
NAOMI = BoardProfile("naomi", max_credits=9, max_pulse_ms=150, meter_delay_ms=100)

# Held too long, or repeated too fast: COIN ERROR (github.com/psomashekar/pr4m0d-MISTer-bin issue
# 16, on a real board). The makers publish no limits.
RAIZING = BoardProfile("raizing", max_pulse_ms=150, min_period_ms=200, too_fast="coin error")

# Held too long: a coin error (github.com/mamedev/mame issues 7720 and 12607). No limit is published.
CAVE_TAITO = BoardProfile("cave_taito", equal_samples=3, max_pulse_ms=150, meter_delay_ms=50)


def _by_the_millisecond(name: str, min_pulse_ms: float, max_pulse_ms: float) -> BoardProfile:
    """No arcade board: it samples its input each millisecond, and takes no notice of what is no coin."""
    return BoardProfile(
        name,
        frame_hz=1000,
        equal_samples=3,
        min_pulse_ms=min_pulse_ms,
        max_pulse_ms=max_pulse_ms,
        too_long="ignored",
    )


# Alliance (Speed Queen) washer, Coin 1: more than 15 ms and less than 130 ms (esmanual.top 424593).
WASHER_ALLIANCE = _by_the_millisecond("washer_alliance", 16, 129)

# What a DG600F at its slowest sends is taken, 100 ms ± 20 %, and nothing under 20 ms (SparkFun COM-11636).
DG600F = _by_the_millisecond("dg600f", 20, 120)

# 80 to 120 ms: MEI CashFlow 9520 manual.
MEI_CASHFLOW = _by_the_millisecond("mei_cashflow", 80, 120)

# An ICT note reader sends 50 ms (forum.rarib.net 26846); its machine takes 20 % more or less.
ICT = _by_the_millisecond("ict", 40, 60)

PROFILES = {
    profile.name: profile
    for profile in (
        JAMMA,
        TETRIS_PLUS_2,
        WILLIAMS_EARLY,
        WILLIAMS_WPC,
        NAOMI,
        RAIZING,
        CAVE_TAITO,
        WASHER_ALLIANCE,
        DG600F,
        MEI_CASHFLOW,
        ICT,
    )
}
