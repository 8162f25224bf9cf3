"""CORE. Facts: what the edges saw. Each is frozen, and none of them asks for anything."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from controller.model.offer import Offer
from controller.model.payment import KnownPayment, OwedReceipt, Payment, Train
from controller.model.policy import Rules
from controller.model.session import GameOver, Session
from controller.model.trust import Refusal, Unsettled


@dataclass(frozen=True)
class Delivery:
    """The handle by which one received message is acknowledged.

    Message ids start anew with each connection, so that the handle carries the connection's number as well.
    """

    connection: int
    message_id: int
    qos: int


@dataclass(frozen=True)
class PulseFired:
    """The coin line fell back to rest after pulse `number` (from 1); times in seconds since boot.

    It was active at most from `rose_s` to `fell_s`, and at least `in_doubt_s` less: who switches a pin can be
    held up around an edge, and does not know then on which side of it.
    """

    payment_id: str
    number: int
    rose_s: float
    fell_s: float
    in_doubt_s: float = field(default=0.0, compare=False)  # of how it was measured, not of what happened

    @property
    def width_ms(self) -> float:
        """How long the line was active at most, to the microsecond that it was told in."""
        return round((self.fell_s - self.rose_s) * 1000, 3)

    @property
    def at_least_ms(self) -> float:
        """How long the line was active for sure."""
        return round(self.width_ms - self.in_doubt_s * 1000, 3)

    @property
    def width_text(self) -> str:
        """The width for a person: as a span, where it is in doubt by a millisecond or more."""
        span = f"{self.at_least_ms:.1f} to " if self.in_doubt_s >= 0.001 else ""
        return f"{span}{self.width_ms:.1f} ms wide"


@dataclass(frozen=True)
class PulseBegun:
    """Pulse `number` was about to rise, or had risen, when its process was last heard of."""

    payment_id: str
    number: int


# What the coin line notes where it outlives every process, but not the power: its last pulses in this boot.
# The ordered pulses that are not in it have never begun.
Tally = tuple[PulseBegun | PulseFired, ...]


@dataclass(frozen=True)
class Started:
    """The ledger was read: unfinished trains, unanswered receipts, and what was remembered."""

    unfinished: tuple[Train, ...]
    owed: tuple[OwedReceipt, ...]
    session: Session | None
    offer: Offer | None
    # Which Pi and which boot the ledger was last used in; None for a ledger that was never used. The boot is
    # empty where the last run still waited for the relay to say which payments are open.
    board: str | None = ""
    boot_id: str | None = None
    conflicts: int = 0
    # Cash coins counted so far, and how many of our pulses in a row the coin meter has not counted.
    coins: int = 0
    uncounted: int = 0
    # What was paid before then may have been credited by a ledger that is gone (seconds since that boot).
    doubt_before_s: float | None = None
    # None where nothing is known of the last pulses, as after a reboot.
    tally: Tally | None = None
    # Games that are over, and whose end the broker may not have.
    game_overs: tuple[GameOver, ...] = ()
    # Since when receipts have failed; None if none has.
    unsettled: Unsettled | None = None
    # The faults of which the journal says that they began, and not that they ended.
    told_faults: tuple[str, ...] = ()
    # The schema that the ledger had until this start, if it had another.
    upgraded_from: int | None = None
    # What begins here: this version, in a machine of that name.
    version: str = ""
    machine_name: str = ""


@dataclass(frozen=True)
class PaymentReceived:
    """A payment arrived, with the seconds left of its credit window; `known` if the ledger has it already.

    `time_left_s` and the whole window, `window_s`, are None where the message did not say; `received_s` is in
    seconds since boot.
    """

    delivery: Delivery
    payment: Payment
    received_s: float
    time_left_s: float | None
    known: KnownPayment | None
    window_s: float | None


@dataclass(frozen=True)
class MessageRefused:
    """A message arrived that is not a payment for this machine, and why.

    `signed_by_another`: it would be one, were it not for its signature.
    """

    delivery: Delivery
    reason: str
    signed_by_another: bool = False


@dataclass(frozen=True)
class CoinLineFailed:
    """The coin line's process ended, or could not take its pin."""

    reason: str


InputLine = Literal["game_over", "ready", "coin_meter", "service_button"]


@dataclass(frozen=True)
class InputChanged:
    """A raw edge on an input, or its level `at_start`; `active` is in the sense of what is wired there.

    Of a burst, in which each edge followed the one before so soon that no level held, it is the last of so
    many `edges`, and `began_s` is the time of the first. Of those before it the first few are kept, as level
    and time: a technician looks at them.
    """

    line: InputLine
    active: bool
    at_s: float
    at_start: bool = False
    began_s: float | None = None
    edges: int = 1
    kept: tuple[tuple[bool, float], ...] = ()

    @property
    def known_until_s(self) -> float:
        """The other lines' edges of before this time were told before it."""
        return self.at_s if self.began_s is None else self.began_s


@dataclass(frozen=True)
class BrokerConnected:
    """The broker has accepted us and our subscription."""

    session_present: bool


@dataclass(frozen=True)
class BrokerLost:
    """The broker is out of reach, or refused us; `taken_over` if it says that another client has our id."""

    reason: str
    taken_over: bool = False


@dataclass(frozen=True)
class ReceiptAnswered:
    """The relay answered a receipt for good: "settled", "already", "conflict" or "unknown".

    `charged` is what it said that the receipt charges, in minor units; an older relay does not say.
    """

    payment_id: str
    answer: str
    charged: int | None = None


@dataclass(frozen=True)
class ReceiptFailed:
    """The relay did not answer a receipt, or asked to be asked again; `refusal` if it would not ever."""

    payment_id: str
    reason: str
    refusal: Refusal | None = None


@dataclass(frozen=True)
class GameOverPublished:
    """The broker has the end of the `game`th game of a session."""

    session_id: str
    game: int


@dataclass(frozen=True)
class OfferReceived:
    """The relay told what the machine sells, and in how many seconds that may change, if it does soon."""

    offer: Offer
    changes_in_s: float | None = None


@dataclass(frozen=True)
class OfferFailed:
    """The relay did not tell what the machine sells; `refusal` if that was its answer, and no trouble."""

    reason: str
    refusal: Refusal | None = None


@dataclass(frozen=True)
class FoundPayment:
    """A payment that Stripe holds open, the seconds left of its window, and what the ledger knows of it."""

    payment: Payment
    left_s: float
    known: KnownPayment | None


@dataclass(frozen=True)
class OpenPaymentsFound:
    """The relay told which of our payments are open; it was asked at `sent_s` (seconds since boot)."""

    sent_s: float
    found: tuple[FoundPayment, ...]


@dataclass(frozen=True)
class OpenPaymentsFailed:
    """The relay did not tell which payments are open; `refusal` if that was its answer, and no trouble."""

    reason: str
    refusal: Refusal | None = None


@dataclass(frozen=True)
class CreditTestRequested:
    """The technician wants so many credits on the board, which nobody pays; `payment_id` is their name."""

    payment_id: str
    credits: int


@dataclass(frozen=True)
class FaultsCleared:
    """The technician has seen to what was wrong: uncounted pulses, damaged ledgers of before."""


@dataclass(frozen=True)
class TechnicianPageRequested:
    """A technician's tool wants the technician's page on the screen, or the player's again."""

    shown: bool


@dataclass(frozen=True)
class RulesChanged:
    """The technician has edited the configuration, and these rules can hold without a restart.

    The machine's name is now `name`, the values of `keys` have changed, and what of the file does not hold
    is `outstanding`, in words; empty if all of it does.
    """

    rules: Rules
    name: str = ""
    keys: tuple[str, ...] = ()
    outstanding: str = ""


@dataclass(frozen=True)
class LedgerFailed:
    """Nothing can be written down: the disk is full, or gone."""

    reason: str


@dataclass(frozen=True)
class LedgerHealed:
    """What could not be written has been written."""


@dataclass(frozen=True)
class Tick:
    """Time passed. Every edge of the board's lines until `heard_s` has been told; None: until now."""

    heard_s: float | None = None


@dataclass(frozen=True)
class StopRequested:
    """The daemon was asked to end."""


Event = (
    Started
    | PaymentReceived
    | MessageRefused
    | PulseFired
    | CoinLineFailed
    | InputChanged
    | BrokerConnected
    | BrokerLost
    | ReceiptAnswered
    | ReceiptFailed
    | GameOverPublished
    | OfferReceived
    | OfferFailed
    | OpenPaymentsFound
    | OpenPaymentsFailed
    | CreditTestRequested
    | FaultsCleared
    | TechnicianPageRequested
    | RulesChanged
    | LedgerFailed
    | LedgerHealed
    | Tick
    | StopRequested
)
