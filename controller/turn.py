"""CORE. One decision in the making: the state so far, what to write, and what to do."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from typing import Any

from controller.cabinet import Cabinet
from controller.effects import Act, Note, Record


class UnexpectedEvent(RuntimeError):
    """An event that the state has no place for: the daemon's picture of the machine is wrong."""


@dataclass
class Turn:
    """What a rule may add to. `now_s` is in seconds since boot."""

    cabinet: Cabinet
    now_s: float
    records: list[Record] = field(default_factory=list)
    acts: list[Act] = field(default_factory=list)

    def change(self, **fields: Any) -> None:
        """Replace fields of the state."""
        self.cabinet = replace(self.cabinet, **fields)

    def record(self, record: Record) -> None:
        """Have something written to the ledger."""
        self.records.append(record)

    def act(self, act: Act) -> None:
        """Have something done once the records are on disk."""
        self.acts.append(act)

    def note(self, text: str, level: int = logging.INFO) -> None:
        """Have a line written to the log."""
        self.acts.append(Note(text, level))
