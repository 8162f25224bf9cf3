"""A small fleet, as the contract on the wire has it: what it has of one cabinet's journal, and what it says."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any


def canonical(entry: dict[str, Any]) -> str:
    """The one form of an entry, written down here anew."""
    return json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


@dataclass
class ModelFleet:
    """Keeps each entry once, by its sum; `ledgers` is how far each ledger is here without a gap."""

    name: str = "f" * 16
    book: dict[str, dict[str, Any]] = field(default_factory=dict)
    ledgers: dict[str, tuple[int, str]] = field(default_factory=dict)
    newest: str = ""

    def hear(self, payload: bytes) -> bytes:
        """Take a batch into the book, and say what is there."""
        assert len(payload) <= 8192
        batch = json.loads(payload)
        ledger, entries = batch["ledger"], batch["entries"]
        assert list(batch) == sorted(batch)
        seq, before = self.ledgers.get(ledger, (0, ""))
        if seq < batch["first"] - 1:
            seq, before = batch["first"] - 1, ""
        at, rolling = entries[0]["seq"] - 1, batch["prev"]
        if at <= seq and (at < seq or rolling == before):
            for entry in entries:
                body = canonical(entry)
                assert len(body.encode()) <= 2048
                rolling = hashlib.sha256((rolling + body).encode()).hexdigest()[:16]
                self.book.setdefault(rolling, entry)
                at += 1
                assert entry["seq"] == at, "a gap in the numbers"
            if at > seq:
                self.ledgers[ledger] = (at, rolling)
        self.ledgers.setdefault(ledger, (seq, before))
        self.newest = ledger
        return self.say()

    def say(self) -> bytes:
        """What it says of itself: after a batch, and whenever it begins."""
        seq, summed = self.ledgers.get(self.newest, (0, ""))
        return json.dumps(
            {"ledger": self.newest, "seq": seq, "sum": summed, "fleet": self.name}, separators=(",", ":")
        ).encode()

    def lose_the_book(self) -> None:
        """Begin anew with nothing."""
        self.book, self.ledgers, self.newest = {}, {}, ""
