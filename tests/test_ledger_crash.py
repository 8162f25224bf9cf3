"""The cabinet is killed at every step of its work with the ledger; the next run makes everything right."""

from __future__ import annotations

import os
import signal
import sqlite3
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from cabinets import BOOT, NOW_S, OFFER, RULES, payment

from controller.board.tally import TallyKeeper, begin_tally, read_tally
from controller.ledger.ledger import Ledger
from controller.model.cabinet import new_cabinet
from controller.model.effects import (
    Acknowledge,
    ConnectBroker,
    FetchOffer,
    FetchOpenPayments,
    FirePulse,
    Note,
    PublishGameOver,
    SendReceipt,
)
from controller.model.events import (
    BrokerConnected,
    Delivery,
    Event,
    FoundPayment,
    GameOverPublished,
    InputChanged,
    OfferReceived,
    OpenPaymentsFound,
    PaymentReceived,
    PulseBegun,
    PulseFired,
    ReceiptAnswered,
    Tick,
)
from controller.model.payment import Outcome, Payment
from controller.model.policy import Rules
from controller.rules.decide import decide

PULSES_PER_CREDIT = 2
ORDERED_AHEAD = 2
MANY_TURNS = 200  # ten times those of a whole life
PAID = (payment("pi_1", 1), payment("pi_2", 2))
ALL_PULSES = {(paid.id, number) for paid in PAID for number in range(1, paid.credits * PULSES_PER_CREDIT + 1)}


class Life:
    """A cabinet as the loop runs it, in a world that answers every act at once.

    `mailbox` is what the broker holds for it, `tell` hears each act as it is done, and `step` is called at
    every point at which a kill makes a difference: around each act, each commit, and each statement in it.
    """

    def __init__(
        self, path: Path, mailbox: Iterable[Payment], tell: Callable[[str], None], step: Callable[[str], None]
    ) -> None:
        self.ledger = Ledger(path, lambda: "2026-06-01T12:00:00.000Z")
        self.ledger._db.set_trace_callback(step)
        self._tally_file = path.with_suffix(".tally")
        self._tally = TallyKeeper(self._tally_file)
        self._tell, self._step = tell, step
        self._mailbox = list(mailbox)
        self._events: deque[Event] = deque()
        self._now_s = NOW_S
        self._turns = 0
        rules = {"pulses_per_credit": PULSES_PER_CREDIT, "ordered_ahead": ORDERED_AHEAD}
        self._cabinet = new_cabinet(Rules(**RULES | rules), BOOT)

    def close(self) -> None:
        """As its process does at its end."""
        self.ledger.close()
        os.close(self._tally._file)

    def run(self) -> None:
        """From the start until nothing is left to do, and the game is over."""
        for note in self.ledger.unsaid():
            self._tell(f"line {note.text}")
        noted = read_tally(self._tally_file, self.ledger.identity)
        started = replace(self.ledger.read_start(), tally=noted)
        self._was_here = started.board is not None
        self._events.append(started)
        self._has_tally = noted is not None
        self._run_dry()
        self._events.append(InputChanged("game_over", active=True, at_s=self._now_s))
        self._run_dry()
        self._now_s += 1.0
        self._events.append(Tick())
        self._run_dry()

    def receive(self, paid: Payment) -> None:
        """Let the broker hand over one payment."""
        delivery = Delivery(connection=1, message_id=PAID.index(paid), qos=1)
        known = self.ledger.find(paid.id)
        self._events.append(PaymentReceived(delivery, paid, self._now_s, 60.0, known, None))

    def _run_dry(self) -> None:
        while self._events:
            self._now_s += 0.01
            self._turns += 1
            assert self._turns < MANY_TURNS, "it never comes to rest"
            decision = decide(self._cabinet, self._events.popleft(), self._now_s)
            if decision.records:
                self.ledger.write(decision.records, decision.notes, decision.entries)
                self._step("committed")
            self._cabinet = decision.cabinet
            for act in decision.acts:
                self._do(act)
            self._begin_tally()

    def _do(self, act: object) -> None:
        match act:
            case Acknowledge(delivery):
                self._act(f"ack {PAID[delivery.message_id].id}", Tick())
            case FirePulse(name, number):
                self._fire(name, number)
            case SendReceipt(receipt):
                words = f"receipt {receipt.payment_id} {receipt.outcome} {receipt.credits_delivered}"
                self._act(words, ReceiptAnswered(receipt.payment_id, "settled"))
            case PublishGameOver(ended):
                self._act(
                    f"game over {ended.session_id} {ended.game}",
                    GameOverPublished(ended.session_id, ended.game),
                )
            case Note(text):
                self._act(f"line {text}")
            case _:
                self._answer(act)

    def _fire(self, name: str, number: int) -> None:
        self._begin_tally()
        self._tally.begins(name, number)
        self._step("begun")
        pulse = PulseFired(name, number, self._now_s, self._now_s + 0.1)
        self._act(f"fire {name} {number}", pulse)
        self._tally.ended(name, number, pulse.rose_s, pulse.fell_s)
        self._step("ended")

    def _begin_tally(self) -> None:
        if not self._has_tally:
            begin_tally(self._tally_file, self.ledger.identity)
            self._has_tally = True
            self._step("tally")

    def _answer(self, act: object) -> None:
        """What is only asked for can be asked for again."""
        match act:
            case FetchOffer():
                self._events.append(OfferReceived(OFFER))
            case FetchOpenPayments(payment_ids):
                asked = [paid for paid in PAID if paid.id in payment_ids]
                found = (FoundPayment(paid, 60.0, self.ledger.find(paid.id)) for paid in asked)
                self._events.append(OpenPaymentsFound(self._now_s, tuple(found)))
            case ConnectBroker():
                self._events.append(BrokerConnected(session_present=self._was_here))
                for paid in self._mailbox:
                    self.receive(paid)

    def _act(self, words: str, *answer: Event) -> None:
        self._tell(words)
        self._events.extend(answer)
        self._step(words)


def ignore(_: str) -> None:
    pass


def killed_at(step: int, path: Path) -> list[str]:
    """What a cabinet said that was killed by SIGKILL at that step of its life."""
    reader, writer = os.pipe()
    if (child := os.fork()) == 0:
        try:
            steps = iter(range(step))

            def count(_: str) -> None:
                if next(steps, None) is None:
                    os.kill(os.getpid(), signal.SIGKILL)

            Life(path, PAID, lambda words: os.write(writer, f"{words}\n".encode()) and None, count).run()
        finally:
            os._exit(1)
    os.close(writer)
    with os.fdopen(reader) as lines:
        said = lines.read().splitlines()
    assert os.waitpid(child, 0)[1] == signal.SIGKILL, f"it lived on behind step {step}"
    return said


def pulses(path: Path, *states: str) -> set[tuple[str, int]]:
    with closing(sqlite3.connect(path)) as db:
        rows = db.execute("SELECT payment_id, number, state FROM pulses").fetchall()
    return {(name, number) for name, number, state in rows if not states or state in states}


def fired(said: list[str]) -> list[tuple[str, int]]:
    words = [line.split() for line in said]
    return [(word[1], int(word[2])) for word in words if word[0] == "fire"]


def identity(path: Path) -> str:
    return f"{path.stat().st_dev}:{path.stat().st_ino}"


def ended(path: Path) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as db:
        return db.execute(
            "SELECT id, outcome, credits_delivered, answer FROM payments ORDER BY id"
        ).fetchall()


def expected_end(paid: Payment, doubtful: set[tuple[str, int]]) -> tuple[object, ...]:
    lost = sum(name == paid.id for name, _ in doubtful)
    credits = (paid.credits * PULSES_PER_CREDIT - lost) // PULSES_PER_CREDIT
    whole = Outcome.DELIVERED if credits == paid.credits else Outcome.PARTIAL
    return (paid.id, whole if credits else Outcome.UNDELIVERED, credits, "settled")


def check_that_the_next_run_makes_it_right(path: Path, said: list[str]) -> None:
    """The rules that hold whenever the first run was killed."""
    noted = read_tally(path.with_suffix(".tally"), identity(path))
    assert noted is not None or pulses(path) == set(), "a pulse was intended while no tally could be believed"
    begun = {(each.payment_id, each.number) for each in noted or () if isinstance(each, PulseBegun)}
    doubtful = begun & pulses(path, "intended")
    assert set(fired(said)) <= pulses(path), "a pulse left that was not written down before"
    acknowledged = {line.split()[1] for line in said if line.startswith("ack")}
    second = Life(path, [paid for paid in PAID if paid.id not in acknowledged], said.append, ignore)
    assert second.ledger.set_aside is None
    assert all(second.ledger.find(name) for name in acknowledged), "an acknowledged payment is lost"
    owed = [f"game over {each.session_id} {each.game}" for each in second.ledger.read_start().game_overs]
    heard_before = len(said)
    second.run()
    assert second.ledger.read_start().game_overs == (), "the end of a game is owed for ever"
    second.close()

    assert set(owed) <= set(said[heard_before:]), "the end of a game was never published"

    assert len(fired(said)) == len(set(fired(said))), "a pulse was fired twice"
    assert ALL_PULSES - doubtful <= set(fired(said)), "a paid pulse was forgotten"
    assert pulses(path, "ambiguous") == doubtful
    assert len(doubtful) <= 1
    assert ended(path) == [expected_end(paid, doubtful) for paid in PAID]
    lines = "\n".join(line for line in said if line.startswith("line"))
    for paid in PAID:
        outcome, credits = expected_end(paid, doubtful)[1:3]
        ends = f"payment {paid.id}: {outcome}, {credits} of {paid.credits} credits"
        answered = f"payment {paid.id}: receipt answered: settled"
        for line in (f"payment {paid.id}: received", ends, answered, "game over"):
            assert line in lines, f"the log lacks: {line}"
    sales, games = sorted((paid.id,) for paid in PAID), sorted(owed_or_heard(said))
    assert (told(path, "sale"), told(path, "settled"), told(path, "game")) == (sales, sales, games)
    receipts = {line for line in said if line.startswith("receipt")}
    assert len(receipts) == len(PAID), "a receipt changed its words"


def owed_or_heard(said: list[str]) -> set[tuple[object, ...]]:
    """The session of each game that is over."""
    return {(line.split()[2],) for line in said if line.startswith("game over")}


def told(path: Path, kind: str) -> list[tuple[object, ...]]:
    """What the journal's entries of that kind are about, each as often as it stands there."""
    about = "coalesce(json_extract(body, '$.paymentId'), json_extract(body, '$.sessionId'))"
    with closing(sqlite3.connect(path)) as db:
        query = f"SELECT {about} FROM journal WHERE json_extract(body, '$.kind') = ?"  # noqa: S608 - our own text
        return sorted(db.execute(query, (kind,)))


def steps_of_a_whole_life(path: Path) -> list[str]:
    steps: list[str] = []
    life = Life(path, PAID, ignore, steps.append)
    life.run()
    life.close()
    return steps


def test_a_life_without_a_kill_delivers_all(tmp_path: Path) -> None:
    """What the kills are compared with: each act once."""
    said: list[str] = []
    life = Life(tmp_path / "ledger.sqlite", PAID, said.append, ignore)
    life.run()
    life.close()

    assert set(fired(said)) == ALL_PULSES
    assert sorted(line for line in said if not line.startswith(("fire", "line"))) == [
        "ack pi_1",
        "ack pi_2",
        "game over pi_1 1",
        "receipt pi_1 delivered 1",
        "receipt pi_2 delivered 2",
    ]


def test_killed_at_any_step_no_payment_and_no_pulse_is_lost_or_doubled(tmp_path: Path) -> None:
    """Before, within and behind each commit, and behind each act."""
    steps = steps_of_a_whole_life(tmp_path / "whole.sqlite")
    assert {"BEGIN IMMEDIATE", "COMMIT", "committed", "fire pi_2 4", "game over pi_1 1"} <= set(steps)

    for step, name in enumerate(steps):
        path = tmp_path / f"{step}" / "ledger.sqlite"
        said = killed_at(step, path)
        try:
            check_that_the_next_run_makes_it_right(path, said)
        except AssertionError as error:
            raise AssertionError(f"killed at step {step} ({name.strip()}), said {said}") from error


@pytest.mark.parametrize("paid", PAID, ids=lambda paid: f"{paid.credits} credits")
def test_a_sale_costs_its_pulses_and_three_commits(tmp_path: Path, paid: Payment) -> None:
    """Each waits for the disk, and the player waits for it."""
    steps: list[str] = []
    life = Life(tmp_path / "ledger.sqlite", [], ignore, steps.append)
    life.run()
    steps.clear()
    life.receive(paid)
    life._run_dry()
    life.close()

    assert steps.count("receipt " + f"{paid.id} delivered {paid.credits}") == 1
    assert steps.count("COMMIT") == paid.credits * PULSES_PER_CREDIT + 3
