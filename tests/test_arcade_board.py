from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.board.model.arcade_board import ArcadeBoard, BoardView, Output
from simulator.board.model.board_profiles import (
    ICT,
    JAMMA,
    NAOMI,
    PROFILES,
    RAIZING,
    TETRIS_PLUS_2,
    WASHER_ALLIANCE,
    WILLIAMS_EARLY,
    WILLIAMS_WPC,
    BoardProfile,
)

FRAME_S = 1 / 60
PULSE_S, GAP_S = 0.1, 0.15

phases_s = st.floats(0, FRAME_S)


def board_of(profile: BoardProfile = JAMMA) -> ArcadeBoard:
    """A board that was switched on at 0 s."""
    return ArcadeBoard(profile, powered_at_s=0.0)


def train(
    board: ArcadeBoard,
    coins: int,
    *,
    from_s: float = 1.005,
    pulse_s: float = PULSE_S,
    gap_s: float = GAP_S,
) -> float:
    """Feed a train of pulses; the time at which the board has seen its last gap."""
    closed = 1 - board.profile.idle_level
    for _ in range(coins):
        board.edge(closed, from_s)
        board.edge(1 - closed, from_s + pulse_s)
        from_s += pulse_s + gap_s
    board.run_until(from_s)
    return from_s


def seen(board: ArcadeBoard) -> BoardView:
    """The view without its pulses."""
    return replace(board.view(), pulses=())


def idle_view(**changes: object) -> BoardView:
    """A board at rest, but for some changes."""
    at_rest: dict[str, object] = {
        "credits": 0,
        "coins": 0,
        "cash_coins": 0,
        "playing": False,
        "game_over": False,
        "coin_error": None,
        "ready": True,
        "pulses": (),
    }
    return BoardView(**(at_rest | changes))  # type: ignore[arg-type]


# Pulses that are coins


@given(coins=st.integers(0, 30), phase_s=phases_s)
def test_counts_every_coin_of_a_train(coins: int, phase_s: float) -> None:
    """A train of 100 ms on and 150 ms off counts whole, wherever in a frame it begins."""
    board = board_of()

    train(board, coins, from_s=1 + phase_s)

    assert seen(board) == idle_view(credits=coins, coins=coins)


@pytest.mark.parametrize(
    "profile",
    [p for p in PROFILES.values() if p not in (WILLIAMS_EARLY, WILLIAMS_WPC, ICT)],
    ids=lambda p: p.name,
)
@given(phase_s=phases_s)
def test_default_train_suits_every_board_but_three(profile: BoardProfile, phase_s: float) -> None:
    """100 ms on and 150 ms off: two want more rest, and a note reader's machine wants less of a pulse."""
    board = board_of(profile)

    train(board, 5, from_s=1 + phase_s)

    assert seen(board) == idle_view(credits=5, coins=5)


@given(phase_s=phases_s)
def test_idle_level_turns_the_line_around(phase_s: float) -> None:
    """A board that rests at level 1 counts pulses down to 0."""
    board = board_of(replace(JAMMA, idle_level=1))

    train(board, 3, from_s=1 + phase_s)

    assert seen(board) == idle_view(credits=3, coins=3)


def test_counts_a_coin_on_its_released_edge() -> None:
    """A switch that is still closed is no coin yet."""
    board = board_of()
    board.edge(1, 1.005)
    board.run_until(1.3)
    assert seen(board) == idle_view()

    board.edge(0, 1.305)
    board.run_until(1.4)

    assert seen(board) == idle_view(credits=1, coins=1)


def test_shows_the_pulses_as_sampled() -> None:
    """Two equal samples confirm each edge: of 1.005 s that in frame 62, of 1.105 s in frame 68."""
    board = board_of()

    train(board, 1)

    assert board.view().pulses == ((62 / 60, 68 / 60),)


# Pulses that are none


@given(phase_s=phases_s, count=st.integers(1, 20))
def test_glitches_of_10_ms_are_no_coins(phase_s: float, count: int) -> None:
    """One sample at most falls into 10 ms, and one is not believed."""
    board = board_of()

    train(board, count, from_s=1 + phase_s, pulse_s=0.01)

    assert board.view() == idle_view()


@given(phase_s=phases_s)
def test_a_dropout_inside_a_pulse_does_not_make_two(phase_s: float) -> None:
    """A contact that opens for 10 ms in the middle of a pulse still makes one coin."""
    board = board_of()
    start_s = 1 + phase_s
    for level, after_s in ((1, 0.0), (0, 0.05), (1, 0.06), (0, 0.15)):
        board.edge(level, start_s + after_s)

    board.run_until(2.0)

    assert seen(board) == idle_view(credits=1, coins=1)


@given(phase_s=phases_s)
def test_tetris_plus_2_misses_coins_of_50_ms(phase_s: float) -> None:
    """Three samples are too few for a board that wants more than 70 ms."""
    board = board_of(TETRIS_PLUS_2)

    train(board, 3, from_s=1 + phase_s, pulse_s=0.05)

    assert seen(board) == idle_view()


@given(phase_s=phases_s)
def test_the_washer_ignores_coins_of_200_ms(phase_s: float) -> None:
    """The washer takes less than 130 ms, and has no coin error to show."""
    board = board_of(WASHER_ALLIANCE)

    train(board, 3, from_s=1 + phase_s, pulse_s=0.2)

    assert seen(board) == idle_view()


def test_early_williams_ignores_every_second_coin_of_a_fast_train() -> None:
    """Coins 300 ms apart: each that follows a counted one within 500 ms is lost."""
    board = board_of(WILLIAMS_EARLY)

    train(board, 6, gap_s=0.2)

    assert seen(board) == idle_view(credits=3, coins=3)


def test_early_williams_counts_slow_coins() -> None:
    """Coins 550 ms apart all count."""
    board = board_of(WILLIAMS_EARLY)

    train(board, 6, gap_s=0.45)

    assert seen(board) == idle_view(credits=6, coins=6)


# Coin errors


def test_a_switch_that_stays_closed_is_a_coin_error() -> None:
    """The error shows while the switch is still closed."""
    board = board_of()
    board.edge(1, 1.005)

    board.run_until(1.6)

    assert seen(board) == idle_view(coin_error="coin switch closed for over 500 ms")


def test_a_pulse_that_was_too_long_is_no_coin_when_it_ends() -> None:
    """The released edge after a coin error counts nothing."""
    board = board_of()

    train(board, 1, pulse_s=0.6)

    assert seen(board) == idle_view(coin_error="coin switch closed for over 500 ms")


def test_raizing_shows_a_coin_error_for_fast_coins() -> None:
    """The first coin counts, the second one 150 ms later is the error."""
    board = board_of(RAIZING)

    train(board, 2, gap_s=0.05)

    assert seen(board) == idle_view(credits=1, coins=1, coin_error="coins less than 200 ms apart")


def test_a_board_in_coin_error_counts_no_coin() -> None:
    """Neither from the wire nor from its own mech, until it is switched off and on."""
    board = board_of()
    now_s = train(board, 1, pulse_s=0.6)

    board.insert_cash_coin(now_s)
    train(board, 2, from_s=now_s)

    assert seen(board) == idle_view(coin_error="coin switch closed for over 500 ms")


def test_a_power_cycle_ends_a_coin_error() -> None:
    """Afterwards coins count again."""
    board = board_of()
    now_s = train(board, 1, pulse_s=0.6)

    board.power_cycle(now_s)
    train(board, 2, from_s=now_s + 0.1)

    assert seen(board) == idle_view(credits=2, coins=2)


# Credits and games


def test_naomi_swallows_coins_beyond_nine_credits() -> None:
    """The coins are counted all the same, so a coin meter tells nothing of it."""
    board = board_of(NAOMI)

    train(board, 12)

    assert seen(board) == idle_view(credits=9, coins=12)


def test_two_coins_make_a_credit_where_the_profile_says_so() -> None:
    """Of five coins at two for a credit, one is left over, and counts towards the next."""
    board = board_of(replace(JAMMA, coins_per_credit=2))
    now_s = train(board, 5)
    assert seen(board) == idle_view(credits=2, coins=5)

    board.insert_cash_coin(now_s)

    assert seen(board) == idle_view(credits=3, coins=6, cash_coins=1)


def test_start_takes_a_credit() -> None:
    """A game begins, and one credit fewer is left."""
    board = board_of()
    now_s = train(board, 2)

    assert board.press_start(now_s)

    assert seen(board) == idle_view(credits=1, coins=2, playing=True)


def test_start_without_a_credit_does_nothing() -> None:
    """The button is dead without a credit."""
    board = board_of()

    assert not board.press_start(1.0)

    assert seen(board) == idle_view()


def test_end_of_a_game_pulses_the_game_over_line() -> None:
    """The line is active for 200 ms from the end of the game."""
    board = board_of()
    now_s = train(board, 1)
    board.press_start(now_s)
    board.take_outputs()

    assert board.end_game(5.0)
    board.run_until(6.0)

    assert seen(board) == idle_view(coins=1, game_over=True)
    assert board.take_outputs() == [
        Output(5.0, "game_over", active=True),
        Output(5.2, "game_over", active=False),
    ]


def test_end_of_no_game_does_nothing() -> None:
    """Nobody plays: there is no game over to show, nor to tell."""
    board = board_of()

    assert not board.end_game(1.0)
    board.run_until(2.0)

    assert seen(board) == idle_view()
    assert board.take_outputs() == []


def test_game_over_is_shown_until_the_next_credit() -> None:
    """The next coin brings the board back to its attract screen."""
    board = board_of()
    board.press_start(train(board, 1))
    board.end_game(5.0)
    assert board.view().game_over

    board.insert_cash_coin(6.0)

    assert seen(board) == idle_view(credits=1, coins=2, cash_coins=1)


def test_auto_start_plays_as_soon_as_there_is_a_credit() -> None:
    """A board without a start button starts by itself, and keeps further credits."""
    board = board_of(replace(JAMMA, auto_start=True))

    train(board, 2)

    assert seen(board) == idle_view(credits=1, coins=2, playing=True)


def test_power_cycle_loses_credits_and_the_game() -> None:
    """Only the coin counter stays."""
    board = board_of()
    board.press_start(train(board, 3))

    board.power_cycle(5.0)

    assert seen(board) == idle_view(coins=3)


# Output lines


def meter_pulse(rise_s: float) -> list[Output]:
    """A pulse of 60 ms on the coin meter's line."""
    return [
        Output(rise_s, "coin_meter", active=True),
        Output(rise_s + 0.06, "coin_meter", active=False),
    ]


def test_coin_meter_pulses_once_for_each_coin() -> None:
    """20 ms after each coin, in frames 68, 83 and 98, the line is active for 60 ms."""
    board = board_of()

    train(board, 3)

    assert board.take_outputs() == [
        output for frame in (68, 83, 98) for output in meter_pulse(frame / 60 + 0.02)
    ]


def test_coin_meter_pulses_of_simultaneous_coins_do_not_merge() -> None:
    """Three coins at once: three pulses, with gaps as long as a pulse."""
    board = board_of()
    for _ in range(3):
        board.insert_cash_coin(1.0)

    board.run_until(2.0)

    first_s = 1.0 + 0.02
    assert board.take_outputs() == [
        *meter_pulse(first_s),
        *meter_pulse(first_s + 0.12),
        *meter_pulse(first_s + 0.12 + 0.12),
    ]


def test_ready_line_follows_the_board() -> None:
    """The line begins active, and changes once for each change."""
    board = board_of()
    assert board.is_active("ready")

    board.set_ready(False, 1.0)
    board.set_ready(False, 2.0)
    board.set_ready(True, 3.0)
    board.run_until(4.0)

    assert board.take_outputs() == [
        Output(1.0, "ready", active=False),
        Output(3.0, "ready", active=True),
    ]


def test_power_cycle_cuts_a_coin_meter_pulse_short() -> None:
    """A line that was active falls back, and what was planned never comes."""
    board = board_of()
    board.insert_cash_coin(1.0)
    board.insert_cash_coin(1.0)

    board.power_cycle(1.05)
    board.run_until(2.0)

    assert board.take_outputs() == [
        Output(1.02, "coin_meter", active=True),
        Output(1.05, "coin_meter", active=False),
    ]


# Time

wire_edges = st.lists(st.floats(0.001, 0.7), max_size=30)


def edges_from(spans_s: list[float]) -> list[tuple[int, float]]:
    """Edges in turn closed and open, so far apart."""
    at_s, edges = 0.0, []
    for count, span_s in enumerate(spans_s):
        at_s += span_s
        edges.append((1 - count % 2, at_s))
    return edges


@pytest.mark.parametrize("profile", [JAMMA, RAIZING, replace(WILLIAMS_EARLY, auto_start=True)])
@given(spans_s=wire_edges, step_ms=st.integers(1, 400))
def test_a_late_run_sees_what_a_punctual_one_saw(
    profile: BoardProfile, spans_s: list[float], step_ms: int
) -> None:
    """Run once at the end, or step by step with each edge just in time: the same board."""
    edges = edges_from(spans_s)
    end_s = (edges[-1][1] if edges else 0.0) + 3
    late, punctual = board_of(profile), board_of(profile)
    for level, at_s in edges:
        late.edge(level, at_s)

    late.run_until(end_s)
    for step in range(1, int(end_s * 1000 / step_ms) + 1):
        now_s = step * step_ms / 1000
        while edges and edges[0][1] <= now_s:
            punctual.edge(*edges.pop(0))
        punctual.run_until(now_s)
    for edge in edges:
        punctual.edge(*edge)
    punctual.run_until(end_s)

    assert punctual.view() == late.view()
    assert punctual.take_outputs() == late.take_outputs()


def test_an_edge_that_comes_too_late_is_seen_in_the_next_frame() -> None:
    """What a board has seen is not changed afterwards."""
    board = board_of()
    board.run_until(1.0)
    board.edge(1, 0.5)
    board.edge(0, 1.095)

    board.run_until(2.0)

    assert board.view().pulses == ((62 / 60, 67 / 60),)
