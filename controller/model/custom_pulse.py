"""CORE. What published figures say of a pulse that a technician made up: impossible, or only unwise."""

from __future__ import annotations

from controller.model.board_profiles import (
    CUSTOM,
    JAMMA,
    TETRIS_PLUS_2,
    WASHER_ALLIANCE,
    WILLIAMS_EARLY,
    BoardProfile,
)

# The longest pulse and the shortest gap that anybody published as in use, of all that send coin pulses.
LONGEST_PULSE_MS, SHORTEST_GAP_MS = 200, 10
# More than this lies between two coins of an early Williams board.
WILLIAMS_PERIOD_MS = 500
# A board samples its coin line once a frame, and believes a few equal samples only: 3 frames at 60 Hz.
FRAMES_TO_BELIEVE_MS = 50

_WINDOWS: tuple[tuple[str, BoardProfile], ...] = (
    ("an arcade board's coin input", JAMMA),
    ("Tetris Plus 2", TETRIS_PLUS_2),
    ("an Alliance washer", WASHER_ALLIANCE),
)


def refused_pulse(pulse_ms: int) -> str | None:
    """Why no board would take a pulse of this length, or None."""
    if pulse_ms < CUSTOM.shortest_ms:
        return (
            f"write {CUSTOM.shortest_ms} or more: what is shorter should be rejected as noise "
            "(DG600F coin acceptor, SparkFun COM-11636 manual)"
        )
    if pulse_ms > LONGEST_PULSE_MS:
        return (
            f"write {LONGEST_PULSE_MS} or less: the longest in published use is that of a billmock "
            "(github.com/pmnxis/billmock-app-rs), and many boards show a coin error"
        )
    return None


def refused_gap(gap_ms: int) -> str | None:
    """Why no board would tell two pulses apart, or None."""
    if gap_ms < SHORTEST_GAP_MS:
        return (
            f"write {SHORTEST_GAP_MS} or more: the shortest in published use is that of a Nayax VPOS "
            "(nayax-u.nayax.com 65325)"
        )
    return None


def doubtful_pulse(pulse_ms: int) -> list[str]:
    """The well-known boards that would not take it, each with what it would take."""
    doubts = []
    for who, profile in _WINDOWS:
        if pulse_ms < profile.shortest_ms:
            doubts.append(f"too short for {who}: {profile.shortest_ms} ms or more ({profile.source})")
        if profile.longest_ms is not None and pulse_ms > profile.longest_ms:
            doubts.append(f"too long for {who}: {profile.longest_ms} ms at most ({profile.source})")
    return doubts


def doubtful_gap(pulse_ms: int, gap_ms: int) -> list[str]:
    """The well-known boards that would count too few of such pulses."""
    doubts = []
    if gap_ms < FRAMES_TO_BELIEVE_MS:
        doubts.append(
            f"under {FRAMES_TO_BELIEVE_MS} ms (3 frames at 60 Hz), so that a board which samples once "
            "a frame may take two coins for one"
        )
    if (period_ms := pulse_ms + gap_ms) <= WILLIAMS_PERIOD_MS:
        doubts.append(
            f"{period_ms} ms from coin to coin, too fast for early Williams boards: "
            f"more than {WILLIAMS_PERIOD_MS} ms ({WILLIAMS_EARLY.source})"
        )
    return doubts
