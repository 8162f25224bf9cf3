"""What the technician reads while test credits are fired."""

from __future__ import annotations

import pytest

from controller.commands.pulse_followed import follow
from controller.formats.control_lines import Line, accepted, error, refused
from controller.pages.pulse_report import PulseReport

TRIAL = "test-1f"


def pulse(number: int, width_ms: float = 100.1, payment: str = TRIAL) -> Line:
    return {"saw": "pulse", "payment": payment, "number": number, "width_ms": width_ms}


def fate(number: int, what: str, payment: str = TRIAL) -> Line:
    return {"saw": "fate", "payment": payment, "number": number, "fate": what}


def end(outcome: str, delivered: int, reason: str, payment: str = TRIAL) -> Line:
    return {
        "saw": "end",
        "payment": payment,
        "outcome": outcome,
        "credits_delivered": delivered,
        "reason": reason,
    }


def said(report: PulseReport, *lines: Line) -> list[str]:
    return [text for line in lines for text in report.take(line)]


def test_every_pulse_is_a_line_and_the_end_is_one() -> None:
    """Lines about other payments, and edges, are left out."""
    report = PulseReport(2)
    lines = [
        {"saw": "hello", "version": "0.1.0", "inputs": []},
        fate(1, "confirmed", "pi_1"),
        accepted(TRIAL, 4),
        {"saw": "edge", "line": "ready", "active": True, "at_s": 1.0},
        end("delivered", 1, "its last pulse was fired", "pi_1"),
        *(pulse(1), fate(1, "confirmed"), pulse(2), fate(2, "fired"), pulse(3), fate(3, "uncounted")),
        *(pulse(4, 812.34), fate(4, "ambiguous")),
        end("partial", 1, "its last pulse was fired"),
    ]

    assert said(report, *lines) == [
        "test-1f: 2 test credits, 4 pulses",
        "pulse 1 of 4: 100.1 ms, counted by the coin meter",
        "pulse 2 of 4: 100.1 ms, fired",
        "pulse 3 of 4: 100.1 ms, not counted by the coin meter",
        "pulse 4 of 4: 812.3 ms, in doubt: the board may not take such a pulse for a coin",
        "test-1f: partial, 1 of 2 credits (its last pulse was fired)",
    ]
    assert (report.done, report.status) == (True, 1)


def test_it_is_well_once_every_credit_was_delivered() -> None:
    """Then why it ended is no news."""
    report = PulseReport(1)

    assert said(report, accepted(TRIAL, 1), end("delivered", 1, "its last pulse was fired")) == [
        "test-1f: 1 test credit, 1 pulse",
        "test-1f: delivered, 1 of 1 credits",
    ]
    assert (report.done, report.status) == (True, 0)


@pytest.mark.parametrize(
    ("lines", "texts"),
    [
        ([refused("the board is not ready for coins")], ["refused: the board is not ready for coins"]),
        ([error("4 others are connected")], ["not asked: 4 others are connected"]),
        ([accepted(TRIAL, 1), error("stopped")], ["test-1f: 1 test credit, 1 pulse", "test-1f: stopped"]),
    ],
)
def test_what_ends_it_before_its_time(lines: list[Line], texts: list[str]) -> None:
    """The reason is said, and the exit status is 1."""
    report = PulseReport(1)
    assert said(report, *lines) == texts
    assert (report.done, report.status) == (True, 1)


@pytest.mark.parametrize(
    ("lines", "waited"),
    [
        ([], "10 s for the controller's answer"),
        ([accepted(TRIAL, 3)], "75 s for pulse 1 of 3 of test-1f"),
        ([accepted(TRIAL, 3), pulse(1), fate(1, "fired"), pulse(2)], "75 s for pulse 2 of 3 of test-1f"),
        ([accepted(TRIAL, 1), pulse(1), fate(1, "fired")], "75 s for the end of test-1f"),
    ],
)
def test_a_silence_ends_it_and_says_what_it_waited_for(
    lines: list[Line], waited: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """However patient, it ends."""
    left = iter([*lines, None])

    assert follow(lambda _: next(left), PulseReport(3)) == 1
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == f"waited {waited}: the controller's log may say why"
