"""A small fleet that goes by the contract: what it has of one cabinet's journal, and what it says of that."""

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
        seq, before = self.ledgers.get(ledger, (0, ""))
        if seq < batch["first"] - 1:
            seq, before = batch["first"] - 1, batch["prev"]
        sums = {entries[0]["seq"] - 1: batch["prev"]}
        for at, entry in enumerate(entries, start=entries[0]["seq"]):
            body = canonical(entry)
            assert (entry["seq"], len(body.encode()) <= 2048) == (at, True)
            sums[at] = hashlib.sha256((sums[at - 1] + body).encode()).hexdigest()[:16]
        # It goes on from what is here, or it is of a file that was put back, and waits for another name.
        if sums.get(seq) == before:
            self.book |= {sums[entry["seq"]]: entry for entry in entries if entry["seq"] > seq}
            seq, before = entries[-1]["seq"], sums[entries[-1]["seq"]]
        self.ledgers[ledger] = (seq, before)
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
