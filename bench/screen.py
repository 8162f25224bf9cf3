"""What the attract screen's animation takes of a processor."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.idle import cpu_s
from bench.measure.machine import machine
from controller.system.clock import since_boot_s

TITLE = "Attract screen: processor with its animation, 640x480 at 30 frames a second, drawn to memory"
TARGET_PERCENT = 10.0
STARTING_S = 2.0
FEED = {
    "format": 1,
    "since_s": 0,
    "state": "attract",
    "machine_id": "star-raider-01",
    "machine_name": "Star Raider",
    "qr": "https://pay.example.com/p/star-raider-01",
    "offers": [
        {"credits": 1, "amount": 100, "currency": "usd"},
        {"credits": 3, "amount": 250, "currency": "usd"},
    ],
    "credits": 0,
    "rotate": 0,
    "technician_line": None,
}


def run(*, quick: bool) -> None:
    """Of the standard attract screen, its feed renewed as the controller does."""
    watched_s = 3 if quick else 30
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        feed = Path(folder) / "screen.json"
        _write(feed)
        command = [sys.executable, "-m", "attract_screen", "--feed", str(feed), "--display", "headless"]
        screen = subprocess.Popen([*command, "--size", "640x480"], stderr=subprocess.DEVNULL)
        try:
            time.sleep(STARTING_S)
            began_s = cpu_s([screen.pid])
            for _ in range(watched_s):
                _write(feed)
                time.sleep(1.0)
            percent = (cpu_s([screen.pid]) - began_s) / watched_s * 100
        finally:
            screen.terminate()
            screen.wait()
    print(f"On {machine()}; for {watched_s} s.")
    print(f"processor: {percent:.1f} % of one core (target: under {TARGET_PERCENT:g} %)")


def _write(feed: Path) -> None:
    fresh = feed.with_suffix(".new")
    fresh.write_text(json.dumps({**FEED, "written_at_s": since_boot_s()}))
    fresh.rename(feed)
