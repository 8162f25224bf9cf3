"""EDGE. What becomes of test credits, said line by line, whoever fires them."""

from __future__ import annotations

from collections.abc import Callable

from controller.formats.control_lines import Line
from controller.pages.pulse_report import PulseReport


def follow(next_line: Callable[[float], Line | None], report: PulseReport) -> int:
    """Say what comes of it, until it has ended or nothing more is heard; the exit status."""
    while not report.done:
        line = next_line(report.patience_s)
        if line is None:
            waited = f"waited {report.patience_s:g} s for {report.waiting_for}"
            print(f"{waited}: the controller's log may say why")
            return report.status
        for text in report.take(line):
            print(text, flush=True)
    return report.status
