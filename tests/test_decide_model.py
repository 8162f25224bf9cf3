"""Random lives of a cabinet, with its real ledger: no coin twice, no coin lost, no word taken back."""

from __future__ import annotations

import shutil
import tempfile
from collections import defaultdict
from pathlib import Path

from cabinets import RULES
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from controller.ledger.ledger import Ledger
from controller.model.cabinet import new_cabinet
from controller.model.effects import (
    Acknowledge,
    ClosePayment,
    FetchOpenPayments,
    FirePulse,
    IntendPulse,
    Record,
    RecordPayment,
    SendReceipt,
)
from controller.model.events import (
    Delivery,
    Event,
    FoundPayment,
    InputChanged,
    OpenPaymentsFound,
    PaymentReceived,
    PulseFired,
    ReceiptAnswered,
    ReceiptFailed,
    StopRequested,
    Tick,
)
from controller.model.payment import Outcome, Payment, Train
from controller.model.policy import Rules
from controller.rules.decide import decide

PULSES_PER_CREDIT = 2
LONGEST_WINDOW_S = 30


class CabinetsLife(RuleBasedStateMachine):
    """One cabinet and its ledger, through payments, inhibits, kills and power cuts."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.boot, self.now_s = 0, 100.0
        self.ready = True
        self.paid: list[Payment] = []
        self.to_acknowledge: list[Delivery] = []
        self.in_flight: FirePulse | None = None
        self.on_their_way: set[str] = set()
        self.asked = False
        self.ordered: defaultdict[str, list[int]] = defaultdict(list)
        self.fired: defaultdict[str, int] = defaultdict(int)
        self.closed: dict[str, ClosePayment] = {}
        self._start()

    def teardown(self) -> None:
        """Leave nothing behind."""
        self.ledger.close()
        shutil.rmtree(self.folder)

    # What can happen

    @rule(credits=st.integers(1, 3), left_s=st.none() | st.integers(0, LONGEST_WINDOW_S))
    def a_payment_comes(self, credits: int, left_s: int | None) -> None:
        self.paid.append(Payment(f"pi_{len(self.paid)}", credits, None, None, has_receipt=True))
        self._receive(self.paid[-1], left_s)

    @precondition(lambda self: self.paid)
    @rule(data=st.data())
    def a_payment_comes_again(self, data: st.DataObject) -> None:
        self._receive(data.draw(st.sampled_from(self.paid)), 30)

    @precondition(lambda self: self.to_acknowledge)
    @rule()
    def a_puback_is_sent(self) -> None:
        self.to_acknowledge.pop(0)
        self._handle(Tick())

    @precondition(lambda self: self.in_flight)
    @rule(pulses=st.integers(1, 4))
    def some_pulses_are_fired(self, pulses: int) -> None:
        for _ in range(pulses):
            self._fire()

    @precondition(lambda self: self.on_their_way)
    @rule(answered=st.booleans())
    def the_relay_answers(self, answered: bool) -> None:
        name = min(self.on_their_way)
        self.on_their_way.remove(name)
        self._handle(ReceiptAnswered(name, "settled") if answered else ReceiptFailed(name, "no route"))

    @precondition(lambda self: self.asked)
    @rule(left_s=st.integers(0, LONGEST_WINDOW_S))
    def the_relay_names_what_is_open(self, left_s: int) -> None:
        self._name_what_is_open(left_s)

    @rule(ready=st.booleans())
    def the_board_changes_its_mind(self, ready: bool) -> None:
        self.ready = ready
        self._tell_readiness()

    @rule(seconds=st.sampled_from([0.01, 0.1, 1.0, 40.0]))
    def time_passes(self, seconds: float) -> None:
        self.now_s += seconds
        if self.asked:
            self._name_what_is_open(0)
        self._handle(Tick())
        if seconds > LONGEST_WINDOW_S:
            assert self.in_flight or not self.cabinet.trains, "a payment is held for ever"

    @rule(end=st.sampled_from(["stopped", "killed", "killed", "plug pulled"]))
    def the_process_ends(self, end: str) -> None:
        if end == "stopped":
            self._handle(StopRequested())
            self._fire()
        elif end == "plug pulled":
            self.boot, self.now_s = self.boot + 1, 5.0
            self.fired.update(dict.fromkeys(self.fired.keys() - self.closed.keys(), 0))
        self._restart()
        begun = [train for train in self.cabinet.trains if train.intended]
        assert end != "plug pulled" or not begun, "the board lost these credits"

    # What must hold

    @invariant()
    def no_pulse_is_ordered_twice_and_all_in_order(self) -> None:
        for payment in self.paid:
            numbers = self.ordered[payment.id]
            assert numbers == list(range(1, len(numbers) + 1))
            assert len(numbers) <= payment.credits * PULSES_PER_CREDIT

    @invariant()
    def what_is_said_is_what_was_fired(self) -> None:
        for payment in self.paid:
            if closed := self.closed.get(payment.id):
                whole = self.fired[payment.id] == payment.credits * PULSES_PER_CREDIT
                assert (closed.outcome is Outcome.DELIVERED) <= whole
                assert closed.credits_delivered <= self.fired[payment.id] // PULSES_PER_CREDIT

    @invariant()
    def a_whole_train_is_closed_as_delivered(self) -> None:
        for payment in self.paid:
            if self.fired[payment.id] == payment.credits * PULSES_PER_CREDIT:
                assert self.closed[payment.id].outcome is Outcome.DELIVERED

    @invariant()
    def the_ledger_knows_what_the_cabinet_knows(self) -> None:
        start = self.ledger.read_start()
        assert {_how_far(train) for train in start.unfinished} == set(map(_how_far, self.cabinet.trains))
        this_boots = start.session if start.session and start.session.boot_id == self._boot_id else None
        assert this_boots == self.cabinet.session
        owed = {owed.receipt for owed in self.cabinet.receipts}
        assert {owed.receipt for owed in start.owed} <= owed

    @invariant()
    def each_payment_is_open_or_closed(self) -> None:
        trains = [train.payment.id for train in self.cabinet.trains]
        assert sorted([*trains, *self.closed]) == sorted(payment.id for payment in self.paid)

    # How it is done

    @property
    def _boot_id(self) -> str:
        return f"boot-{self.boot}"

    def _start(self) -> None:
        rules = RULES | {"has_ready_line": True, "pulses_per_credit": PULSES_PER_CREDIT}
        self.ledger = Ledger(self.folder / "ledger.sqlite", lambda: "2026-01-01T00:00:00.000Z")
        self.cabinet = new_cabinet(Rules(**rules), self._boot_id)
        self._handle(self.ledger.read_start())
        if self.cabinet.fenced:
            self._name_what_is_open(0)
        self._tell_readiness()

    def _tell_readiness(self) -> None:
        self._handle(InputChanged("ready", self.ready, self.now_s))
        self.now_s += 0.1
        self._handle(Tick())

    def _restart(self) -> None:
        self.ledger.close()
        self.in_flight = None
        self.to_acknowledge.clear()
        self.on_their_way.clear()
        self.asked = False
        self._start()

    def _name_what_is_open(self, left_s: int) -> None:
        self.asked = False
        still_open = [payment for payment in self.paid if payment.id not in self.closed]
        found = (FoundPayment(payment, left_s, self.ledger.find(payment.id)) for payment in still_open)
        self._handle(OpenPaymentsFound(self.now_s, tuple(found)))

    def _receive(self, payment: Payment, left_s: int | None) -> None:
        known = self.ledger.find(payment.id)
        delivery = Delivery(1, len(self.to_acknowledge), 1)
        self._handle(PaymentReceived(delivery, payment, self.now_s, left_s, known, None))

    def _handle(self, event: Event) -> None:
        decision = decide(self.cabinet, event, self.now_s)
        self.ledger.write(decision.records)
        self.cabinet = decision.cabinet
        self._check_records(decision.records)
        for act in decision.acts:
            self._do(act)

    def _fire(self) -> None:
        if order := self.in_flight:
            self.in_flight = None
            self.now_s += 0.25
            self.fired[order.payment_id] += 1
            self._handle(PulseFired(order.payment_id, order.number, self.now_s - 0.1, self.now_s))

    def _check_records(self, records: tuple[Record, ...]) -> None:
        new = {record.train.payment.id for record in records if isinstance(record, RecordPayment)}
        for record in records:
            match record:
                case IntendPulse(name, _):
                    assert name not in new, "a pulse before its payment was acknowledged"
                case ClosePayment(name, reason="the credit window ended"):
                    assert not (self.ordered[name] and self.cabinet.board_ready), "cut in mid-train"
            if isinstance(record, ClosePayment):
                assert record.payment_id not in self.closed, "its outcome was said before"
                self.closed[record.payment_id] = record

    def _do(self, act: object) -> None:
        match act:
            case Acknowledge(delivery):
                self.to_acknowledge.append(delivery)
            case FirePulse(payment_id, number):
                assert self.in_flight is None, "two pulses at once"
                self.in_flight = act
                self.ordered[payment_id].append(number)
            case FetchOpenPayments():
                assert not self.asked, "one question twice at once"
                self.asked = True
            case SendReceipt(receipt):
                assert receipt.payment_id not in self.on_their_way, "one receipt twice at once"
                assert receipt == self.closed[receipt.payment_id].receipt, "another word than before"
                self.on_their_way.add(receipt.payment_id)


def _how_far(train: Train) -> tuple[str, int, int, int]:
    """What the ledger and the memory must agree on; time that is not known yet is only in the memory."""
    return train.payment.id, train.intended, train.fired, train.ambiguous


CabinetsLife.TestCase.settings = settings(max_examples=60, stateful_step_count=50, deadline=None)
TestCabinetsLife = CabinetsLife.TestCase
