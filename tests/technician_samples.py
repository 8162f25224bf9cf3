"""What a technician's page is shown on: an object of the feed with everything in it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from attract_screen_samples import FIELDS

from attract_screen.model.feed_format import Feed, parse_feed
from attract_screen.model.leaf_times import LEAF_S, SHOWN_S
from attract_screen.model.view import View, view_of

TEST_ADDRESS = "https://pay.example.com/p/galaga-01?test"
REFUSED = "broker: broker.example.com:8883 cannot be reached: [Errno 111] Connection refused"
REMEDY = "run `sudo cabinet check` and see under broker."
MEANS = "The broker cannot be reached, or refuses us."
FAULT: dict[str, Any] = {"kind": "broker", "text": REFUSED, "means": MEANS, "remedy": REMEDY}
CODE_TEXTS = (
    f"galaga-01: broker\n{REFUSED}\nIt means: {MEANS}\nWhat to do: {REMEDY}\nOver SSH: sudo cabinet check",
    f"galaga-01: broker\nIt means: {MEANS}\nWhat to do: {REMEDY}\nOver SSH: sudo cabinet check",
    f"galaga-01: broker\nWhat to do: {REMEDY}\nOver SSH: sudo cabinet check",
)
PINS = {"coin_line": 17, "game_over": 27, "ready": 22, "coin_meter": 23, "service_button": 6}
SALE: dict[str, Any] = {
    "at": "2026-11-28 18:10",
    "credits": 3,
    "delivered": 3,
    "amount": 250,
    "currency": "usd",
    "outcome": "delivered",
    "receipt": "settled",
}
NOBODY_PAID = {"credits": 2, "delivered": 2, "amount": None, "currency": None}
TECHNICIAN: dict[str, Any] = {
    "until_s": 1000.0 + SHOWN_S - 1,
    "turned_s": 1000.0 - 1,
    "leaf": 0,
    "versions": {"controller": "0.2.0", "feed": 1, "ledger": 6},
    "state": "offline",
    "selling": False,
    "faults": [FAULT],
    "broker": {"address": "broker.example.com:8883", "since_s": None, "trouble": REFUSED},
    "relay": {"address": "https://pay.example.com", "answered_s": 1000.0 - 18300, "trouble": None},
    "test_address": TEST_ADDRESS,
    "lines": [{"line": name, "pin": pin, "active": pin == 22, "edges": 4} for name, pin in PINS.items()],
    "addresses": [
        {"interface": "eth0", "address": "192.168.1.23"},
        {"interface": "wlan0", "address": "2001:db8:85a3::8a2e:370:7334"},
    ],
    "clock": {"time": "2026-11-28 19:15 CET", "set": True, "ahead_s": 0.3},
    "celsius": 51.3,
    "power": [{"grade": "ok", "text": "the power has been strong enough since the start"}],
    "payments": [
        SALE | NOBODY_PAID | {"outcome": "test", "receipt": "none"},
        *[SALE] * 8,
        SALE | {"delivered": 0, "outcome": "undelivered", "receipt": "owed"},
    ],
}


def a_feed(at_s: float = 1000.0, **changes: Any) -> Feed:
    """The feed of a controller whose technician's page says this, written at that time."""
    fields = {**FIELDS, "written_at_s": at_s, "technician": TECHNICIAN | changes}
    return parse_feed(json.dumps(fields).encode())


def turns(**changes: Any) -> Iterator[View]:
    """The views of two minutes, one for each time that the page turns."""
    for number in range(int(SHOWN_S / LEAF_S)):
        yield view_of(a_feed(1000.0 + number * LEAF_S, **changes), 0.0)
