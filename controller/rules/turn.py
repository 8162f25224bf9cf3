"""CORE. One decision in the making: the state so far, what to write, and what to do."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from controller.model.cabinet import Cabinet
from controller.model.effects import Act, Note, Record
from controller.model.journal import Entry, EntryKind
from controller.model.payment import KnownPayment, PaymentState, Train
from controller.model.payment_events import PaymentEvent

# When something is due that waits for nothing (seconds since boot).
AT_ONCE: Final = float("-inf")


class UnexpectedEvent(RuntimeError):
    """An event that the state has no place for: the daemon's picture of the machine is wrong."""


@dataclass(frozen=True)
class Case:
    """What a rule does for a payment in a state, in the words of whoever stands before the machine."""

    name: str
    rule: Callable[[Turn, str, Any], None]


PaymentTable = Mapping[type[PaymentEvent], Mapping[PaymentState, Case]]


@dataclass
class Turn:
    """What a rule may add to. `now_s` is in seconds since boot."""

    cabinet: Cabinet
    now_s: float
    payment_table: PaymentTable
    records: list[Record] = field(default_factory=list)
    acts: list[Act] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)

    def change(self, **fields: Any) -> None:
        """Replace fields of the state."""
        self.cabinet = replace(self.cabinet, **fields)

    def record(self, record: Record) -> None:
        """Have something written to the ledger."""
        self.records.append(record)

    def enter(self, kind: EntryKind, *, at_s: float | None = None, **fields: Any) -> None:
        """Have the fleet told of something that happened at `at_s`, or now: in the commit of its records."""
        happened_s = self.now_s if at_s is None else at_s
        self.entries.append(Entry(kind, happened_s, self.cabinet.boot_id, fields))

    def act(self, act: Act) -> None:
        """Have something done once the records are on disk."""
        self.acts.append(act)

    def note(self, text: str, level: int = logging.INFO) -> None:
        """Have a line written to the log."""
        self.acts.append(Note(text, level))

    def apply(self, payment_id: str, event: PaymentEvent, known: KnownPayment | None = None) -> None:
        """Let something happen to a payment, of which the ledger says `known`.

        Raises:
            UnexpectedEvent: its state has no case for that.
        """
        state = self.cabinet.state_of(payment_id, known)
        case = self.payment_table[type(event)].get(state)
        if case is None:
            raise UnexpectedEvent(f"{type(event).__name__} for payment {payment_id}, which is {state}")
        case.rule(self, payment_id, event)

    def train_of(self, payment_id: str) -> Train:
        """The train of an unfinished payment."""
        return next(train for train in self.cabinet.trains if train.payment.id == payment_id)
