"""CORE. What is known of a run at its end: Stripe's book, the board's, the cabinet's ledger, the fleet's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Span = tuple[float, float]


@dataclass(frozen=True)
class Payment:
    """One payment as Stripe's book has it at the end, with times in Unix seconds and money in minor units.

    `settled_s` is when its money moved; None if it is still reserved.
    """

    id: str
    credits: int
    amount: int
    currency: str
    created_s: float
    settled_s: float | None
    captured: int
    conflict: bool = False

    @property
    def reserved(self) -> bool:
        """Whether its money is held and neither taken nor given back."""
        return self.settled_s is None


@dataclass(frozen=True)
class Pulse:
    """A pulse as the cabinet's ledger has it; its times (seconds since boot) only if it left the pin."""

    payment_id: str
    state: Literal["intended", "fired", "confirmed", "uncounted", "ambiguous"]
    rose_s: float | None = None
    fell_s: float | None = None

    @property
    def is_delivered(self) -> bool:
        """Whether the cabinet counts it towards a credit that is charged."""
        return self.state in ("fired", "confirmed")

    @property
    def is_ambiguous(self) -> bool:
        """Whether nobody knows what became of it."""
        return self.state in ("intended", "ambiguous")


@dataclass(frozen=True)
class Struck:
    """Something was broken from when to when, in Unix seconds; some faults are over at once."""

    kind: str
    from_s: float
    until_s: float


@dataclass(frozen=True)
class NextDoor:
    """A second hall on the same Stripe account: what was paid there, and how many coins it gave for each."""

    payments: tuple[Payment, ...] = ()
    heard: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Ended:
    """How a payment ended by somebody's word: its outcome, the credits that it gave, what was charged.

    `charged` is in minor units; None where the relay did not say.
    """

    outcome: str
    credits_delivered: int
    charged: int | None


@dataclass(frozen=True)
class Journal:
    """How the cabinet's payments ended by its ledger and by the fleet's book, and their entries' sums."""

    by_ledger: Mapping[str, Ended] = field(default_factory=dict)
    by_fleet: Mapping[str, Ended] = field(default_factory=dict)
    sums_of_ledger: tuple[str, ...] = ()
    sums_of_fleet: tuple[str, ...] = ()


@dataclass(frozen=True)
class Books:
    """Everything that is known once the chain is at rest.

    `wire` are the pulses that reached the board (seconds since boot) and `coins` what it counted of them.
    `owed` names the payments whose receipt the ledger still owes. `working` are the spans, in Unix seconds,
    in which broker, relay and cabinet worked and the board was ready. `killed` counts kills of the cabinet,
    `doors_left_open` how often the door still sold at the end of a time in which the relay refused the token.
    """

    payments: tuple[Payment, ...]
    pulses: tuple[Pulse, ...]
    wire: tuple[Span, ...]
    coins: int
    owed: frozenset[str]
    window_s: float
    working: tuple[Span, ...]
    faults: tuple[Struck, ...]
    killed: int
    doors_left_open: int = 0
    next_door: NextDoor = field(default_factory=NextDoor)
    journal: Journal = field(default_factory=Journal)
