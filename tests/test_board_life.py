"""Random lives of a cabinet at a board that samples, counts, holds few credits, and is fed with cash as well.

The cabinet's rules with their real ledger, and the virtual arcade board with its coin meter, on one clock.
Nobody is charged for what the board did not count, and no coin of metal is taken for one of ours.
"""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from cabinets import RULES
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from controller.ledger.ledger import Ledger
from controller.model.cabinet import new_cabinet
from controller.model.effects import ClosePayment, FirePulse, RecordCoin
from controller.model.events import (
    BrokerConnected,
    CreditTestRequested,
    Delivery,
    Event,
    FaultsCleared,
    InputChanged,
    PaymentReceived,
    PulseFired,
    Tick,
)
from controller.model.payment import Payment
from controller.model.policy import MeterRules, Rules
from controller.rules.decide import decide, next_wake_s
from simulator.board.model.arcade_board import ArcadeBoard
from simulator.board.model.board_profiles import JAMMA

PULSE_S, GAP_S = 0.1, 0.15
FRAME_S = 1 / 60
MOST_CREDITS = 3
BOARD = replace(JAMMA, max_credits=MOST_CREDITS)
METER = MeterRules(hold_s=0.01, within_s=0.5, out_of_order_after=3)
_MEMORY = Path("/dev/shm")  # noqa: S108 - a real file, whose commits cost nothing
DELIVERY = Delivery(1, 1, 1)


class BoardLife(RuleBasedStateMachine):
    """Players pay and throw coins in, games end, a wire breaks, and the process dies."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(dir=_MEMORY if _MEMORY.is_dir() else None))
        self.now_s, self.rested_s = 1000.0, 0.0
        self.board = ArcadeBoard(BOARD, powered_at_s=self.now_s)
        self.wire_broken = False
        self.paid: list[Payment] = []
        self.cash, self.trials, self.games = 0, 0, 0
        self.reached: Counter[str] = Counter()
        self.closed: dict[str, ClosePayment] = {}
        self.coins_recorded = 0
        self.kills = 0
        self._start()

    def teardown(self) -> None:
        """Mend everything, wait for rest, and count."""
        try:
            self.come_to_rest()
        finally:
            self.ledger.close()
            shutil.rmtree(self.folder)

    # What people do

    @rule(credits=st.integers(1, 4))
    def a_player_pays(self, credits: int) -> None:
        paid = Payment(f"pi_{len(self.paid)}", credits, 100, "usd", has_receipt=True)
        self.paid.append(paid)
        self._handle(PaymentReceived(DELIVERY, paid, self.now_s, 60.0, None, 180.0))
        self._handle(Tick())

    @precondition(lambda self: self.flight is None and self.cabinet.expected is None)
    @rule()
    def somebody_throws_a_coin_in(self) -> None:
        """Not while a pulse waits for its count: with a broken wire, nothing could tell the two apart."""
        self.board.insert_cash_coin(self.now_s)
        self.cash += 1
        self._run(0.3)

    @rule()
    def somebody_presses_start(self) -> None:
        self.games += self.board.press_start(self.now_s)

    @rule()
    def the_game_ends(self) -> None:
        self.board.end_game(self.now_s)
        self._run(0.5)

    @rule(credits=st.integers(1, 2))
    def the_technician_tests(self, credits: int) -> None:
        self.trials += 1
        self._handle(CreditTestRequested(f"test-{self.trials}", credits))

    @rule()
    def the_technician_clears_faults(self) -> None:
        self._handle(FaultsCleared())

    # What fails

    @rule(broken=st.booleans())
    def the_coin_wire_breaks_or_is_mended(self, broken: bool) -> None:
        self.wire_broken = broken

    @rule()
    def the_process_is_killed(self) -> None:
        """Its coin line finishes the pulse in hand; whatever the board says meanwhile is not heard."""
        self.kills += 1
        self.ledger.close()
        self.now_s += 1.0
        self.board.run_until(self.now_s)
        self.board.take_outputs()
        self._start()

    @rule(seconds=st.sampled_from([0.05, 0.3, 2.0, 10.0, 70.0]))
    def time_passes(self, seconds: float) -> None:
        self._run(seconds)

    # What must hold

    @invariant()
    def nobody_is_charged_for_what_the_board_did_not_get(self) -> None:
        for payment_id, end in self.closed.items():
            assert end.credits_delivered <= self.reached[payment_id], "charged and not counted"

    @invariant()
    def the_board_never_swallows_a_credit_of_ours(self) -> None:
        swallowed = self.board.view().coins - self.games - self.board.view().credits
        if not self.cash and not self.kills:
            assert swallowed == 0, "more credits than the board can hold"

    def come_to_rest(self) -> None:
        """The wire is mended, and the technician has been there."""
        self.wire_broken = False
        self._handle(FaultsCleared())
        self._run(80.0)
        assert self.cabinet.trains == (), "the cabinet does not come to rest"
        assert set(self.closed) >= {payment.id for payment in self.paid}
        self.nobody_is_charged_for_what_the_board_did_not_get()
        if not self.kills:
            assert self.coins_recorded >= self.cash, "a coin of metal was taken for one of ours"

    # How it is done

    def _start(self) -> None:
        board = {"coin_meter": METER, "max_credits": MOST_CREDITS, "shortest_ms": 50.0}
        rules = RULES | board | {"has_relay": False, "session_timeout_s": 1e9}
        self.ledger = Ledger(self.folder / "ledger.sqlite", lambda: "2026-01-01T00:00:00.000Z")
        self.cabinet = new_cabinet(Rules(**rules), "boot-a", "pi-a")
        self.flight: tuple[FirePulse, float] | None = None
        self._handle(self.ledger.read_start())
        self._handle(BrokerConnected(session_present=True))
        for line in ("coin_meter", "game_over"):
            active = self.board.is_active(line)  # type: ignore[arg-type]
            self._handle(InputChanged(line, active, self.now_s, at_start=True))  # type: ignore[arg-type]

    def _run(self, seconds: float) -> None:
        """Let time pass: frame by frame while something moves, else to the next thing that is due."""
        until_s = self.now_s + seconds
        while self.now_s < until_s:
            busy = self.flight or self.cabinet.expected or self.board.is_active("coin_meter")
            quiet_s = FRAME_S if busy else 1.0
            wake_s = next_wake_s(self.cabinet)
            due_s = until_s if wake_s is None else max(wake_s, self.now_s + 0.001)
            self.now_s = min(until_s, due_s, self.now_s + quiet_s)
            self._hear_the_board()
            self._end_pulse_if_over()
            self._handle(Tick())

    def _hear_the_board(self) -> None:
        self.board.run_until(self.now_s)
        for output in self.board.take_outputs():
            self._handle(InputChanged(output.line, output.active, output.at_s))

    def _end_pulse_if_over(self) -> None:
        if self.flight and self.now_s >= self.flight[1] + PULSE_S:
            order, rose_s = self.flight
            self.flight = None
            self._handle(PulseFired(order.payment_id, order.number, rose_s, rose_s + PULSE_S))

    def _handle(self, event: Event) -> None:
        decision = decide(self.cabinet, event, self.now_s)
        self.ledger.write(decision.records)
        self.cabinet = decision.cabinet
        self.closed |= {each.payment_id: each for each in decision.records if isinstance(each, ClosePayment)}
        self.coins_recorded += sum(isinstance(record, RecordCoin) for record in decision.records)
        for act in decision.acts:
            if isinstance(act, FirePulse):
                self._fire(act)

    def _fire(self, order: FirePulse) -> None:
        assert self.flight is None, "two pulses at once"
        rose_s = max(self.now_s, self.rested_s + GAP_S)
        self.flight, self.rested_s = (order, rose_s), rose_s + PULSE_S
        if not self.wire_broken:
            self.reached[order.payment_id] += 1
            self.board.edge(1, rose_s)
            self.board.edge(0, rose_s + PULSE_S)


LIVES_AT_RANDOM = 60 if settings().derandomize else 400
BoardLife.TestCase.settings = settings(max_examples=LIVES_AT_RANDOM, stateful_step_count=30, deadline=None)
TestBoardLife = BoardLife.TestCase


class ChargesForWhatLeftThePin(BoardLife):
    """A pulse counts as soon as it has left, whatever the meter says."""

    def _start(self) -> None:
        super()._start()
        self.cabinet = replace(self.cabinet, rules=replace(self.cabinet.rules, coin_meter=None))


class KnowsNoLimit(BoardLife):
    """Credits are put on the board as they are paid."""

    def _start(self) -> None:
        super()._start()
        self.cabinet = replace(self.cabinet, rules=replace(self.cabinet.rules, max_credits=None))


class TakesCashForOurs(BoardLife):
    """A count confirms our pulse whenever it comes."""

    def _start(self) -> None:
        super()._start()
        late = replace(METER, within_s=30.0)
        self.cabinet = replace(self.cabinet, rules=replace(self.cabinet.rules, coin_meter=late))


def test_a_payment_is_not_charged_for_pulses_that_the_board_never_got() -> None:
    """The wire is broken, and the meter tells."""
    life = BoardLife()
    life.wire_broken = True
    life.a_player_pays(credits=2)
    life._run(5.0)
    life.teardown()

    assert life.closed["pi_0"].credits_delivered == 0


def test_the_model_bites_where_a_sent_pulse_counts_as_a_sale() -> None:
    """As other products count it."""
    life = ChargesForWhatLeftThePin()
    life.wire_broken = True
    life.a_player_pays(credits=2)
    life._run(5.0)

    with pytest.raises(AssertionError, match="charged and not counted"):
        life.nobody_is_charged_for_what_the_board_did_not_get()
    life.ledger.close()
    shutil.rmtree(life.folder)


def test_the_model_bites_where_nobody_minds_how_much_the_board_holds() -> None:
    """What is on top is swallowed."""
    life = KnowsNoLimit()
    life.a_player_pays(credits=4)
    life._run(5.0)

    with pytest.raises(AssertionError, match="more credits than the board can hold"):
        life.the_board_never_swallows_a_credit_of_ours()
    life.ledger.close()
    shutil.rmtree(life.folder)


def test_the_model_bites_where_late_cash_confirms_a_pulse() -> None:
    """A pulse has a time of its own, and not more."""
    life = TakesCashForOurs()
    life.wire_broken = True
    life.a_player_pays(credits=1)
    life._run(5.0)
    life.board.insert_cash_coin(life.now_s)
    life._run(1.0)

    with pytest.raises(AssertionError, match="charged and not counted"):
        life.nobody_is_charged_for_what_the_board_did_not_get()
    life.ledger.close()
    shutil.rmtree(life.folder)


def test_without_those_bugs_late_cash_is_cash() -> None:
    """The same life keeps its promises."""
    life = BoardLife()
    life.wire_broken = True
    life.a_player_pays(credits=1)
    life._run(5.0)
    life.board.insert_cash_coin(life.now_s)
    life.cash += 1
    life._run(1.0)

    assert (life.closed["pi_0"].credits_delivered, life.coins_recorded) == (0, 1)
    life.teardown()
