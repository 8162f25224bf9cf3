"""CORE. The cabinet's whole state, and what can be read off it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from controller.debounce import DebouncedLine
from controller.offer import Offer
from controller.payment import OwedReceipt, Train
from controller.session import Session

# A payment behind a longer queue might not start within its credit window, three minutes by default.
LONGEST_QUEUE_S = 60.0


@dataclass(frozen=True)
class Rules:
    """What the configuration says that decisions depend on; times in seconds.

    `board_boot_s` is how long after the Pi's own boot the board may still be starting up, deaf to coins.
    """

    machine_id: str
    pulses_per_credit: int
    session_timeout_s: float
    board_boot_s: float
    game_over_hold_s: float
    ready_hold_s: float
    has_ready_line: bool
    has_relay: bool
    payment_link: str | None = None
    board_keeps_credits: bool = False
    pulse_period_s: float = 0.25

    @property
    def fetches_offer(self) -> bool:
        """Whether the relay is asked what the machine sells; a fixed payment link needs no asking."""
        return self.has_relay and self.payment_link is None


class Mood(StrEnum):
    """What the machine is doing, in one word: the `state` of its status and of its screen."""

    STARTING = "starting"
    ATTRACT = "attract"
    PAYING = "paying"
    PLAYING = "playing"
    NOT_READY = "not_ready"
    OFFLINE = "offline"
    OUT_OF_ORDER = "out_of_order"


@dataclass(frozen=True)
class CatchUp:
    """Asking the relay for our open payments: why, when (seconds since boot), and whether it was asked.

    A payment made after the asking is not in the answer: what comes up meanwhile asks `again`. `named` are
    the payments whose ids are in the question, so that the answer says for sure whether each is open.
    """

    why: str
    due_s: float
    tries: int = 0
    in_flight: bool = False
    again: bool = False
    named: tuple[str, ...] = ()


@dataclass(frozen=True)
class Cabinet:
    """Everything the loop knows. `trains` are paid and unfinished, oldest first; one moves at a time.

    `fenced` is a new or moved ledger that cannot know what was credited before it; `fence_lifted_s` is when
    it came to know what was open (seconds since boot), unless nobody can have sold in our name before. After
    a reboot the ledger may be an old image, put back on the same board: `doubt_before_s` is since when.
    """

    rules: Rules
    boot_id: str
    board: str = ""
    started: bool = False
    stopping: bool = False
    fenced: bool = False
    fence_lifted_s: float | None = None
    doubt_before_s: float | None = None
    catch_up: CatchUp | None = None
    conflicts: int = 0
    thrown_out_s: tuple[float, ...] = ()
    taken_over: bool = False
    ledger_trouble: str | None = None
    ledger_faults: tuple[str, ...] = ()
    trains: tuple[Train, ...] = ()
    receipts: tuple[OwedReceipt, ...] = ()
    session: Session | None = None
    offer: Offer | None = None
    offer_due_s: float = 0.0
    offer_tries: int = 0
    offer_trouble: str | None = None
    broker_up: bool = False
    broker_trouble: str | None = None
    coin_line_trouble: str | None = None
    game_over: DebouncedLine = field(default_factory=lambda: DebouncedLine(0.0))
    ready: DebouncedLine = field(default_factory=lambda: DebouncedLine(0.0))

    @property
    def board_ready(self) -> bool:
        """Whether the board takes coins, as far as it can tell us."""
        return self.ready.level or not self.rules.has_ready_line

    @property
    def faults(self) -> tuple[str, ...]:
        """What is wrong, in words for the operator and the technician."""
        fence = "new ledger: waiting for the relay to name what was open" if self.fenced else None
        conflicts = f"{self.conflicts} receipts in conflict with Stripe" if self.conflicts else None
        troubles = (
            self.coin_line_trouble,
            self.ledger_trouble,
            fence,
            self.broker_trouble,
            self.offer_trouble,
            conflicts,
        )
        return (*(trouble for trouble in troubles if trouble), *self.ledger_faults)


def new_cabinet(rules: Rules, boot_id: str, board: str = "") -> Cabinet:
    """The cabinet before anything is known, in the Pi with the serial number `board`."""
    return Cabinet(
        rules,
        boot_id,
        board,
        game_over=DebouncedLine(rules.game_over_hold_s),
        ready=DebouncedLine(rules.ready_hold_s),
    )


def line_can_move(cabinet: Cabinet, now_s: float) -> bool:
    """Whether a coin pulse that left now would be seen by the board."""
    return (
        cabinet.started
        and not cabinet.stopping
        and not cabinet.fenced
        and cabinet.ledger_trouble is None
        and cabinet.coin_line_trouble is None
        and cabinet.board_ready
        and now_s >= cabinet.rules.board_boot_s
    )


def accepting(cabinet: Cabinet, now_s: float) -> bool:
    """Whether a payment made now would be credited."""
    in_time = queue_s(cabinet) <= LONGEST_QUEUE_S
    return cabinet.broker_up and in_time and line_can_move(cabinet, now_s)


def queue_s(cabinet: Cabinet) -> float:
    """How long the coin line will be busy with what is paid already, in seconds."""
    pulses = sum(train.pulses - train.intended for train in cabinet.trains)
    return pulses * cabinet.rules.pulse_period_s


def mood(cabinet: Cabinet, now_s: float) -> Mood:
    """What the machine is doing; the first that applies."""
    cases = (
        (cabinet.coin_line_trouble is not None, Mood.OUT_OF_ORDER),
        (cabinet.ledger_trouble is not None or cabinet.taken_over, Mood.OUT_OF_ORDER),
        (bool(cabinet.trains), Mood.PAYING),
        (cabinet.session is not None, Mood.PLAYING),
        (_still_starting(cabinet, now_s), Mood.STARTING),
        (not cabinet.broker_up, Mood.OFFLINE),
        (not cabinet.board_ready, Mood.NOT_READY),
    )
    return next((mood for applies, mood in cases if applies), Mood.ATTRACT)


def _still_starting(cabinet: Cabinet, now_s: float) -> bool:
    connecting = not cabinet.broker_up and cabinet.broker_trouble is None
    return not cabinet.started or cabinet.fenced or connecting or now_s < cabinet.rules.board_boot_s
