"""What the checks of a stage come to."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass

# The last line of a stage that went to its end.
END = "@end"


@dataclass
class Tally:
    """What a stage's checks came to, and whether it went to its end."""

    stage: str
    passed: int = 0
    failed: int = 0
    ended: bool = False


def count(stage: str, lines: Iterable[str], tallies: list[Tally]) -> None:
    """Print what a stage says, and count its checks."""
    began_s = time.monotonic()
    tallies.append(tally := Tally(stage))
    for line in lines:
        tally.passed += line.startswith("ok ")
        tally.failed += line.startswith("FAIL ")
        if line == END:
            tally.ended = True
            line = f"{tally.passed} passed, {tally.failed} failed"
        print(f"{stage:<10} {time.monotonic() - began_s:4.0f} s  {line}", flush=True)
