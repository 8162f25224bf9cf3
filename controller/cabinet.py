"""CORE. The cabinet's whole state, and what can be read off it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from controller.debounce import DebouncedLine
from controller.offer import Offer
from controller.payment import OwedReceipt, Train
from controller.session import Session


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
class Cabinet:
    """Everything the loop knows. `trains` are paid and unfinished, oldest first; only the first one moves."""

    rules: Rules
    boot_id: str
    started: bool = False
    stopping: bool = False
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
        troubles = (self.coin_line_trouble, self.broker_trouble, self.offer_trouble)
        return tuple(trouble for trouble in troubles if trouble)


def new_cabinet(rules: Rules, boot_id: str) -> Cabinet:
    """The cabinet before anything is known."""
    return Cabinet(
        rules,
        boot_id,
        game_over=DebouncedLine(rules.game_over_hold_s),
        ready=DebouncedLine(rules.ready_hold_s),
    )


def line_can_move(cabinet: Cabinet, now_s: float) -> bool:
    """Whether a coin pulse that left now would be seen by the board."""
    return (
        cabinet.started
        and not cabinet.stopping
        and cabinet.coin_line_trouble is None
        and cabinet.board_ready
        and now_s >= cabinet.rules.board_boot_s
    )


def accepting(cabinet: Cabinet, now_s: float) -> bool:
    """Whether a payment made now would be credited."""
    return cabinet.broker_up and line_can_move(cabinet, now_s)


def mood(cabinet: Cabinet, now_s: float) -> Mood:
    """What the machine is doing; the first that applies."""
    cases = (
        (cabinet.coin_line_trouble is not None, Mood.OUT_OF_ORDER),
        (bool(cabinet.trains), Mood.PAYING),
        (cabinet.session is not None, Mood.PLAYING),
        (_still_starting(cabinet, now_s), Mood.STARTING),
        (not cabinet.broker_up, Mood.OFFLINE),
        (not cabinet.board_ready, Mood.NOT_READY),
    )
    return next((mood for applies, mood in cases if applies), Mood.ATTRACT)


def _still_starting(cabinet: Cabinet, now_s: float) -> bool:
    connecting = not cabinet.broker_up and cabinet.broker_trouble is None
    return not cabinet.started or connecting or now_s < cabinet.rules.board_boot_s
