"""What we send to each kind of board, against virtual boards of that kind, on a virtual clock."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, cycle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.model import board_profiles as sent
from simulator.board.model import board_profiles as accepted
from simulator.board.model.arcade_board import ArcadeBoard, Output

STARTS_S = 1.0
# Each edge comes so much too early or too late, on a Pi whose cores are busy.
JITTER_MS = 1.0

# The names are the same on both sides; custom figures, as they are unless changed, are for the usual board.
BOARDS = accepted.PROFILES | {sent.CUSTOM.name: accepted.JAMMA}

phases = st.floats(0, 1)
jitters_ms = st.lists(st.floats(-JITTER_MS, JITTER_MS), min_size=1, max_size=8)


@dataclass(frozen=True)
class Figures:
    """The shape of a train."""

    pulse_ms: float
    gap_ms: float
    settle_ms: float


def figures(profile: sent.BoardProfile) -> Figures:
    """Those of a profile."""
    return Figures(profile.pulse_ms, profile.gap_ms, profile.settle_ms)


def trains(shape: Figures, pulses: Sequence[int], jitter_ms: Sequence[float]) -> list[list[float]]:
    """The times of all edges, rising and falling in turn, in a list for each payment of so many pulses."""
    late_ms = cycle(jitter_ms)
    at_ms, times = STARTS_S * 1000, []
    for count in pulses:
        edges = []
        for number in range(count):
            at_ms += shape.gap_ms if number else 0.0
            edges += [at_ms + next(late_ms), at_ms + shape.pulse_ms + next(late_ms)]
            at_ms += shape.pulse_ms
        at_ms += shape.settle_ms
        times.append([edge / 1000 for edge in edges])
    return times


def board_of(profile: accepted.BoardProfile, phase: float) -> ArcadeBoard:
    """A board whose frames fall anywhere within one of ours."""
    return ArcadeBoard(profile, powered_at_s=phase / profile.frame_hz)


def feed(board: ArcadeBoard, times: list[list[float]]) -> Iterator[int]:
    """Send payment after payment; the board's credits right before the next begins, which are played then."""
    for number, edges in enumerate(times):
        for count, at_s in enumerate(edges):
            board.edge(1 - count % 2, at_s)
        rested_s = times[number + 1][0] if number + 1 < len(times) else edges[-1] + 1.0
        board.run_until(rested_s)
        yield board.view().credits
        while board.press_start(rested_s):
            pass


@dataclass(frozen=True)
class Outcome:
    """What a board made of the trains; `meter` is every edge of its coin meter."""

    credits: list[int]
    coins: int
    coin_error: str | None
    meter: list[tuple[str, bool]]


def outcome(board: ArcadeBoard, times: list[list[float]]) -> Outcome:
    """Feed the trains, and look."""
    credits = list(feed(board, times))
    meter = [(edge.line, edge.active) for edge in board.take_outputs()]
    return Outcome(credits, board.view().coins, board.view().coin_error, meter)


def meter_edges(coins: int) -> list[tuple[str, bool]]:
    """The coin meter's, for so many coins."""
    return [("coin_meter", True), ("coin_meter", False)] * coins


def most_credits(profile: sent.BoardProfile) -> int:
    """What one payment may bring without the board swallowing any of it; never over a long train."""
    return min(12, profile.max_credits or 12)


every_profile = pytest.mark.parametrize("profile", sent.PROFILES.values(), ids=lambda profile: profile.name)


def test_every_profile_has_its_virtual_board() -> None:
    """And every virtual board a profile."""
    assert set(BOARDS) == set(sent.PROFILES)


@every_profile
def test_a_profile_keeps_its_own_limits(profile: sent.BoardProfile) -> None:
    """With room for the jitter: the two edges of a pulse may be off in opposite ways."""
    longest_ms = profile.longest_ms or 1000
    assert profile.shortest_ms + 2 * JITTER_MS <= profile.pulse_ms <= longest_ms - 2 * JITTER_MS
    assert profile.gap_ms <= profile.settle_ms


@every_profile
@settings(max_examples=200)
@given(data=st.data(), phase=phases, jitter_ms=jitters_ms, coins_per_credit=st.integers(1, 3))
def test_every_board_counts_exactly_what_was_paid(
    profile: sent.BoardProfile,
    data: st.DataObject,
    phase: float,
    jitter_ms: list[float],
    coins_per_credit: int,
) -> None:
    """Payment by payment, without a coin error, and each coin on its meter, whatever the phase."""
    credits = data.draw(st.lists(st.integers(1, most_credits(profile)), min_size=1, max_size=5))
    board = board_of(replace(BOARDS[profile.name], coins_per_credit=coins_per_credit), phase)
    pulses = [count * coins_per_credit for count in credits]
    times = trains(figures(profile), pulses, jitter_ms)

    assert [len(edges) for edges in times] == [2 * count for count in pulses]
    assert list(chain(*times)) == sorted(chain(*times))
    assert outcome(board, times) == Outcome(credits, sum(pulses), None, meter_edges(sum(pulses)))


@every_profile
@given(phase=phases, jitter_ms=jitters_ms)
def test_the_coin_meter_answers_in_time_and_for_long_enough(
    profile: sent.BoardProfile, phase: float, jitter_ms: list[float]
) -> None:
    """Within the 500 ms that config.yaml waits by default, and for the 60 ms that it may debounce."""
    board = board_of(BOARDS[profile.name], phase)
    ((rose_s, fell_s),) = trains(figures(profile), [1], jitter_ms)
    board.edge(1, rose_s)
    board.edge(0, fell_s)
    board.run_until(fell_s + 1.0)
    rise, fall = board.take_outputs()

    assert (rise, fall) == (
        Output(rise.at_s, "coin_meter", active=True),
        Output(fall.at_s, "coin_meter", active=False),
    )
    assert fell_s < rise.at_s <= fell_s + 0.5
    assert fall.at_s - rise.at_s == pytest.approx(0.06)


# Boards that would take everything would prove nothing.

USUAL = Figures(100, 150, 150)


@pytest.mark.parametrize(
    ("board", "shape"),
    [
        (accepted.JAMMA, replace(USUAL, pulse_ms=30)),
        (accepted.JAMMA, replace(USUAL, gap_ms=5)),
        (accepted.JAMMA, replace(USUAL, settle_ms=5)),
        (accepted.TETRIS_PLUS_2, replace(USUAL, pulse_ms=50)),
        (accepted.WILLIAMS_EARLY, USUAL),
        (accepted.WILLIAMS_EARLY, Figures(100, 450, 150)),
        (accepted.WILLIAMS_WPC, Figures(100, 100, 100)),
        (accepted.NAOMI, replace(USUAL, pulse_ms=30)),
        (accepted.CAVE_TAITO, replace(USUAL, pulse_ms=30)),
        (accepted.RAIZING, replace(USUAL, pulse_ms=30)),
        (accepted.WASHER_ALLIANCE, replace(USUAL, pulse_ms=10)),
        (accepted.WASHER_ALLIANCE, replace(USUAL, pulse_ms=140)),
        (accepted.DG600F, replace(USUAL, pulse_ms=15)),
        (accepted.DG600F, replace(USUAL, pulse_ms=130)),
        (accepted.MEI_CASHFLOW, replace(USUAL, pulse_ms=70)),
        (accepted.MEI_CASHFLOW, replace(USUAL, pulse_ms=130)),
        (accepted.ICT, USUAL),
    ],
    ids=lambda value: value.name if isinstance(value, accepted.BoardProfile) else str(value),
)
@given(phase=phases, jitter_ms=jitters_ms)
def test_wrong_figures_are_miscounted(
    board: accepted.BoardProfile, shape: Figures, phase: float, jitter_ms: list[float]
) -> None:
    """Too short, too long or too fast: fewer coins than were paid, whatever the phase."""
    times = trains(shape, [3, 2], jitter_ms)

    seen = outcome(board_of(board, phase), times)

    assert seen.coins < 5
    assert (sum(seen.credits), seen.meter) == (seen.coins, meter_edges(seen.coins))


@pytest.mark.parametrize(
    ("board", "shape", "error"),
    [
        (accepted.JAMMA, replace(USUAL, pulse_ms=600), "coin switch closed for over 500 ms"),
        (accepted.NAOMI, replace(USUAL, pulse_ms=200), "coin switch closed for over 150 ms"),
        (accepted.CAVE_TAITO, replace(USUAL, pulse_ms=200), "coin switch closed for over 150 ms"),
        (accepted.RAIZING, replace(USUAL, pulse_ms=200), "coin switch closed for over 150 ms"),
        (accepted.RAIZING, replace(USUAL, gap_ms=60), "coins less than 200 ms apart"),
        (accepted.RAIZING, replace(USUAL, settle_ms=60), "coins less than 200 ms apart"),
    ],
    ids=lambda value: value.name if isinstance(value, accepted.BoardProfile) else str(value),
)
@given(phase=phases, jitter_ms=jitters_ms)
def test_wrong_figures_are_a_coin_error(
    board: accepted.BoardProfile, shape: Figures, error: str, phase: float, jitter_ms: list[float]
) -> None:
    """Held too long, or repeated too fast, within a payment and between two."""
    seen = outcome(board_of(board, phase), trains(shape, [2, 2], jitter_ms))

    assert (seen.coin_error, seen.coins < 4) == (error, True)


@given(phase=phases, jitter_ms=jitters_ms)
def test_a_naomi_swallows_what_its_profile_says_it_cannot_hold(phase: float, jitter_ms: list[float]) -> None:
    """The meter counts all of it, so that only max_credits keeps a payment from being lost."""
    most = sent.NAOMI.max_credits
    assert most is not None
    times = trains(figures(sent.NAOMI), [most + 1], jitter_ms)

    seen = outcome(board_of(accepted.NAOMI, phase), times)

    assert seen == Outcome([most], most + 1, None, meter_edges(most + 1))
