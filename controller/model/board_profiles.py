"""CORE. How we drive each kind of board: the shape of its coin pulses, by the name a technician gives it.

What a board takes is another matter: simulator/board/model/board_profiles.py has that, on purpose in a
table of its own, so that each can be held against the other.
"""

from __future__ import annotations

from dataclasses import dataclass

_CONNECTOR = "coin-op.org, Player Input Connector"
_COIN_IMPULSE = "zsystem-arcade.bden.org/coin-impulse"
_DG600F = "SparkFun COM-11636 manual"


@dataclass(frozen=True)
class BoardProfile:
    """The coin pulses for one kind of board, and what is published about the pulses that it takes.

    Where nothing published speaks against it, a pulse is 100 ms, and 150 ms lie between two.
    """

    name: str
    what: str
    source: str
    """The publication that the limits come from, and what differs from the usual figures."""
    pulse_ms: int = 100
    gap_ms: int = 150
    settle_ms: int = 150
    """The rest between the last pulse of one payment and the first of the next; never less than the gap."""
    pulses_per_credit: int = 1
    max_credits: int | None = None
    """What the board's credit counter holds; None where it has no limit that anybody would reach."""
    shortest_ms: int = 50
    """The shortest pulse that is taken. Where the source names none it is the connector's 50 ms."""
    longest_ms: int | None = None
    """The longest pulse that is taken; None where nobody published one."""


JAMMA = BoardProfile("jamma", "nearly every arcade board", _CONNECTOR)
TETRIS_PLUS_2 = BoardProfile(
    "tetris_plus_2", "Tetris Plus 2: needs more than 70 ms", _COIN_IMPULSE, shortest_ms=71
)
WILLIAMS_EARLY = BoardProfile(
    "williams_early",
    "early Williams boards (Defender, Joust): more than 500 ms from coin to coin",
    _COIN_IMPULSE,
    gap_ms=450,
    settle_ms=450,
)
WILLIAMS_WPC = BoardProfile(
    "williams_wpc",
    "Williams and Bally WPC pinball: about 150 ms between coins",
    "planetarypinball.com, WPC manuals",
    gap_ms=200,
    settle_ms=200,
)
RAIZING = BoardProfile(
    "raizing",
    "Raizing boards: COIN ERROR and a restart if held too long or repeated too fast",
    "github.com/psomashekar/pr4m0d-MISTer-bin issue 16",
)
CAVE_TAITO = BoardProfile(
    "cave_taito",
    "Cave and Taito boards: a coin error if held too long, and some erase their scores",
    "github.com/mamedev/mame issues 7720 and 12607",
)
NAOMI = BoardProfile(
    "naomi",
    "Sega NAOMI, and Atomiswave, which shows a coin error if held too long: at most 9 credits",
    "github.com/libretro/flycast issue 430; github.com/mamedev/mame issues 7720 and 12607",
    max_credits=9,
)
WASHER_ALLIANCE = BoardProfile(
    "washer_alliance",
    "Alliance (Speed Queen) washer, input Coin 1",
    "esmanual.top 424593",
    shortest_ms=16,
    longest_ms=129,
)
# At its slowest the acceptor sends 100 ms ± 20 %, and what listens to it should take under 20 ms for noise.
DG600F = BoardProfile(
    "dg600f",
    "a machine made for a DG600F coin acceptor at its slow setting",
    _DG600F,
    shortest_ms=20,
    longest_ms=120,
)
MEI_CASHFLOW = BoardProfile(
    "mei_cashflow",
    "a machine made for a MEI CashFlow 9520 coin acceptor",
    "MEI CashFlow 9520 manual",
    shortest_ms=80,
    longest_ms=120,
)
# The gap is the longer one of the reader's two. Its machine adds pulses up to a note, so that payments are
# kept as far apart as notes are: the second is our choice.
ICT = BoardProfile(
    "ict",
    "a machine made for an ICT note reader: 50 ms on, then 100 or 300 ms off",
    f"forum.rarib.net 26846; shortest: {_DG600F}",
    pulse_ms=50,
    gap_ms=300,
    settle_ms=1000,
    shortest_ms=20,
)
CUSTOM = BoardProfile(
    "custom",
    "anything else: the pulse of coin_line.pulse_ms, gap_ms and settle_ms",
    f"shortest: {_DG600F}",
    shortest_ms=20,
)

PROFILES = {
    profile.name: profile
    for profile in (
        JAMMA,
        TETRIS_PLUS_2,
        WILLIAMS_EARLY,
        WILLIAMS_WPC,
        RAIZING,
        CAVE_TAITO,
        NAOMI,
        WASHER_ALLIANCE,
        DG600F,
        MEI_CASHFLOW,
        ICT,
        CUSTOM,
    )
}
