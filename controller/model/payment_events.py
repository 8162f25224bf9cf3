"""CORE. What can happen to one payment, where an event concerns the cabinet as a whole."""

from __future__ import annotations

from dataclasses import dataclass

from controller.model.events import (
    FoundPayment,
    PaymentReceived,
    PulseFired,
    ReceiptAnswered,
    ReceiptFailed,
    Tally,
)


@dataclass(frozen=True)
class ProcessRestarted:
    """The process ended with the payment unfinished; the board kept its power. `tally` as in `Started`."""

    tally: Tally | None = None


@dataclass(frozen=True)
class PiRestarted:
    """The Pi was off, and the board with it."""


@dataclass(frozen=True)
class WindowEnded:
    """The credit window is over, and the payment's next pulse may not leave just now."""


@dataclass(frozen=True)
class PulseCounted:
    """The coin meter counted a coin within the pulse's own time; `beside_cash` if it may not be ours."""

    beside_cash: bool


@dataclass(frozen=True)
class PulseNotCounted:
    """The time is over in which the coin meter could have counted the pulse.

    `in_doubt` if it could not be read meanwhile.
    """

    in_doubt: bool = False


@dataclass(frozen=True)
class OpenAtStripe:
    """The relay, asked at `sent_s` (seconds since boot), says that the payment is open."""

    found: FoundPayment
    sent_s: float


@dataclass(frozen=True)
class OpenBehindFence:
    """The relay says that the payment is open, while the ledger cannot know what was credited before it."""

    found: FoundPayment


@dataclass(frozen=True)
class LedgerMoved:
    """The ledger came from another Pi, which may have gone on selling in our name."""


@dataclass(frozen=True)
class NotOpen:
    """The relay was asked for the payment by its id, and does not name it as open."""


PaymentEvent = (
    PaymentReceived
    | PulseFired
    | PulseCounted
    | PulseNotCounted
    | WindowEnded
    | ProcessRestarted
    | PiRestarted
    | OpenAtStripe
    | OpenBehindFence
    | LedgerMoved
    | NotOpen
    | ReceiptAnswered
    | ReceiptFailed
)
