"""CORE. The cabinet's whole state, and what can be read off it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from controller.model.debounce import DebouncedLine
from controller.model.events import InputLine, PulseFired
from controller.model.fault import FaultKind
from controller.model.line_noise import LineNoise
from controller.model.meter_habits import MeterHabits
from controller.model.offer import Offer
from controller.model.payment import KnownPayment, OwedReceipt, PaymentState, Train
from controller.model.policy import Rules
from controller.model.session import Session
from controller.model.technician_page import TechnicianPage
from controller.model.trust import Trust

# A payment behind a longer queue might not start within its credit window, three minutes by default.
LONGEST_QUEUE_S = 60.0


@dataclass(frozen=True)
class CatchUp:
    """Asking the relay for our open payments: why, when (seconds since boot), and whether it was asked.

    A payment made after the asking is not in the answer: what comes up meanwhile asks `again`. `named` are
    the payments whose ids are in the question, so that the answer says for sure whether each is open.
    `trouble` is why it was not answered last.
    """

    why: str
    due_s: float
    tries: int = 0
    in_flight: bool = False
    again: bool = False
    named: tuple[str, ...] = ()
    trouble: str | None = None


@dataclass(frozen=True)
class Twin:
    """The suspicion that another cabinet has our id (seconds since boot).

    While we stay away for its sake, we come `back_s`. While we are connected again, it is given up at
    `undisturbed_s`. With neither we are trying to connect.
    """

    back_s: float | None = None
    undisturbed_s: float | None = None

    @property
    def keeps_away(self) -> bool:
        """Whether we stay away from the broker for its sake."""
        return self.back_s is not None


@dataclass(frozen=True)
class FaultWatch:
    """The kinds of faults that the journal says last (`told`), and what has changed since.

    `moved_s` is since when each kind has been otherwise than told, and `entered_s` are the times of the last
    hour's entries (seconds since boot).
    """

    told: tuple[str, ...] = ()
    moved_s: Mapping[str, float] = field(default_factory=dict)
    entered_s: tuple[float, ...] = ()


@dataclass(frozen=True)
class Cabinet:
    """Everything the loop knows. `trains` are paid and unfinished, oldest first; one moves at a time.

    `just_recorded`: the last decision wrote a payment down. Only its PUBACK follows then; its first pulse
    belongs to the next decision. Killed in between, the payment is credited after the restart, where an
    intended pulse might count as ambiguous.

    `credited` is how many payments have ended with a credit on the board since the start.

    `fenced` is a new or moved ledger that cannot know what was credited before it; `fence_lifted_s` is when
    it came to know what was open (seconds since boot), unless nobody can have sold in our name before. After
    a reboot the ledger may be an old image, put back on the same board: `doubt_before_s` is since when.

    Of the messages that were refused, those at `refused_said_s` stand in the log, and `refused_unsaid` since
    do not. `closed_by` is what of `trust` keeps the door closed, as it was last said in the log.
    `idle_since_s` is when the last session ended, if it did in this run. We are connected since
    `broker_since_s`, and the relay last did what it was asked at `relay_answered_s`. `press_answered`: the
    service button was held until something came of it, or is not believed; it has to be released first.
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
    twin: Twin | None = None
    trust: Trust = field(default_factory=Trust)
    closed_by: tuple[FaultKind, ...] = ()
    ledger_trouble: str | None = None
    ledger_faults: tuple[str, ...] = ()
    trains: tuple[Train, ...] = ()
    credited: int = 0
    just_recorded: bool = False
    refused_said_s: tuple[float, ...] = ()
    refused_unsaid: int = 0
    receipts: tuple[OwedReceipt, ...] = ()
    session: Session | None = None
    idle_since_s: float | None = None
    offer: Offer | None = None
    offer_due_s: float = 0.0
    offer_tries: int = 0
    offer_trouble: str | None = None
    broker_up: bool = False
    broker_trouble: str | None = None
    broker_since_s: float | None = None
    relay_answered_s: float | None = None
    coin_line_trouble: str | None = None
    line_rests_until_s: float | None = None
    game_over: DebouncedLine = field(default_factory=lambda: DebouncedLine(0.0))
    ready: DebouncedLine = field(default_factory=lambda: DebouncedLine(0.0))
    not_ready_since_s: float | None = None
    coin_meter: DebouncedLine = field(default_factory=lambda: DebouncedLine(0.0))
    service_button: DebouncedLine = field(default_factory=lambda: DebouncedLine(0.0))
    press_answered: bool = False
    technician_page: TechnicianPage | None = None
    noise: Mapping[InputLine, LineNoise] = field(default_factory=dict)
    meter_habits: MeterHabits = field(default_factory=MeterHabits)
    meter_rose_s: float | None = None
    expected: PulseFired | None = None
    counted_early_s: tuple[float, ...] = ()
    uncounted: int = 0
    coins: int = 0
    coins_towards_credit: int = 0
    cash_counted_s: float | None = None
    quiet_until_s: float | None = None
    fault_watch: FaultWatch = field(default_factory=FaultWatch)

    @property
    def board_ready(self) -> bool:
        """Whether the board takes coins, by its ready line: lost at once, and regained once that has held."""
        at_rest = self.ready.moved_s is None
        return (self.says_ready and at_rest) or not self.rules.has_ready_line

    @property
    def says_ready(self) -> bool:
        """Whether the board takes coins, as far as its ready line can be believed."""
        return self.ready.level and self.is_steady("ready")

    def is_steady(self, line: InputLine) -> bool:
        """Whether a line can be believed at all."""
        noise = self.noise.get(line)
        return noise is None or noise.trouble is None

    @property
    def out_of_order(self) -> bool:
        """Whether the coin meter, by what it counts or does not, says that the machine must not sell."""
        return self.meter_trouble is not None

    @property
    def credits_on_board(self) -> int:
        """Credits that we know of and that no game over has used up."""
        return self.session.credits_left if self.session else 0

    @property
    def count_due_s(self) -> float | None:
        """When a pulse has waited long enough for its count: its own time, and the meter's debounce."""
        meter = self.rules.coin_meter
        if self.expected is None or meter is None:
            return None
        return self.expected.fell_s + meter.within_s + meter.hold_s

    @property
    def meter_trouble(self) -> str | None:
        """What the coin meter says is wrong: a habit of its own, or our pulses that it did not count."""
        meter = self.rules.coin_meter
        if meter is None:
            return None
        if habit := self.meter_habits.trouble(meter.within_s):
            return habit
        if self.uncounted < meter.out_of_order_after:
            return None
        pulses = "coin pulse was" if self.uncounted == 1 else f"{self.uncounted} coin pulses were"
        return f"coin meter: the last {pulses} not counted by the board"

    def state_of(self, payment_id: str, known: KnownPayment | None = None) -> PaymentState:
        """How far a payment is, of which the ledger says `known`."""
        train = next((train for train in self.trains if train.payment.id == payment_id), None)
        if train is not None:
            return self._state_of_train(train)
        if any(owed.receipt.payment_id == payment_id for owed in self.receipts):
            return PaymentState.OWED
        return PaymentState.SETTLED if known else PaymentState.UNKNOWN

    def _state_of_train(self, train: Train) -> PaymentState:
        if train.in_flight:
            return PaymentState.COUNTING if self.expected else PaymentState.FIRING
        if train.intended:
            return PaymentState.BETWEEN
        return PaymentState.AWAITING_RELAY if train.deadline_s is None else PaymentState.WAITING


def new_cabinet(rules: Rules, boot_id: str, board: str = "") -> Cabinet:
    """The cabinet before anything is known, in the Pi with the serial number `board`."""
    return Cabinet(
        rules,
        boot_id,
        board,
        game_over=DebouncedLine(rules.game_over_hold_s),
        ready=DebouncedLine(rules.ready_hold_s),
        coin_meter=DebouncedLine(rules.coin_meter.hold_s if rules.coin_meter else 0.0),
        service_button=DebouncedLine(rules.service_button_hold_s),
    )


def line_can_move(cabinet: Cabinet, now_s: float) -> bool:
    """Whether we may put a coin pulse on the line now; whether the board takes it is another matter."""
    return (
        cabinet.started
        and not cabinet.stopping
        and not cabinet.fenced
        and cabinet.ledger_trouble is None
        and cabinet.coin_line_trouble is None
        and now_s >= cabinet.rules.board_boot_s
    )


def board_takes(cabinet: Cabinet, train: Train) -> bool:
    """Whether the board would take the next pulse of a train for a coin, and has room for its credit."""
    in_order = (not cabinet.out_of_order and cabinet.is_steady("coin_meter")) or train.payment.test
    fits = not train.between_credits or has_room(cabinet, train.credits_ordered + 1)
    return cabinet.board_ready and in_order and fits


def has_room(cabinet: Cabinet, credits: int) -> bool:
    """Whether the board can hold so many credits more."""
    most = cabinet.rules.max_credits
    return most is None or cabinet.credits_on_board + credits <= most


def accepting(cabinet: Cabinet, now_s: float) -> bool:
    """Whether a payment made now would be credited and settled: the smallest on sale, after those before."""
    fewest = min((price.credits for price in cabinet.offer.prices), default=1) if cabinet.offer else 1
    return (
        cabinet.broker_up
        and cabinet.twin is None
        and not cabinet.trust.reasons_to_close(now_s)
        and queue_s(cabinet) <= LONGEST_QUEUE_S
        and line_can_move(cabinet, now_s)
        and cabinet.board_ready
        and not cabinet.out_of_order
        and cabinet.is_steady("coin_meter")
        and has_room(cabinet, credits_to_come(cabinet) + fewest)
    )


def credits_to_come(cabinet: Cabinet) -> int:
    """Credits that were paid and are not on the board yet."""
    return sum(train.payment.credits - train.credits_delivered for train in cabinet.trains)


def credits_waiting(cabinet: Cabinet) -> int:
    """Credits that were paid and wait for a game to end, because the board can hold no more."""
    full = not has_room(cabinet, 1)
    return credits_to_come(cabinet) if full else 0


def queue_s(cabinet: Cabinet) -> float:
    """How long the coin line will be busy with what is paid already, in seconds."""
    pulses = sum(train.pulses - train.intended for train in cabinet.trains)
    return pulses * cabinet.rules.pulse_period_s
