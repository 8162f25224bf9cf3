"""CORE. From the books of Stripe, of the board and of the cabinet to a verdict on every payment."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from simulator.chaos.rules.evidence import Books, Journal, NextDoor, Payment, Pulse, Struck

# A payment must be credited if everything worked for so long at the end of its credit window.
WORKING_FOR_S = 30.0
# So long after its window it must be settled then: a receipt is tried again each minute at the latest.
SETTLED_WITHIN_S = 60.0


@dataclass(frozen=True)
class Verdict:
    """What became of the payments: ids where something is wrong with one, counts otherwise.

    lost: at rest its money is still held, or its receipt still owed, or it is charged without any credit.
    doubled: the board got more coins for it than were paid, or was paid for; `stray` are coins that no
    payment explains, not even one by its ambiguous pulse.
    charged_for_nothing: more was captured than the whole credits that the board got for it are worth.
    covered: how many had everything working for the last WORKING_FOR_S of their window; uncredited: those of
    them that were not credited in full, though none of their pulses was lost: what left the pin and did not
    reach the board, or may not have, is never fired again. held: those of them whose money was held for
    longer than the window and SETTLED_WITHIN_S.
    stolen: credited by the hall that it was not paid in. lost_next_door: paid in the other hall, and held
    at rest, or charged without its coins. doors_left_open: how often the door sold to the end of a time in
    which the relay refused the machine's token. misbooked: otherwise in the fleet's book than in the ledger,
    or than what Stripe charged. entries_amiss: entries that are not in both, in the same order and once.
    """

    payments: int
    credited: int
    partial: int
    released: int
    captured: dict[str, int]
    coins: int
    lost: tuple[str, ...]
    doubled: tuple[str, ...]
    stray: int
    uncounted: int
    charged_for_nothing: tuple[str, ...]
    conflicts: tuple[str, ...]
    ambiguous: int
    killed: int
    covered: int
    uncredited: tuple[str, ...]
    held: tuple[str, ...]
    stolen: tuple[str, ...]
    paid_next_door: int
    lost_next_door: tuple[str, ...]
    doors_left_open: int
    misbooked: tuple[str, ...]
    entries_amiss: int
    hits: dict[str, int]
    struck: dict[str, int]

    @property
    def failures(self) -> tuple[str, ...]:
        """Why the run failed, in words; empty for a good one."""
        found = {
            f"{len(self.lost)} payments lost": self.lost,
            f"{len(self.doubled)} payments doubled": self.doubled,
            f"{self.stray} coins belong to no payment": self.stray,
            f"{self.uncounted} pulses were not counted by the board": self.uncounted,
            f"{len(self.charged_for_nothing)} payments charged for nothing": self.charged_for_nothing,
            f"{len(self.uncredited)} payments not credited by a chain that worked": self.uncredited,
            f"{len(self.held)} payments held without need": self.held,
            f"{len(self.stolen)} payments credited in the wrong hall": self.stolen,
            f"{len(self.lost_next_door)} payments of the hall next door lost": self.lost_next_door,
            f"the door sold {self.doors_left_open} times with a token refused": self.doors_left_open,
            f"{len(self.misbooked)} payments otherwise in the fleet's book": self.misbooked,
            f"{self.entries_amiss} entries amiss in the fleet's book": self.entries_amiss,
            f"{self.ambiguous} ambiguous pulses after {self.killed} kills": self.ambiguous > self.killed,
            "nobody paid": self.payments == 0,
        }
        missed = (f"no payment was hit by: {kind}" for kind, hit in self.hits.items() if not hit)
        return (*(words for words, wrong in found.items() if wrong), *missed)

    @property
    def calm_failures(self) -> tuple[str, ...]:
        """What failed in a run without faults, where every payment is to be credited."""
        found = {
            f"{self.payments - self.credited} payments not credited": self.credited != self.payments,
            f"{len(self.conflicts)} conflicts": self.conflicts,
            f"{self.ambiguous} ambiguous pulses": self.ambiguous,
        }
        return (*self.failures, *(words for words, wrong in found.items() if wrong))


def judge(books: Books, kinds: Sequence[str] = ()) -> Verdict:
    """The verdict on a chain at rest; `kinds` are the faults of which each must have hit a payment."""
    coins, stray = coins_by_payment(books)
    ambiguous = [pulse.payment_id for pulse in books.pulses if pulse.is_ambiguous]
    not_delivered = [pulse.payment_id for pulse in books.pulses if not pulse.is_delivered]
    given = {p.id: coins.get(p.id, 0) for p in books.payments}
    covered = [p for p in books.payments if _is_covered(p, books)]
    return Verdict(
        payments=len(books.payments),
        credited=sum(given[p.id] >= p.credits for p in books.payments),
        partial=sum(0 < given[p.id] < p.credits for p in books.payments),
        released=sum(not p.reserved and p.captured == 0 for p in books.payments),
        captured=_captured(books.payments),
        coins=books.coins,
        lost=_ids(p for p in books.payments if _is_lost(p, given[p.id], books.owed)),
        doubled=_ids(p for p in books.payments if _is_doubled(p, given[p.id])),
        stray=max(0, stray - len(ambiguous)),
        uncounted=abs(len(books.wire) - books.coins),
        charged_for_nothing=_ids(p for p in books.payments if p.captured > _worth(p, given[p.id])),
        conflicts=_ids(p for p in books.payments if p.conflict),
        ambiguous=len(ambiguous),
        killed=books.killed,
        covered=len(covered),
        uncredited=_ids(p for p in covered if given[p.id] + not_delivered.count(p.id) < p.credits),
        held=_ids(p for p in covered if _is_held(p, books.window_s)),
        stolen=_stolen(books),
        paid_next_door=len(books.next_door.payments),
        lost_next_door=_ids(p for p in books.next_door.payments if _is_lost_next_door(p, books.next_door)),
        doors_left_open=books.doors_left_open,
        misbooked=_misbooked(books),
        entries_amiss=_entries_amiss(books.journal),
        hits={kind: _hits(kind, books) for kind in kinds},
        struck={kind: sum(fault.kind == kind for fault in books.faults) for kind in kinds},
    )


def coins_by_payment(books: Books) -> tuple[dict[str, int], int]:
    """How many pulses on the wire belong to each payment, by the ledger's times; and how many to none.

    Pulses never overlap, so one on the wire belongs to the fired pulse that it shares time with.
    """
    fired = [pulse for pulse in books.pulses if pulse.is_delivered]
    coins: dict[str, int] = {}
    stray = 0
    for rise_s, fall_s in books.wire:
        owner = next((p for p in fired if _overlap(p, rise_s, fall_s)), None)
        if owner is None:
            stray += 1
        else:
            coins[owner.payment_id] = coins.get(owner.payment_id, 0) + 1
    return coins, stray


def _overlap(pulse: Pulse, rise_s: float, fall_s: float) -> bool:
    return (
        pulse.rose_s is not None
        and pulse.fell_s is not None
        and pulse.rose_s < fall_s
        and rise_s < pulse.fell_s
    )


def _worth(payment: Payment, coins: int) -> int:
    """What so many coins cost, for boards that take one coin a credit: rounded down, as it is charged."""
    return payment.amount * min(coins, payment.credits) // payment.credits


def _is_lost(payment: Payment, coins: int, owed: frozenset[str]) -> bool:
    return payment.reserved or payment.id in owed or (payment.captured > 0 and coins == 0)


def _is_doubled(payment: Payment, coins: int) -> bool:
    unpaid = not payment.reserved and payment.captured < _worth(payment, coins)
    return coins > payment.credits or unpaid


def _is_covered(payment: Payment, books: Books) -> bool:
    end_s = payment.created_s + books.window_s
    return any(from_s <= end_s - WORKING_FOR_S and end_s <= until_s for from_s, until_s in books.working)


def _is_held(payment: Payment, window_s: float) -> bool:
    due_s = payment.created_s + window_s + SETTLED_WITHIN_S
    return payment.settled_s is None or payment.settled_s > due_s


def _stolen(books: Books) -> tuple[str, ...]:
    ours, theirs = _ids(books.payments), set(_ids(books.next_door.payments))
    taken = dict.fromkeys(pulse.payment_id for pulse in books.pulses if pulse.payment_id in theirs)
    return (*(payment_id for payment_id in ours if books.next_door.heard.get(payment_id)), *taken)


def _is_lost_next_door(payment: Payment, next_door: NextDoor) -> bool:
    return payment.reserved or payment.captured > _worth(payment, next_door.heard.get(payment.id, 0))


def _misbooked(books: Books) -> tuple[str, ...]:
    ledger, fleet = books.journal.by_ledger, books.journal.by_fleet
    otherwise = {name for name in ledger.keys() | fleet.keys() if ledger.get(name) != fleet.get(name)}
    # A conflict was named by the relay itself; what it did not say is compared with nothing.
    charged = {p.id: p.captured for p in books.payments if not p.conflict}
    otherwise |= {
        name
        for name, ended in fleet.items()
        if ended.charged is not None and charged.get(name, ended.charged) != ended.charged
    }
    return tuple(sorted(otherwise))


def _entries_amiss(journal: Journal) -> int:
    ours, theirs = journal.sums_of_ledger, journal.sums_of_fleet
    missing = len(set(ours) ^ set(theirs)) + len(theirs) - len(set(theirs))
    return missing or int(ours != theirs)


def _hits(kind: str, books: Books) -> int:
    """How many payments were under way, between paying and settling, while such a fault was on."""
    faults = [fault for fault in books.faults if fault.kind == kind]
    return sum(any(_is_hit(payment, fault) for fault in faults) for payment in books.payments)


def _is_hit(payment: Payment, fault: Struck) -> bool:
    # Stripe's book keeps whole seconds.
    settled_s = float("inf") if payment.settled_s is None else payment.settled_s + 1
    return payment.created_s <= fault.until_s and fault.from_s <= settled_s


def _captured(payments: Sequence[Payment]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for payment in payments:
        sums[payment.currency] = sums.get(payment.currency, 0) + payment.captured
    return sums


def _ids(payments: Iterable[Payment]) -> tuple[str, ...]:
    return tuple(payment.id for payment in payments)
