"""CORE. What differs from run to run, made the same each time: ids, times, ports, secrets, signatures."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime

BEGIN_S = int(datetime(2026, 11, 28, 12, tzinfo=UTC).timestamp())
BOOT_S = 2000.0
PULSE_S, PERIOD_S = 0.1, 0.25
LEFT_S = 149
GAME_S = 95
VERSION = "0.2.0"
# As `make demo` has them; the stand-in's API has no port of its own there.
PORTS = {"checkout": 8800, "relay": 8801, "stripe": 8802}
_IDS = re.compile(r"\b(pi|evt|ch|pm|cs_test)_([A-Za-z0-9]{10,})")
_UNIX_TIME = re.compile(r"\b1[789]\d{8}\b")
_ISO_TIME = re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
_BOOT_ID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def letters(name: str, length: int) -> str:
    """So many letters and digits that look thrown and are always the same for a name."""
    thrown = b"".join(hashlib.sha256(f"{name} {part}".encode()).digest() for part in range(length // 32 + 1))
    return "".join(_LETTERS[each % len(_LETTERS)] for each in thrown[:length])


def sign(secret: str, text: str) -> str:
    """HMAC-SHA256 in hex, as the relay signs coin pulses and Stripe signs webhooks."""
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


@dataclass
class StableWords:
    """Replaces what differs in a run in which somebody paid at `paid_s` (Unix seconds).

    `known` are texts of the run with what stands for them. Ids are numbered by their first appearance, so
    the same texts must be asked in the same order.
    """

    paid_s: int
    known: dict[str, str]
    _ids: dict[str, str] = field(default_factory=dict)

    def text(self, text: str) -> str:
        """The text with everything replaced that differs."""
        for before, after in self.known.items():
            text = text.replace(before, after)
        text = _IDS.sub(self._id, text)
        text = _BOOT_ID.sub("7c3a9e52-41d8-4f06-9b1d-2f6e8a5c0d34", text)
        text = _UNIX_TIME.sub(self._unix_time, text)
        text = _ISO_TIME.sub(_iso_time, text)
        text = re.sub(r'"version":"[^"]*"', f'"version":"{VERSION}"', text)
        text = re.sub(r"\b\d+ s left", f"{LEFT_S} s left", text)
        return re.sub(r'("durationS":|game over after )\d+', rf"\g<1>{GAME_S}", text)

    def _id(self, found: re.Match[str]) -> str:
        kind, token = found.groups()
        number = sum(known.startswith(f"{kind}_") for known in self._ids)
        stable = f"{kind}_{letters(f'{kind} {number}', len(token))}"
        return self._ids.setdefault(found[0], stable)

    def _unix_time(self, found: re.Match[str]) -> str:
        """To the minute: a run takes a few seconds, and what lies further off is meant to."""
        return str(BEGIN_S + 60 * round((int(found[0]) - self.paid_s) / 60))


def _iso_time(found: re.Match[str]) -> str:
    return "2026-11-28T12:00:00" + (".000Z" if found[1] else "Z")
