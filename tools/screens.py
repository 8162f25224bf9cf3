"""Draws the pictures of docs/screens.md with the attract screen: `python tools/screens.py`."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from PIL import Image

from controller.model.fault import FaultKind
from controller.pages.card_page import machine_line, next_notice, refused_notice
from controller.pages.remedies import MEANINGS

SCREENS = Path(__file__).parent.parent / "docs" / "screens"
SIZE = "400x300"
# A picture of so many colours is half as large, and looks the same.
COLOURS = 256
FEED: dict[str, Any] = {
    "format": 1,
    "written_at_s": 0,
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
MISTAKES = (
    "Line 6: machine_id is 'galaga 01': use 1 to 64 of A-Z a-z 0-9 _ - only, for example galaga-01",
    "Line 14: relay.tokn is unknown: did you mean relay.token?",
)
SALE: dict[str, Any] = {
    "at": "2026-11-28 18:10",
    "credits": 3,
    "delivered": 3,
    "amount": 250,
    "currency": "usd",
    "outcome": "delivered",
    "receipt": "settled",
}
TECHNICIAN: dict[str, Any] = {
    "until_s": 119,
    "turned_s": 0,
    "state": "offline",
    "selling": False,
    "faults": [
        {
            "kind": "broker",
            "text": "broker: broker.example.com:8883 cannot be reached: timed out",
            "means": MEANINGS[FaultKind.BROKER],
            "remedy": "run `sudo cabinet check` and see under broker.",
        }
    ],
    "versions": {"controller": "1.0.0", "feed": 1, "ledger": 7},
    "broker": {"address": "broker.example.com:8883", "since_s": None, "trouble": "broker: timed out"},
    "relay": {"address": "https://pay.example.com", "answered_s": -30, "trouble": None},
    "test_address": "https://pay.example.com/p/star-raider-01?test",
    "addresses": [{"interface": "wlan0", "address": "192.168.178.42"}],
    "clock": {"time": "2026-11-28 19:15 CET", "set": True, "ahead_s": 0.3},
    "celsius": 51.3,
    "power": [{"grade": "ok", "text": "the power has been strong enough since the start"}],
    "payments": [SALE, SALE | {"delivered": 0, "outcome": "undelivered", "receipt": "owed"}, *[SALE] * 8],
    "lines": [
        {"line": "coin_line", "pin": 17, "active": False, "edges": 2},
        {"line": "ready", "pin": 22, "active": True, "edges": 0},
        {"line": "coin_meter", "pin": 23, "active": False, "edges": 2},
        {"line": "service_button", "pin": 6, "active": False, "edges": 2},
    ],
}
# Each picture, by its name: what the controller's feed says there.
PICTURES: dict[str, dict[str, Any]] = {
    "starting": {"state": "starting", "qr": None},
    "attract": {},
    "happy-hour": {"note": "Happy hour until 18:00"},
    "how-to": {},
    "next-prices": {"next": {"name": "Happy hour", "from": "17:00"}},
    "games-today": {"today": {"games": 37}},
    "vector": {"theme": "vector"},
    "vector-paying": {"theme": "vector", "state": "paying", "credits": 3},
    "backglass": {"theme": "backglass"},
    "backglass-paying": {"theme": "backglass", "state": "paying", "credits": 3},
    "free-credit": {"state": "paying", "credits": 1, "free": True},
    "insert-coin": {"qr": None, "technician_line": "relay: 503 Service Unavailable"},
    "paying": {"state": "paying", "credits": 3},
    "playing": {"state": "playing", "credits": 3},
    "credits-waiting": {"state": "playing", "credits": 2, "waiting": 1, "qr": None},
    "not-ready": {"state": "not_ready", "qr": None},
    "offline": {
        "state": "offline",
        "qr": None,
        "technician_line": "broker: broker.example.com:8883 cannot be reached: timed out",
    },
    "out-of-order": {
        "state": "out_of_order",
        "qr": None,
        "technician_line": "coin meter: the last 3 coin pulses were not counted by the board",
    },
    "technician": {"state": "offline", "qr": None, "technician": TECHNICIAN},
    "setup": {
        "state": "setup",
        "qr": None,
        "notice": asdict(next_notice(has_network=True)),
        "technician_line": machine_line("192.168.178.42", "10000000f00dcafe"),
    },
    "setup-mistakes": {
        "state": "setup",
        "qr": None,
        "notice": asdict(refused_notice("cabinet.yaml", MISTAKES)),
        "technician_line": machine_line(None, "10000000f00dcafe"),
    },
}
# Seconds into the movement, of those that are not the first page.
ELAPSED_S = {"how-to": 13.0, "next-prices": 20.0, "games-today": 20.0}


def draw(name: str, to: Path, size: str = SIZE) -> None:
    """Draw the picture called `name` into the file `to`."""
    with tempfile.TemporaryDirectory() as folder:
        feed = Path(folder) / "screen.json"
        feed.write_text(json.dumps(FEED | PICTURES[name]))
        command = [sys.executable, "-m", "attract_screen", "--render", str(to), "--size", size]
        command += ["--elapsed", str(ELAPSED_S.get(name, 0.6)), "--feed", str(feed)]
        subprocess.run(command, check=True)
    with Image.open(to) as picture:
        picture.convert("RGB").quantize(COLOURS, kmeans=1).save(to, optimize=True)


def main() -> None:
    """Draw all of them."""
    SCREENS.mkdir(exist_ok=True)
    for name in PICTURES:
        draw(name, SCREENS / f"{name}.png")


if __name__ == "__main__":
    main()
