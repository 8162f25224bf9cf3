"""The whole money model: the cabinet's rules with its real ledger, a board, and the cloud."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections import defaultdict, deque
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, replace
from enum import Enum, auto
from pathlib import Path
from typing import Any

from cabinets import RULES
from money_cloud import Clock, Cloud

from cloud_relay.rules.charges import share_of
from controller.cloud.relay_client import FINAL_ANSWERS, read_open_payments
from controller.formats.wire import CoinPulseMessage, Reader
from controller.ledger.ledger import Ledger
from controller.model.cabinet import new_cabinet
from controller.model.effects import (
    Acknowledge,
    Act,
    ClosePayment,
    ConnectBroker,
    FetchOpenPayments,
    FirePulse,
    Record,
    SendReceipt,
)
from controller.model.events import (
    BrokerConnected,
    BrokerLost,
    Delivery,
    Event,
    FoundPayment,
    InputChanged,
    OpenPaymentsFailed,
    OpenPaymentsFound,
    PaymentReceived,
    PulseBegun,
    PulseFired,
    ReceiptAnswered,
    ReceiptFailed,
    Started,
    Tick,
)
from controller.model.journal import Entry
from controller.model.payment import KnownPayment, Receipt
from controller.model.policy import MeterRules, Rules
from controller.rules.decide import Decision, decide, next_wake_s

PULSES_PER_CREDIT = 2
PULSE_S = 0.25
# The coin counter output of an arcade board is active for at least 60 ms, and as long at rest here.
COUNT_S = 0.06
ORDERED_AHEAD = 2
# A real file, whose commits cost nothing: what a disk does to them is the ledger's own tests' concern.
_MEMORY = Path("/dev/shm")  # noqa: S108
# What has reached the cabinet needs its board for so long; what has not needs the relay's next word as well:
# its margin for a dead link, and the minute between two runs of tidy.
ENOUGH_FOR_THE_CABINET_S, ENOUGH_FOR_THE_RELAY_S = 30.0, 100.0


class Left(Enum):
    """How far the pulse on the line was when its process ended."""

    NOT_BEGUN = auto()
    ABOUT_TO_RISE = auto()
    RISEN = auto()
    FIRED = auto()
    """The coin line's process outlived the controller's, and finished it."""


class Killed(Exception):
    """The controller's process ends here."""


class World:
    """Everything, and what was seen of it. A subclass that overrides a step is a bug to be found.

    With `coin_meter` the board's coin counter is wired; `counts` says whether the board counts what we fire.
    """

    def __init__(self, coin_meter: MeterRules | None = None) -> None:
        self.coin_meter, self.counts = coin_meter, True
        self.clock = Clock()
        self.cloud = Cloud(self.clock)
        self.folder = Path(tempfile.mkdtemp(dir=_MEMORY if _MEMORY.is_dir() else None))
        self.image = self.folder / "card.image"
        self.boot, self.booted_s, self.board = 0, -100.0, 0
        self.ready = True
        self.kill_in: int | None = None
        self.left = Left.ABOUT_TO_RISE
        self.tally: tuple[PulseBegun | PulseFired, ...] | None = None
        self.pulses: defaultdict[str, int] = defaultdict(int)
        self.ends: dict[str, ClosePayment] = {}
        self.begun: set[str] = set()
        self.lost_with_ledger: set[str] = set()
        self.said: list[Receipt] = []
        self._start()

    def close(self) -> None:
        """Leave nothing behind."""
        self.ledger.close()
        shutil.rmtree(self.folder)

    # The cabinet

    @property
    def since_boot_s(self) -> float:
        """The cabinet's only clock."""
        return self.clock.now_s - self.booted_s

    def tell(self, gather: Callable[[], Event]) -> None:
        """Let something happen to the controller, and whatever follows from it at once."""
        self.waiting.append(gather)
        try:
            while self.waiting:
                decision = decide(self.cabinet, self.waiting.popleft()(), self.since_boot_s)
                self.carry_out(decision)
        except Killed:
            self.restart()

    def carry_out(self, decision: Decision) -> None:
        """Write, then act; each step between may be the process's last."""
        self._may_die()
        self.write(decision.records, decision.entries)
        self._may_die()
        self.cabinet = decision.cabinet
        for act in decision.acts:
            self._may_die()
            self.do(act)

    def write(self, records: tuple[Record, ...], entries: tuple[Entry, ...]) -> None:
        """Put records on disk, and remember what they say."""
        self.ledger.write(records, (), entries)
        self.ends |= {each.payment_id: each for each in records if isinstance(each, ClosePayment)}

    def do(self, act: Act) -> None:
        """Do one act in the world."""
        match act:
            case Acknowledge(delivery):
                self.acknowledge(delivery)
            case FirePulse(payment_id, number):
                self.fire(payment_id, number)
            case SendReceipt(receipt):
                self.posts.append(receipt)
                self.said.append(receipt)
            case FetchOpenPayments(payment_ids):
                assert self.question is None, "asked twice at once"
                self.question = (self.since_boot_s, payment_ids)
            case ConnectBroker():
                self.wants_broker = True

    def acknowledge(self, delivery: Delivery) -> None:
        """Send PUBACK, which says that the payment is on disk."""
        payment_id = self.cloud.mailbox.payment_in(delivery.message_id)
        assert payment_id is None or Ledger.find(self.ledger, payment_id), "acknowledged and not on disk"
        self.cloud.mailbox.acknowledge(delivery.connection, delivery.message_id)
        self.waiting.append(Tick)

    def fire(self, payment_id: str, number: int) -> None:
        """Take an order for a pulse; on a board that can see it, and the first within the window."""
        assert len(self.line) <= ORDERED_AHEAD, "more pulses in line than may be"
        assert {order.payment_id for order in self.line} <= {payment_id}, "two trains at once"
        self.tally = self.tally or ()  # from its first order on, it can be believed
        assert self.since_boot_s >= self.cabinet.rules.board_boot_s, "a pulse to a board that is starting"
        if payment_id not in self.begun:
            assert self.clock.now_s <= self.cloud.window_end_s(payment_id), "credited behind its window"
        self.begun.add(payment_id)
        self.line.append(FirePulse(payment_id, number))

    def find(self, payment_id: str) -> KnownPayment | None:
        """What the ledger knows of a payment."""
        return self.ledger.find(payment_id)

    def read_start(self) -> Started:
        """What the ledger says at a start, and the coin line's tally."""
        return replace(self.ledger.read_start(), tally=self.tally)

    def time_left_s(self, message: CoinPulseMessage) -> float | None:
        """What a message says of its window."""
        return message.expiry_s

    def sent_s(self, question_s: float) -> float:
        """From when on the answer to a question counts."""
        return question_s

    @property
    def is_settled(self) -> bool:
        """Whether the relay has answered for all that the cabinet has taken in."""
        return self.cabinet.trains == () and self.cabinet.receipts == ()

    # What can happen to the cabinet

    def restart(self, *, tally_lost: bool = False) -> None:
        """The process ends without a word, and is started again."""
        if self.line:
            self._leave(self.line[0])
        self.ledger.close()
        self.cloud.mailbox.disconnect()
        self.kill_in = None
        if tally_lost:
            self.tally = None
        self._start()

    def power_cut(self, off_s: float) -> None:
        """The Pi goes off with all that hangs on it, and comes back."""
        self.clock.now_s += off_s
        self.boot, self.booted_s = self.boot + 1, self.clock.now_s - 5.0
        self.restart(tally_lost=True)

    def lose_ledger(self) -> None:
        """The card dies, and a new one takes its place."""
        self.lost_with_ledger |= set(self.cloud.paid)
        self._remove_ledger()
        self.power_cut(10.0)

    def take_image(self) -> None:
        """The technician copies the card, sales and all."""
        self.image.unlink(missing_ok=True)
        with closing(sqlite3.connect(self.image)) as copy:
            self.ledger._db.backup(copy)

    def restore_image(self) -> None:
        """The card is written anew from the copy, and the cabinet is switched on again."""
        self.lost_with_ledger |= set(self.cloud.paid)
        self._remove_ledger()
        shutil.copyfile(self.image, self.folder / "ledger.sqlite")
        self.power_cut(10.0)

    def move_card(self) -> None:
        """The card goes on in another Pi."""
        self.board += 1
        self.power_cut(10.0)

    def board_says(self, ready: bool) -> None:
        """The board's inhibit line moves, and holds."""
        self.ready = ready
        at_s = self.since_boot_s
        self.tell(lambda: InputChanged("ready", ready, at_s))
        self.pass_time(0.1)

    def pass_time(self, seconds: float) -> None:
        """Let time pass as the loop sees it: it wakes for what is due."""
        until_s = self.clock.now_s + seconds
        while self.clock.now_s < until_s:
            due_s = next_wake_s(self.cabinet)
            wake_s = until_s if due_s is None else max(self.clock.now_s + 0.01, due_s + self.booted_s)
            self.clock.now_s = min(until_s, wake_s)
            self.cloud.try_again()
            self.tell(Tick)

    def end_pulse(self) -> None:
        """The pulse on the line ends, and the coin line says so."""
        if self.line:
            order = self.line.popleft()
            self.clock.now_s += PULSE_S
            pulse = self._fired(order)
            self.tell(lambda: pulse)
            if self.coin_meter and self.counts:
                self._move_meter(active=True)
                self._move_meter(active=False)
            elif self.coin_meter:
                self.pass_time(self.coin_meter.within_s + COUNT_S)

    # What goes over the links

    def connect(self) -> None:
        """The link to the broker comes up, if both ends are there."""
        mailbox = self.cloud.mailbox
        if mailbox.up and self.wants_broker and not mailbox.connected:
            was_there = mailbox.connect()
            self.tell(lambda: BrokerConnected(was_there))

    def disconnect(self) -> None:
        """The link to the broker breaks."""
        if self.cloud.mailbox.connected:
            self.cloud.mailbox.disconnect()
            self.tell(lambda: BrokerLost("keepalive"))

    def read_letter(self) -> bool:
        """The cabinet gets its next message; False if there is none."""
        delivered = self.cloud.mailbox.deliver()
        if delivered is None:
            return False
        number, message = delivered
        delivery = Delivery(self.cloud.mailbox.connection, number, 1)
        paid = self._reader.read(message)
        payment, at_s, left_s = paid.payment, self.since_boot_s, self.time_left_s(message)
        self.tell(
            lambda: PaymentReceived(delivery, payment, at_s, left_s, self.find(payment.id), paid.window_s)
        )
        return True

    def deliver_webhook(self, number: int, *, keep: bool = False) -> None:
        """Stripe tells the relay of one payment; what is not taken comes again."""
        event = self.cloud.webhooks[number]
        answer = self.cloud.deliver(event)
        if answer is not None and not keep:
            self.cloud.webhooks.remove(event)
        if answer is not None and answer.get("late"):
            self.late_webhook(answer["paymentId"])

    def late_webhook(self, payment_id: str) -> None:
        """What the relay does about a webhook behind the window: nothing."""

    def post_receipt(self, number: int, *, answer_lost: bool = False) -> None:
        """A receipt reaches the relay, and its answer perhaps the cabinet."""
        receipt = self.posts.pop(number)
        result = (self._post(receipt) or {}).get("result")
        if answer_lost or result not in FINAL_ANSWERS:
            self.tell(lambda: ReceiptFailed(receipt.payment_id, "no answer"))
        else:
            self.tell(lambda: ReceiptAnswered(receipt.payment_id, result))

    def repeat_receipt(self, number: int) -> None:
        """An old receipt reaches the relay once more."""
        self._post(self.said[number])

    def answer_question(self, waited_s: float = 0.0) -> None:
        """The relay is asked for open payments, and answers after a while."""
        if self.question is None:
            return
        question = self.question
        sent_s, payment_ids = question
        listed = self.cloud.open_payments(payment_ids)
        self.pass_time(waited_s)
        if self.question is not question:
            return  # the process that asked is gone
        self.question = None
        if listed is None:
            self.tell(lambda: OpenPaymentsFailed("503"))
        else:
            payments = read_open_payments(listed)
            counts_from_s = self.sent_s(sent_s)
            self.tell(
                lambda: OpenPaymentsFound(counts_from_s, tuple(self._found(*each) for each in payments))
            )

    # Good times

    def heal(self) -> None:
        """Everything that was broken works."""
        self.kill_in = None
        self.cloud.faults.forget()
        self.cloud.relay_up = self.cloud.mailbox.up = True
        self.board_says(ready=True)
        self.work()

    def work(self) -> None:
        """All that can be done at this moment is done."""
        for number in reversed(range(len(self.cloud.webhooks))):
            self.deliver_webhook(number)
        while True:
            self.connect()
            if self.read_letter():
                continue
            if self.line:
                self.end_pulse()
            elif self.question is not None:
                self.answer_question()
            elif self.posts:
                self.post_receipt(0)
            else:
                return

    def work_for(self, seconds: float) -> None:
        """Good times: everything is done as soon as it can be, and tidy runs each minute."""
        until_s, tidy_s = self.clock.now_s + seconds, self.clock.now_s
        while self.clock.now_s < until_s:
            if self.clock.now_s >= tidy_s:
                self.cloud.tidy()
                tidy_s += 60.0
            self.work()
            self.pass_time(2.0)
        self.work()

    def hopeful(self) -> list[str]:
        """The payments that good times from now on must credit in full."""
        return [each for each in self.cloud.paid if self._is_hopeful(each)]

    def _is_hopeful(self, payment_id: str) -> bool:
        train = next((each for each in self.cabinet.trains if each.payment.id == payment_id), None)
        ended = payment_id in self.ends or payment_id in self.lost_with_ledger or self.cabinet.fenced
        if ended or self.cloud.intent(payment_id).status != "requires_capture":
            return False
        if train is not None and train.intended:
            return not train.ambiguous and train.boot_id == self.cabinet.boot_id
        at_hand = train is not None or self.cloud.mailbox.holds(payment_id) or self.cabinet.catch_up
        enough_s = ENOUGH_FOR_THE_CABINET_S if at_hand else ENOUGH_FOR_THE_RELAY_S
        return self.cloud.window_end_s(payment_id) - self.clock.now_s >= enough_s

    # What is true of the money

    def price_of(self, payment_id: str, credits_delivered: int) -> int:
        """What so many credits of a payment cost."""
        intent = self.cloud.intent(payment_id)
        return share_of(intent.amount, credits_delivered, self.credits_of(payment_id), intent.currency)

    def credits_of(self, payment_id: str) -> int:
        """How many credits were paid for."""
        return int(self.cloud.intent(payment_id).metadata["quantity"])

    def delivered(self, payment_id: str) -> int:
        """The credits that the cabinet has reported for a payment."""
        end = self.ends.get(payment_id)
        return end.credits_delivered if end else 0

    def is_in_conflict(self, payment_id: str) -> bool:
        """Whether the operator is told that the money went the other way."""
        return "conflict" in self.cloud.intent(payment_id).metadata

    # How it is done

    def _start(self) -> None:
        rules = RULES | {
            "has_ready_line": True,
            "pulses_per_credit": PULSES_PER_CREDIT,
            "payment_link": "https://x",
            "ordered_ahead": 0 if self.coin_meter else ORDERED_AHEAD,
            "coin_meter": self.coin_meter,
        }
        self.ledger = Ledger(self.folder / "ledger.sqlite", lambda: "2026-01-01T00:00:00.000Z")
        self._reader = Reader(RULES["machine_id"], self.cloud.token, accept_unsigned=False)
        self.cabinet = new_cabinet(Rules(**rules), f"boot-{self.boot}", f"pi-{self.board}")
        self.line: deque[FirePulse] = deque()
        self.waiting: deque[Callable[[], Event]] = deque()
        self.posts: list[Receipt] = []
        self.question: tuple[float, tuple[str, ...]] | None = None
        self.wants_broker = False
        self.tell(self.read_start)
        self.board_says(self.ready)

    def _leave(self, order: FirePulse) -> None:
        if self.left is Left.FIRED:
            self._fired(order)
        elif self.left is not Left.NOT_BEGUN:
            self.tally = (*(self.tally or ()), PulseBegun(order.payment_id, order.number))
            self.pulses[order.payment_id] += self.left is Left.RISEN

    def _fired(self, order: FirePulse) -> PulseFired:
        self.pulses[order.payment_id] += self.counts
        pulse = PulseFired(order.payment_id, order.number, self.since_boot_s - 0.1, self.since_boot_s)
        self.tally = (*(self.tally or ()), pulse)
        return pulse

    def _move_meter(self, *, active: bool) -> None:
        at_s = self.since_boot_s
        self.tell(lambda: InputChanged("coin_meter", active, at_s))
        self.pass_time(COUNT_S)

    def _remove_ledger(self) -> None:
        self.ledger.close()
        for file in self.folder.glob("ledger.sqlite*"):
            file.unlink()

    def _may_die(self) -> None:
        if self.kill_in is not None:
            self.kill_in -= 1
            if self.kill_in <= 0:
                raise Killed

    def _post(self, receipt: Receipt) -> dict[str, Any]:
        fields = asdict(receipt)
        names = {
            "payment_id": "paymentId",
            "credits_delivered": "creditsDelivered",
            "credits_paid": "creditsPaid",
        }
        return self.cloud.settle({names.get(key, key): value for key, value in fields.items()})

    def _found(self, payment: Any, left_s: float) -> FoundPayment:
        return FoundPayment(payment, left_s, self.find(payment.id))
