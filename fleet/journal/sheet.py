"""CORE. The rows that a run of facts makes or changes, and by how much it changes the sums of their days."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from fleet.journal.facts import (
    CoinCounted,
    Fact,
    FaultBegan,
    FaultEnded,
    GameEnded,
    Happened,
    Settled,
    Sold,
)


@dataclass(frozen=True)
class Sale:
    """A row of `sales`."""

    machine_id: str
    payment_id: str
    at: float
    day: str
    kind: str = "phone"
    credits: int = 0
    amount: int | None = None
    currency: str | None = None
    outcome: str | None = None
    reason: str | None = None
    credits_delivered: int = 0
    fired: int = 0
    uncounted: int = 0
    in_doubt: int = 0
    answer: str | None = None
    charged: int | None = None


@dataclass(frozen=True)
class Fault:
    """A row of `faults`."""

    entry_id: int
    machine_id: str
    kind: str
    text: str
    began_at: float
    ended_at: float | None = None


class DayKey(NamedTuple):
    """Which sums of a day."""

    machine_id: str
    day: str
    kind: str
    currency: str
    price: int


@dataclass(frozen=True)
class Noted:
    """A fact, whose it is, and when it was; `entry_id` is its entry's in the book.

    `boot_s` is when it was on the machine's own clock.
    """

    entry_id: int
    machine_id: str
    at: float
    boot_s: float
    day: str
    kind: str
    fact: Fact


SUMS = ("sales", "credits", "credits_delivered", "charged", "in_doubt", "uncounted")


@dataclass
class Sheet:
    """Rows as they are after the facts that were noted on it; it begins with those that the book has.

    `sales` are by machine and payment, `open_faults` by machine and kind, `faults` (of one machine, where
    facts are moved) by entry; `days` are differences.
    """

    sales: dict[tuple[str, str], Sale] = field(default_factory=dict)
    open_faults: dict[tuple[str, str], Fault] = field(default_factory=dict)
    faults: dict[int, Fault] = field(default_factory=dict)
    changed_sales: set[tuple[str, str]] = field(default_factory=set)
    changed_faults: dict[int, Fault] = field(default_factory=dict)
    coins: list[dict[str, Any]] = field(default_factory=list)
    games: list[dict[str, Any]] = field(default_factory=list)
    happenings: list[dict[str, Any]] = field(default_factory=list)
    days: dict[DayKey, Counter[str]] = field(default_factory=dict)

    def note(self, noted: Noted) -> None:
        """Put one fact down."""
        _NOTE[type(noted.fact)](self, noted, noted.fact)

    def move(self, noted: Noted, moved: Noted) -> None:
        """Have a fact that had been put down as `noted` be put down as `moved` instead."""
        match noted.fact:
            case Sold(payment_id=payment_id) | Settled(payment_id=payment_id):
                self._move_sale(noted, moved, (noted.machine_id, payment_id))
            case FaultBegan():
                if noted.entry_id in self.faults:
                    self._change(replace(self.faults[noted.entry_id], began_at=moved.at))
            case FaultEnded(fault=kind):
                self._move_end(noted, moved, kind)
            case CoinCounted():
                self._count_coin(noted, -1)
                self.note(moved)
            case _:
                self.note(moved)

    def redate(self, key: tuple[str, str], day: str) -> None:
        """Have a sale be of another day."""
        self._put(replace(self.sales[key], day=day))

    def redate_coin(self, row: Mapping[str, Any], day: str) -> None:
        """Have a coin's row, as the book has it, be of another day."""
        self.coins.append({**row, "day": day})
        for of, times in ((row["day"], -1), (day, +1)):
            self._count(DayKey(row["machine_id"], of, "cash", "", 0), times, sales=1)

    def _move_sale(self, noted: Noted, moved: Noted, key: tuple[str, str]) -> None:
        sale = self.sales.get(key)
        # Its time is that of its `sale`, and of its `settled` only as long as there is no other.
        is_its_time = sale is not None and isinstance(noted.fact, Settled) == (sale.outcome is None)
        if sale is not None and is_its_time and sale.at == noted.at:
            self._put(replace(sale, at=moved.at, day=moved.day))

    def _move_end(self, noted: Noted, moved: Noted, kind: str) -> None:
        earlier = [
            fault for number, fault in self.faults.items() if number < noted.entry_id and fault.kind == kind
        ]
        last = max(earlier, key=lambda fault: fault.entry_id, default=None)
        if last is not None and last.ended_at == noted.at:  # it ended nothing if that had ended already
            self._change(replace(last, ended_at=moved.at))

    def _change(self, fault: Fault) -> None:
        self.faults[fault.entry_id] = self.changed_faults[fault.entry_id] = fault

    def _sold(self, noted: Noted, fact: Sold) -> None:
        before = self.sales.get((noted.machine_id, fact.payment_id))
        answer, charged = (before.answer, before.charged) if before else (None, None)
        self._put(
            Sale(
                noted.machine_id,
                fact.payment_id,
                noted.at,
                noted.day,
                fact.kind,
                fact.credits,
                fact.amount,
                fact.currency,
                fact.outcome,
                fact.reason,
                fact.credits_delivered,
                fact.fired,
                fact.uncounted,
                fact.in_doubt,
                answer,
                charged,
            )
        )

    def _settled(self, noted: Noted, fact: Settled) -> None:
        before = self.sales.get((noted.machine_id, fact.payment_id))
        if before is None:  # its sale was pruned before the book saw it
            before = Sale(noted.machine_id, fact.payment_id, noted.at, noted.day)
        self._put(replace(before, answer=fact.answer, charged=fact.charged))

    def _put(self, sale: Sale) -> None:
        key = sale.machine_id, sale.payment_id
        if key in self.sales:
            self._add(self.sales[key], -1)
        self.sales[key] = sale
        self.changed_sales.add(key)
        self._add(sale, +1)

    def _add(self, sale: Sale, times: int) -> None:
        if sale.outcome is None:  # only its end is known: what was sold is not
            return
        key = DayKey(sale.machine_id, sale.day, sale.kind, sale.currency or "", sale.amount or 0)
        self._count(
            key,
            times,
            sales=1,
            credits=sale.credits,
            credits_delivered=sale.credits_delivered,
            charged=sale.charged or 0,
            in_doubt=sale.in_doubt,
            uncounted=sale.uncounted,
        )

    def _count(self, key: DayKey, times: int, **figures: int) -> None:
        sums = self.days.setdefault(key, Counter())
        for name, figure in figures.items():
            sums[name] += times * figure

    def _coin(self, noted: Noted, fact: CoinCounted) -> None:
        self.coins.append(_row(noted) | {"day": noted.day, "number": fact.number})
        self._count_coin(noted, +1)

    def _count_coin(self, noted: Noted, times: int) -> None:
        key = DayKey(noted.machine_id, noted.day, "cash", "", 0)
        self._count(key, times, sales=1)

    def _game(self, noted: Noted, fact: GameEnded) -> None:
        self.games.append(
            _row(noted)
            | {
                "session_id": fact.session_id,
                "game": fact.game,
                "credits": fact.credits,
                "duration_s": fact.duration_s,
                "idle_s": fact.idle_s,
            }
        )

    def _fault_began(self, noted: Noted, fact: FaultBegan) -> None:
        key = noted.machine_id, fact.fault
        if key not in self.open_faults:
            fault = Fault(noted.entry_id, noted.machine_id, fact.fault, fact.text, noted.at)
            self.open_faults[key] = self.changed_faults[fault.entry_id] = fault

    def _fault_ended(self, noted: Noted, fact: FaultEnded) -> None:
        fault = self.open_faults.pop((noted.machine_id, fact.fault), None)
        if fault is not None:
            self.changed_faults[fault.entry_id] = replace(fault, ended_at=noted.at)

    def _happened(self, noted: Noted, fact: Happened) -> None:
        self.happenings.append(_row(noted) | {"kind": noted.kind, "text": fact.text})


def _row(noted: Noted) -> dict[str, Any]:
    return {"entry_id": noted.entry_id, "machine_id": noted.machine_id, "at": noted.at}


_NOTE: dict[type[Fact], Callable[[Sheet, Noted, Any], None]] = {
    Sold: Sheet._sold,
    Settled: Sheet._settled,
    CoinCounted: Sheet._coin,
    GameEnded: Sheet._game,
    FaultBegan: Sheet._fault_began,
    FaultEnded: Sheet._fault_ended,
    Happened: Sheet._happened,
}
