"""What the configuration means for the rules."""

from __future__ import annotations

from pathlib import Path

import pytest

from controller.board.tally import SLOTS
from controller.config.applied import MOST_ORDERED_AHEAD, ORDERED_AHEAD_S, ordered_ahead, rules_of
from controller.config.keys import CoinLineConfig, load_config

CONFIG = """\
machine_id: galaga-01
name: Galaga
accept_unsigned_coinpulse: true
payment_link: https://buy.example/1
broker: {host: broker.example.com, password: galaga-password}
coin_line: {pin: 17}
"""


@pytest.mark.parametrize(
    ("pulse_ms", "gap_ms", "ahead"),
    [(100, 150, 1), (50, 450, 0), (200, 250, 0), (50, 50, 2), (20, 20, 6), (5, 5, 8)],
)
def test_pulses_are_ordered_ahead_by_time(pulse_ms: int, gap_ms: int, ahead: int) -> None:
    """A quarter of a second with the gap, but no more than the tally can tell of."""
    assert ordered_ahead(CoinLineConfig(17, pulse_ms, gap_ms, 1)) == ahead
    assert ahead == MOST_ORDERED_AHEAD or ahead * (pulse_ms + gap_ms) + gap_ms >= ORDERED_AHEAD_S * 1000


def test_the_tally_holds_all_that_can_be_ordered() -> None:
    """The pulse on the wire, and those in line behind it."""
    assert MOST_ORDERED_AHEAD + 1 <= SLOTS


@pytest.mark.parametrize(
    ("inputs", "ahead"),
    [("", 1), ("ready: {pin: 23}", 0), ("coin_meter: {pin: 24}", 0), ("game_over: {pin: 22}", 1)],
)
def test_a_board_that_is_asked_before_each_pulse_gets_none_ahead(
    tmp_path: Path, inputs: str, ahead: int
) -> None:
    """What stands in line cannot be called back."""
    file = tmp_path / "config.yaml"
    file.write_text(CONFIG + inputs)
    file.chmod(0o600)

    assert rules_of(load_config(file)).ordered_ahead == ahead
