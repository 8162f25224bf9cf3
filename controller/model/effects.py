"""CORE. Orders: what a decision wants done. Records go to the ledger in one commit; acts follow after it."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from controller.model.events import Delivery
from controller.model.offer import Offer
from controller.model.payment import Outcome, PulseFate, Receipt, Train
from controller.model.session import GameOver, Session
from controller.model.trust import Unsettled


@dataclass(frozen=True)
class RecordPayment:
    """Write a new payment, with its train as far as it is."""

    train: Train


@dataclass(frozen=True)
class IntendPulse:
    """Write that pulse `number` is about to be ordered."""

    payment_id: str
    number: int


@dataclass(frozen=True)
class WithdrawPulses:
    """Write that the pulses from `number` on, which were ordered, have never begun."""

    payment_id: str
    number: int


@dataclass(frozen=True)
class RecordPulse:
    """Write that pulse `number` left the pin, with its measured times (seconds since boot), and its fate."""

    payment_id: str
    number: int
    rose_s: float
    fell_s: float
    fate: PulseFate = PulseFate.FIRED


@dataclass(frozen=True)
class RenewDeadline:
    """Write until when an unstarted train may start, on the clock of this boot."""

    payment_id: str
    deadline_s: float
    boot_id: str


@dataclass(frozen=True)
class MarkAmbiguous:
    """Write that nobody knows whether pulse `number` left the pin."""

    payment_id: str
    number: int


@dataclass(frozen=True)
class ClosePayment:
    """Write how a payment ended, and why; `receipt` joins the outbox, unless there is nothing to report."""

    payment_id: str
    outcome: Outcome
    credits_delivered: int
    reason: str
    receipt: Receipt | None


@dataclass(frozen=True)
class RecordAnswer:
    """Write the relay's final answer to a receipt, which thereby leaves the outbox.

    `charged` is in minor units; None where the relay did not say.
    """

    payment_id: str
    answer: str
    charged: int | None = None


@dataclass(frozen=True)
class RecordCoin:
    """Write that the board counted a coin that was not ours, the `number`th since the ledger was new."""

    number: int


@dataclass(frozen=True)
class RememberUncounted:
    """Remember how many of our pulses in a row the coin meter has not counted."""

    in_a_row: int


@dataclass(frozen=True)
class ClearLedgerFaults:
    """Count the faults of earlier ledgers as seen; the files stay where they are."""


@dataclass(frozen=True)
class SaveSession:
    """Remember the running session, or that there is none."""

    session: Session | None


@dataclass(frozen=True)
class RecordGameOver:
    """Write that a game is over; it joins the outbox until the broker has it."""

    game_over: GameOver


@dataclass(frozen=True)
class ForgetGameOver:
    """Write that the broker has the end of the `game`th game of a session, which leaves the outbox."""

    session_id: str
    game: int


@dataclass(frozen=True)
class SaveOffer:
    """Remember what the machine sells, for a start without network."""

    offer: Offer


@dataclass(frozen=True)
class RememberUse:
    """Write in which Pi and which boot the ledger is used; after a fence, that it was lifted.

    The boot is empty while the relay still has to say which payments are open. What was paid before
    `doubt_before_s` (seconds since that boot) may have been credited by a ledger that is gone.
    """

    board: str
    boot_id: str
    doubt_before_s: float | None = None


@dataclass(frozen=True)
class RememberUnsettled:
    """Remember since when receipts have failed, or that none does."""

    unsettled: Unsettled | None


Record = (
    RecordPayment
    | RenewDeadline
    | RememberUse
    | RememberUnsettled
    | IntendPulse
    | WithdrawPulses
    | RecordPulse
    | MarkAmbiguous
    | ClosePayment
    | RecordAnswer
    | RecordCoin
    | RememberUncounted
    | ClearLedgerFaults
    | SaveSession
    | RecordGameOver
    | ForgetGameOver
    | SaveOffer
)


@dataclass(frozen=True)
class Acknowledge:
    """Send PUBACK: the message is on our disk, or was refused for good."""

    delivery: Delivery


@dataclass(frozen=True)
class FirePulse:
    """Put one coin pulse on the line."""

    payment_id: str
    number: int


@dataclass(frozen=True)
class SendReceipt:
    """Tell the relay what the coin line did."""

    receipt: Receipt


@dataclass(frozen=True)
class FetchOffer:
    """Ask the relay what the machine sells."""


@dataclass(frozen=True)
class FetchOpenPayments:
    """Ask the relay which payments of ours Stripe holds open, and about `payment_ids` each by its id."""

    payment_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class ConnectBroker:
    """Begin to connect to the broker, and go on trying."""


@dataclass(frozen=True)
class DisconnectBroker:
    """Leave the broker, and stay away until told otherwise."""


@dataclass(frozen=True)
class PublishGameOver:
    """Let everybody hear that a game is over; `GameOverPublished` follows once the broker has it."""

    game_over: GameOver


@dataclass(frozen=True)
class Note:
    """Write one line to the log, at a level of the logging module."""

    text: str
    level: int = logging.INFO


Act = (
    Acknowledge
    | FirePulse
    | SendReceipt
    | FetchOffer
    | FetchOpenPayments
    | ConnectBroker
    | DisconnectBroker
    | PublishGameOver
    | Note
)
