"""A line that hums keeps no other from being believed, by an exact clock: no moment of silence is needed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

import pytest
from cabinets import NOW_S, Bench, open_bench, payment
from test_decide_meter import METER, fire, metered_bench, pay

from controller.model.effects import Record, RecordPulse
from controller.model.events import InputChanged, InputLine
from controller.model.payment import PulseFate

LINES: tuple[InputLine, ...] = get_args(InputLine)
# 60 Hz through one opto-coupler and through two, a loose wire, a storm.
RATES = (120, 240, 1000, 10_000)
IN_TIME_S = 0.2


def hum(bench: Bench, line: InputLine, edges_a_second: int) -> Iterator[tuple[Record, ...]]:
    """Let one line hum for two seconds, with nothing between its edges; gives what each had written."""
    began_s = bench.now_s
    for number in range(1, 2 * edges_a_second + 1):
        bench.now_s = began_s + number / edges_a_second
        yield bench.handle(InputChanged(line, number % 2 == 1, bench.now_s)).records


def others(name: InputLine) -> list[InputLine]:
    """The lines beside one."""
    return [line for line in LINES if line != name]


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("noisy", others("ready"))
def test_a_ready_line_is_believed_in_time_however_another_hums(noisy: InputLine, rate: int) -> None:
    """The clock says how long it has held."""
    bench = open_bench(has_ready_line=True, coin_meter=METER)
    bench.handle(InputChanged("ready", True, bench.now_s))
    for _ in hum(bench, noisy, rate):
        if bench.cabinet.ready.level:
            break

    assert bench.now_s <= NOW_S + 0.05 + IN_TIME_S


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("noisy", others("coin_meter"))
def test_an_uncounted_pulse_is_decided_in_time_however_another_line_hums(noisy: InputLine, rate: int) -> None:
    """Its train would else stand still for as long as the noise lasts."""
    bench = pay(metered_bench(), payment())
    fire(bench, "pi_1", 1)
    due_s = bench.now_s + METER.within_s + METER.hold_s
    fates = [
        (record.fate, bench.now_s <= due_s + IN_TIME_S)
        for records in hum(bench, noisy, rate)
        for record in records
        if isinstance(record, RecordPulse)
    ]

    assert fates == [(PulseFate.UNCOUNTED, True)]
