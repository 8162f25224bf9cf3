"""Pulls the plug at random moments of sales, and holds the ledger against the pins and the money.

The cloud runs on this machine, for its books must outlive the cuts.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import checks
from checks import same, wait_for
from guest import REAL_TIME, Guest, Place
from phone import Phone

STAGE = "powered"
CREDITS, PULSES, AMOUNT = 3, 12, 250
NETWORK = ("-netdev", "user,id=network", "-device", "virtio-net-pci,netdev=network")
# From paying to the receipt: twelve pulses are three seconds.
WITHIN_S = 5.0
FILES = ["ledger.sqlite", "ledger.sqlite-shm", "ledger.sqlite-wal", "ledger.sqlite.lock"]


def cut_power(place: Place, project: Path, cuts: int, seed: int) -> tuple[int, int]:
    """So many cuts; how many checks passed and failed."""
    checks.passed = checks.failed = 0
    print(f"--- {cuts} power cuts, seed {seed} ---", flush=True)
    with _cloud(place.payload / "cloud", project):
        cabinet = _Cabinet(place, random.Random(seed))
        for cut in range(1, cuts + 1):
            cabinet.sell_and_cut(cut)
        cabinet.finish()
    return checks.passed, checks.failed


@contextmanager
def _cloud(folder: Path, project: Path) -> Iterator[None]:
    command = [sys.executable, str(Path(__file__).parent / "inside" / "cloud.py"), str(folder)]
    process = subprocess.Popen(
        command, env=os.environ | {"PYTHONPATH": str(project)}, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None  # noqa: S101
        if process.stdout.readline() != "ready\n":
            raise RuntimeError(f"the cloud did not come up: see {folder}")
        yield
    finally:
        process.terminate()
        process.wait()


class _Cabinet:
    def __init__(self, place: Place, moments: random.Random) -> None:
        self._place = place
        self._moments = moments
        self._phone = Phone(place.payload / "cloud")
        self._rises = 0
        self._cut_off: str | None = None

    def sell_and_cut(self, cut: int) -> None:
        """Boot, see what the cut before left, sell, and pull the plug at some moment of it."""
        with self._boot(f"boot {cut}") as guest:
            wait_for("the cabinet to sell", self._phone.sells, 300, 0.5)
            payment = self._phone.pay(CREDITS)
            time.sleep(self._moments.uniform(0.0, WITHIN_S))
            guest.pull_the_plug()
            rises = guest.rises()
        self._rises += rises
        self._cut_off = payment
        print(f"      cut {cut}: {rises} of {PULSES} pulses had begun", flush=True)

    def finish(self) -> None:
        """Boot once more, and let every payment be settled."""
        with self._boot("the last boot") as guest:
            for payment in self._phone.intents():
                self._phone.settled(payment)
            guest.pull_the_plug()

    @contextmanager
    def _boot(self, name: str) -> Iterator[Guest]:
        with Guest(self._place, STAGE, REAL_TIME, *NETWORK) as guest:
            told = next(line for line in guest.lines() if line.startswith("@ledger "))
            self._judge(name, json.loads(told.removeprefix("@ledger ")))
            yield guest

    def _judge(self, name: str, told: dict[str, Any]) -> None:
        same(f"{name}: the ledger opens", (["ok"], FILES), (told["integrity"], told["files"]))
