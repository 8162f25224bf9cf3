"""Builders for tests of the rules: a cabinet on a bench, payments, and what is expected of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from controller.model.cabinet import Cabinet, new_cabinet
from controller.model.effects import Act, Note, Record
from controller.model.events import (
    BrokerConnected,
    Delivery,
    Event,
    InputChanged,
    OfferReceived,
    PaymentReceived,
    PulseFired,
    Started,
    Tally,
    Tick,
)
from controller.model.offer import Offer, Price
from controller.model.payment import KnownPayment, OwedReceipt, Payment, Train
from controller.model.policy import Rules
from controller.model.session import GameOver, Session
from controller.model.trust import Unsettled
from controller.rules.decide import decide
from controller.rules.mood import faults

BOOT = "boot-a"
BOARD = "pi-a"
NOW_S = 1000.0
OFFER = Offer("https://pay.example/p/galaga-01", (Price(1, 100, "usd"), Price(3, 250, "usd")))
DELIVERY = Delivery(connection=1, message_id=7, qos=1)
RULES: dict[str, Any] = {
    "machine_id": "galaga-01",
    "pulses_per_credit": 1,
    "session_timeout_s": 1800.0,
    "board_boot_s": 20.0,
    "game_over_hold_s": 0.03,
    "ready_hold_s": 0.05,
    "has_ready_line": False,
    "has_relay": True,
}


@dataclass(frozen=True)
class Orders:
    """What one decision wants done, but for its lines in the log."""

    records: tuple[Record, ...] = ()
    acts: tuple[Act, ...] = ()


@dataclass
class Bench:
    """A cabinet with a clock in the tester's hand; `log` is what it wanted written."""

    cabinet: Cabinet
    now_s: float = NOW_S
    log: list[Note] = field(default_factory=list)

    @property
    def faults(self) -> tuple[str, ...]:
        """What the cabinet says is wrong now, in words."""
        return tuple(fault.text for fault in faults(self.cabinet, self.now_s))

    def handle(self, event: Event) -> Orders:
        """Let one thing happen now."""
        decision = decide(self.cabinet, event, self.now_s)
        self.cabinet = decision.cabinet
        self.log += [act for act in decision.acts if isinstance(act, Note)]
        return Orders(decision.records, tuple(act for act in decision.acts if not isinstance(act, Note)))

    def wait(self, seconds: float) -> Orders:
        """Let time pass, and nothing else."""
        self.now_s += seconds
        return self.handle(Tick())

    def receive(
        self,
        paid: Payment,
        *,
        left_s: float | None = 60.0,
        known: KnownPayment | None = None,
        window_s: float | None = None,
    ) -> Orders:
        """Let a payment arrive now."""
        return self.handle(PaymentReceived(DELIVERY, paid, self.now_s, left_s, known, window_s))

    def acknowledged(self) -> Orders:
        """Let the PUBACK be sent."""
        return self.handle(Tick())

    def fired(self, payment_id: str, number: int) -> Orders:
        """Let a pulse leave the pin."""
        return self.handle(pulse(self, payment_id, number))

    def believe(self, line: Any, *, active: bool) -> Orders:
        """Let a board input change, and hold until it is believed."""
        self.handle(InputChanged(line, active, self.now_s))
        return self.wait(0.1)


def pulse(bench: Bench, payment_id: str, number: int) -> PulseFired:
    """Pulse `number`, 100 ms wide, that ended now."""
    return PulseFired(payment_id, number, bench.now_s - 0.1, bench.now_s)


def bare_bench(**rules: Any) -> Bench:
    """A cabinet that has not read its ledger yet."""
    return Bench(new_cabinet(Rules(**(RULES | rules)), BOOT, BOARD))


def started_bench(
    *,
    unfinished: tuple[Train, ...] = (),
    owed: tuple[OwedReceipt, ...] = (),
    session: Session | None = None,
    offer: Offer | None = None,
    board: str | None = BOARD,
    boot_id: str | None = BOOT,
    conflicts: int = 0,
    uncounted: int = 0,
    doubt_before_s: float | None = None,
    tally: Tally | None = None,
    game_overs: tuple[GameOver, ...] = (),
    unsettled: Unsettled | None = None,
    **rules: Any,
) -> tuple[Bench, Orders]:
    """A cabinet that has just read its ledger, and what it wants done about it.

    Unless told otherwise the ledger was last used in this Pi, since this boot.
    """
    bench = bare_bench(**rules)
    started = Started(
        unfinished,
        owed,
        session,
        offer,
        board,
        boot_id,
        conflicts,
        coins=0,
        uncounted=uncounted,
        doubt_before_s=doubt_before_s,
        tally=tally,
        game_overs=game_overs,
        unsettled=unsettled,
    )
    return bench, bench.handle(started)


def open_bench(**rules: Any) -> Bench:
    """A cabinet at rest: started, connected, with an offer on its screen."""
    bench, _ = started_bench(**rules)
    bench.handle(OfferReceived(OFFER))
    bench.handle(BrokerConnected(session_present=True))
    bench.log.clear()
    return bench


def paid_bench(paid: Payment, *, left_s: float = 60.0, **rules: Any) -> Bench:
    """A cabinet with a payment whose first pulse is on the line."""
    bench = open_bench(**rules)
    bench.receive(paid, left_s=left_s)
    bench.acknowledged()
    return bench


def payment(payment_id: str = "pi_1", credits: int = 1, *, has_receipt: bool = True) -> Payment:
    """A payment of one dollar a credit."""
    return Payment(payment_id, credits, 100 * credits, "usd", has_receipt)


def session(name: str = "pi_1", since_s: float = NOW_S, credits: int = 1, **changes: Any) -> Session:
    """A session whose last credit came when it began."""
    fields = {"boot_id": BOOT, "active_s": since_s} | changes
    return Session(name, since_s=since_s, credits=credits, **fields)


def train(
    paid: Payment, *, deadline_s: float | None = NOW_S + 60.0, boot_id: str = BOOT, **far: Any
) -> Train:
    """The train of a payment at one pulse a credit, as `far` as it got."""
    return Train(paid, far.pop("pulses", paid.credits), deadline_s, boot_id, **far)
