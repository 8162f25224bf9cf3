"""The technician's view of the lines, from what the control socket tells."""

from __future__ import annotations

import pytest

from controller.formats.control_lines import Line, hello, standing
from controller.pages.line_watch import LineWatch, width_text

HELLO = hello("0.1.0", 17, [standing("ready", 22, active=True), standing("coin_meter", 23, active=False)])


def edge(name: str, active: bool, at_s: float) -> Line:
    return {"saw": "edge", "line": name, "active": active, "at_s": at_s}


def pulse(number: int, rose_s: float, fell_s: float) -> Line:
    return {"saw": "pulse", "payment": "test-1f", "number": number, "rose_s": rose_s, "fell_s": fell_s}


SEEN = [
    HELLO,
    pulse(1, 100.0, 100.1),
    edge("coin_meter", True, 100.13),
    {"saw": "fate", "payment": "test-1f", "number": 1, "fate": "confirmed"},
    edge("coin_meter", False, 100.19),
    pulse(2, 100.25, 100.351),
    edge("ready", False, 100.3),
    edge("ready", True, 100.3005),
    edge("ready", False, 100.303),
    {"saw": "fate", "payment": "test-1f", "number": 2, "fate": "uncounted"},
    {
        "saw": "end",
        "payment": "test-1f",
        "outcome": "partial",
        "credits_delivered": 1,
        "reason": "its last pulse was fired",
    },
]
LINES = """\
    at start  ready       active
    at start  coin_meter  inactive
  100.000000  coin line   pulse 1 of test-1f: 100.0 ms
  100.130000  coin_meter  active
              coin line   pulse 1 of test-1f: counted by the coin meter
  100.190000  coin_meter  inactive  after 60.0 ms
  100.250000  coin line   pulse 2 of test-1f: 101.0 ms, 150.0 ms after the last
  100.300000  ready       inactive
  100.300500  ready       active    after 0.50 ms  bounce: 2 edges in 0.50 ms
  100.303000  ready       inactive  after 2.5 ms  bounce: 3 edges in 3.0 ms
              coin line   pulse 2 of test-1f: not counted by the coin meter
              coin line   test-1f: partial, credits delivered: 1
"""
TABLE = """\
                   coin line  ready              coin_meter
pin                GPIO 17    GPIO 22            GPIO 23
now                at rest    inactive           inactive
edges              4          3                  2
last edge          7 s ago    7 s ago            7 s ago
last width         101.0 ms   2.5 ms             60.0 ms
shortest active    100.0 ms   2.5 ms             60.0 ms
longest active     101.0 ms   2.5 ms             60.0 ms
shortest inactive  150.0 ms   0.50 ms            -
longest inactive   150.0 ms   0.50 ms            -
worst bounce       -          3 edges in 3.0 ms  -

test-1f: partial, credits delivered: 1
"""


def said(watch: LineWatch, lines: list[Line]) -> str:
    return "".join(f"{text}\n" for line in lines for text in watch.take(line))


def test_each_edge_and_pulse_is_a_line() -> None:
    """With what it ended, and with the bounce that it is part of."""
    assert said(LineWatch(), SEEN) == LINES


def test_the_table_has_a_column_for_each_line() -> None:
    """Within 80 columns, for a terminal on a phone."""
    watch = LineWatch()
    said(watch, SEEN)
    table = "".join(f"{row}\n" for row in watch.table(now_s=107.4))
    assert table == TABLE
    assert max(map(len, table.splitlines())) <= 80


def test_before_any_edge_the_table_has_the_levels() -> None:
    """And only the lines that are wired."""
    watch = LineWatch()
    said(watch, [hello("0.1.0", 17, [standing("game_over", 27, active=False)])])
    assert [row.split() for row in watch.table(now_s=5.0)][:5] == [
        ["coin", "line", "game_over"],
        ["pin", "GPIO", "17", "GPIO", "27"],
        ["now", "at", "rest", "inactive"],
        ["edges", "0", "0"],
        ["last", "edge", "-", "-"],
    ]


def test_what_is_not_understood_is_left_out() -> None:
    """A newer controller may tell more; a line that nobody introduced has no column."""
    assert said(LineWatch(), [{"saw": "weather"}, {"error": "x"}, edge("ready", True, 1.0)]) == ""


@pytest.mark.parametrize(
    ("width_ms", "text"),
    [(None, "-"), (0.0214, "0.02 ms"), (1.0, "1.0 ms"), (9999.9, "9999.9 ms"), (10_000.0, "10 s")],
)
def test_widths_are_told_as_they_are_read(width_ms: float | None, text: str) -> None:
    """A bounce in hundredths, a pause in seconds."""
    assert width_text(width_ms) == text
