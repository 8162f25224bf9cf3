"""What the benchmarks say of a train of pulses is true; how fast a machine is, no test says."""

from __future__ import annotations

import threading

import pytest
import requests

from bench import siege
from bench.coin_line import Train, measure, measure_rival
from bench.measure.cyclictest import _latencies_ms
from bench.measure.spread import Errors, Spread, errors, spread
from bench.world.siege_world import Site, Waits, waiting
from simulator.board.model.edge import Edge


def train(*at_ms: float) -> list[Edge]:
    """Edges at these times, the first one rising."""
    return [Edge(17, 1 - number % 2, ms / 1000) for number, ms in enumerate(at_ms)]


def test_widths_and_gaps_are_told_apart() -> None:
    """The last gap has no end, and is none."""
    found = errors(train(0, 20, 40, 65, 84, 104), pulse_ms=20, gap_ms=20)
    assert [round(ms, 6) for ms in found.widths_ms] == [0, 5, 0]
    assert [round(ms, 6) for ms in found.gaps_ms] == [0, -1]


def test_a_pulse_that_is_too_short_counts_as_one_too_long() -> None:
    """Nothing evens out."""
    found = Errors(widths_ms=[-3.0, 0.0, 2.0], gaps_ms=[0.0])
    assert found.width == Spread(count=3, median_ms=2.0, p999_ms=3.0, worst_ms=3.0)


@pytest.mark.parametrize("edges", [train(0), [*train(0, 20), Edge(17, 0, 0.04)]])
def test_what_is_no_train_is_refused(edges: list[Edge]) -> None:
    """A line that stays active, or an edge that is none, must not become a figure."""
    with pytest.raises(ValueError, match="not a train of pulses"):
        errors(edges, pulse_ms=20, gap_ms=20)


def test_one_in_a_thousand_may_be_worse_than_the_999() -> None:
    """Of 2000, two."""
    values = [1.0] * 1998 + [50.0, 60.0]
    assert spread(values) == Spread(count=2000, median_ms=1.0, p999_ms=1.0, worst_ms=60.0)
    assert spread([*values[:1997], 40.0, 50.0, 60.0]).p999_ms == 40.0


def test_the_histogram_of_cyclictest_is_read_with_what_lies_beyond_it() -> None:
    """In microseconds; what is beyond its end counts as its end."""
    said = "# Histogram\n000012 000002\n000350 000001\n# Total: 000000003\n# Histogram Overflows: 00001\n"
    assert _latencies_ms(said) == [0.012, 0.012, 0.35, 200.0]


def test_the_real_coin_line_is_measured_at_its_edges() -> None:
    """As many pulses as were ordered, none of them too short, and how it was scheduled."""
    found = measure(Train(20, 20, 5), "", busy=False)
    assert (len(found.errors.widths_ms), len(found.errors.gaps_ms)) == (5, 4)
    assert min(*found.errors.widths_ms, *found.errors.gaps_ms) >= 0.0
    assert "memory" in found.scheduling


@pytest.mark.parametrize("how", ["sleep", "blink"])
def test_the_usual_ways_are_measured_alike(how: str) -> None:
    """By the same board."""
    found = measure_rival(how, Train(20, 20, 3), busy=False)
    assert (len(found.widths_ms), len(found.gaps_ms)) == (3, 2)


def test_the_waits_of_a_siege_say_who_gave_up() -> None:
    """A median of those who got through alone would praise a relay that answers nobody."""
    assert siege._waits(Waits([0.3, 2.5, 0.5])) == "0.50/2.50"
    assert siege._waits(Waits([0.3], gave_up=2)) == "0.30/0.30 (2)"
    assert siege._waits(Waits(gave_up=1)) == "never (1)"


def test_a_try_goes_on_until_it_works() -> None:
    """A player who is refused at first has waited for all of it."""
    ends, answers = threading.Event(), [False, requests.ConnectionError(), True]

    def act(_: Site) -> bool:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        if answer:
            ends.set()
        return answer

    waits = waiting(act, Site("http://127.0.0.1:1", stripe=None), ends, 0.0)  # type: ignore[arg-type]
    assert (len(waits.took_s), waits.gave_up, waits.took_s[0] >= 0.5) == (1, 0, True)
