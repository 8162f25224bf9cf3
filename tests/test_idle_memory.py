"""The bound of DESIGN on the memory of a cabinet's controller, held against the real one."""

from __future__ import annotations

from bench.idle import MEMORY_TARGET_MB, children, installed_chain, memory_mb
from bench.world.sales import buy, wait


def test_controller_and_coin_line_stay_below_their_bound_behind_a_sale() -> None:
    """Each has its part of what they share; whatever is imported more than today is seen here first."""
    with installed_chain() as chain:
        buy(chain, 3)
        wait(lambda: chain.board.view().coins == 3, "three coins")
        taken_mb = [memory_mb(pid, "Pss") for pid in (chain.controller.pid, *children(chain.controller.pid))]

    assert (len(taken_mb), sum(taken_mb) < MEMORY_TARGET_MB) == (2, True), taken_mb
