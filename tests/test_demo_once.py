"""`make demo-once`: one sale, told as a time line."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from conftest import wait_until

COMMAND = [sys.executable, "-m", "simulator", "demo-once"]
STEPS = [
    "reserved",
    "webhook",
    "published",
    "received",
    "first",
    "last",
    "counted",
    "receipt",
    "captured",
    "game",
]


def session_of(leader: int) -> list[str]:
    """What runs that the process started, in sessions of their own too: all that has its mark."""
    found = []
    for environment in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):
            if f"DEMO_ONCE_TEST={leader}".encode() in environment.read_bytes():
                found.append(environment.parent.joinpath("cmdline").read_text().replace("\0", " "))
    return found


def test_a_sale_is_told_from_the_reservation_to_game_over() -> None:
    """Every step comes once, the reads of Stripe are counted, and the verdict is right."""
    ended = subprocess.run(COMMAND, capture_output=True, text=True, timeout=60)
    *lines, reads, verdict = ended.stdout.splitlines()
    assert [re.split(r" ms +", line)[1].split()[0] for line in lines] == STEPS
    assert re.match(r"\d+ reads of Stripe: .*; the account may read 10,000 times in 30 days$", reads)
    assert verdict.endswith(": right")
    assert "3 of 3 credits" in verdict
    assert ended.returncode == 0


def test_killed_in_between_it_leaves_nothing_behind() -> None:
    """A kill takes the broker, the relay and the cabinet along."""
    process = subprocess.Popen(
        ["env", "DEMO_ONCE_TEST=7", *COMMAND], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    wait_until(lambda: any("controller" in words for words in session_of(7)), "the cabinet to run")
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 128 + signal.SIGTERM
    wait_until(lambda: session_of(7) == [], "everything to end")
