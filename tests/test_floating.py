"""When a pin floats: the figures."""

from __future__ import annotations

from controller.rules.floating import LOOKED_FOR_S, coin_pin_floats, input_floats


def test_a_coin_pin_moves_by_nothing_but_us() -> None:
    """One edge may be of something that let go of it just then."""
    assert [edges for edges in range(4) if coin_pin_floats(edges)] == [2, 3]


def test_an_input_may_count_a_coin_while_it_is_looked_at() -> None:
    """The fastest coin meter bounces 50 times a second; the slowest hum has 100 edges."""
    assert LOOKED_FOR_S == 0.2
    assert [edges for edges in (0, 4, 10, 11, 20) if input_floats(edges, LOOKED_FOR_S)] == [11, 20]
