"""When test credits could not reach the board, and what clearing faults ends."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from cabinets import NOW_S, Bench, bare_bench, open_bench, payment, session, started_bench, train

from controller.model.events import CreditTestRequested, FaultsCleared, InputChanged
from controller.model.payment import Payment
from controller.model.policy import MeterRules
from controller.rules.technician import to_be_cleared, why_not

METER = MeterRules(0.01, 0.5, out_of_order_after=3)
TWO_TO_COME = train(payment(credits=2))
TRIAL = Payment("test-1f", 2, None, None, has_receipt=False, test=True)


def reason(bench: Bench, credits: int = 1) -> str | None:
    return why_not(bench.cabinet, credits, bench.now_s)


def changed(bench: Bench, **fields: Any) -> Bench:
    bench.cabinet = replace(bench.cabinet, **fields)
    return bench


@pytest.mark.parametrize(
    ("bench", "why"),
    [
        (bare_bench(), "the controller is still starting: ask again"),
        (changed(open_bench(), stopping=True), "the controller is stopping"),
        (
            changed(open_bench(), coin_line_trouble="coin line: its process does not answer"),
            "coin line: its process does not answer",
        ),
        (
            changed(open_bench(), ledger_trouble="ledger cannot be written: full"),
            "ledger cannot be written: full",
        ),
        (
            started_bench(board=None)[0],
            "the ledger is new: no pulse leaves until the relay has named what was open",
        ),
        (
            open_bench(board_boot_s=NOW_S + 12.0),
            "the board may still be starting: ask again in 12 s (board_boot_s)",
        ),
        (open_bench(has_ready_line=True), "the board is not ready for coins"),
        (changed(open_bench(), trains=(train(TRIAL),)), "test-1f is still under way: wait for its end"),
        (
            changed(
                open_bench(max_credits=9), session=session(credits=7), trains=(train(payment(credits=2)),)
            ),
            "the board holds 9 credits, and has 7 with 2 to come: ask for fewer, or play some",
        ),
        (changed(open_bench(max_credits=9), session=session(credits=8)), None),
        (changed(open_bench(), trains=(train(payment()),)), None),
        (changed(open_bench(coin_meter=METER), uncounted=3), None),
        (open_bench(), None),
    ],
)
def test_why_test_credits_could_not_reach_the_board(bench: Bench, why: str | None) -> None:
    """What was paid before, and out of order by the meter, are no reasons."""
    assert reason(bench) == why


def test_a_board_that_has_just_become_ready_will_get_them() -> None:
    """The pulse waits until that is believed, which is a moment."""
    bench = open_bench(has_ready_line=True)
    bench.handle(InputChanged("ready", active=True, at_s=bench.now_s))
    assert (reason(bench), bench.cabinet.board_ready) == (None, False)

    bench.handle(InputChanged("ready", active=False, at_s=bench.now_s + 0.01))
    assert reason(bench) == "the board is not ready for coins"


def test_a_test_is_under_way_until_its_end() -> None:
    """Then the next may be asked for."""
    bench = open_bench()
    bench.handle(CreditTestRequested("test-1f", 1))
    assert reason(bench) == "test-1f is still under way: wait for its end"
    bench.wait(0.01)
    bench.fired("test-1f", 1)
    assert reason(bench) is None


@pytest.mark.parametrize(
    ("uncounted", "damaged", "ended"),
    [
        (0, (), ()),
        (2, (), ()),
        (3, (), ("coin meter: the last 3 coin pulses were not counted by the board",)),
        (
            4,
            ("ledger damaged: kept as x",),
            ("coin meter: the last 4 coin pulses were not counted by the board", "ledger damaged: kept as x"),
        ),
    ],
)
def test_what_clearing_ends(uncounted: int, damaged: tuple[str, ...], ended: tuple[str, ...]) -> None:
    """What it names is a fault before, and none afterwards."""
    bench = changed(open_bench(coin_meter=METER), uncounted=uncounted, ledger_faults=damaged)
    assert to_be_cleared(bench.cabinet) == ended
    assert set(ended) <= set(bench.faults)

    bench.handle(FaultsCleared())
    assert (to_be_cleared(bench.cabinet), bench.faults) == ((), ())
