"""The rules for the coin meter: what the board counted confirms our pulses, and the rest is cash."""

from __future__ import annotations

import logging

import pytest
from cabinets import (
    NOW_S,
    OFFER,
    Bench,
    Orders,
    open_bench,
    payment,
    session,
    started_bench,
    train,
)
from hypothesis import given
from hypothesis import strategies as st

from attract_screen.model.feed_format import State
from controller.model.cabinet import accepting
from controller.model.effects import (
    ClearLedgerFaults,
    ClosePayment,
    FirePulse,
    IntendPulse,
    Note,
    RecordCoin,
    RecordPayment,
    RecordPulse,
    RememberUncounted,
    SaveSession,
    SendReceipt,
)
from controller.model.events import (
    BrokerConnected,
    CreditTestRequested,
    FaultsCleared,
    InputChanged,
    OfferReceived,
    PulseFired,
)
from controller.model.payment import Outcome, Payment, PulseFate, Receipt
from controller.model.policy import MeterRules
from controller.rules.decide import next_wake_s
from controller.rules.mood import mood

METER = MeterRules(hold_s=0.01, within_s=0.5, out_of_order_after=3)
PULSE_S = 0.1
# A pulse's own time, and how long the next one waits for a late count.
UNCOUNTED_S = 0.6 + 1.5
TROUBLE = "coin meter: the last 3 coin pulses were not counted by the board"


def metered_bench(**rules: object) -> Bench:
    """A cabinet at rest whose board has a coin meter."""
    return open_bench(**{"coin_meter": METER, "shortest_ms": 50.0} | rules)


def pay(bench: Bench, paid: Payment, *, left_s: float = 60.0) -> Bench:
    """Let a payment come, and its first pulse rise."""
    bench.receive(paid, left_s=left_s)
    bench.acknowledged()
    return bench


def edge(bench: Bench, *, active: bool, at_s: float) -> None:
    """Move the meter's line."""
    bench.handle(InputChanged("coin_meter", active, at_s))


def count(bench: Bench, *, after_s: float = 0.0) -> Orders:
    """Let the board count one coin in a while: 60 ms on the meter's line."""
    at_s = bench.now_s + after_s
    edge(bench, active=True, at_s=at_s)
    bench.now_s = at_s + 0.06
    orders = bench.handle(InputChanged("coin_meter", False, bench.now_s))
    bench.wait(0.02)
    return orders


def fire(bench: Bench, payment_id: str, number: int) -> PulseFired:
    """Let a pulse rise now, and fall 100 ms later."""
    rose_s = bench.now_s
    bench.now_s += PULSE_S
    pulse = PulseFired(payment_id, number, rose_s, bench.now_s)
    bench.handle(pulse)
    return pulse


def wait_uncounted(bench: Bench) -> None:
    """Let a pulse's time pass without a count, and the wait behind it, as the loop wakes for them."""
    bench.wait(0.6)
    bench.wait(UNCOUNTED_S - 0.6)


def recorded(pulse: PulseFired, fate: PulseFate) -> RecordPulse:
    """What the ledger is told of a pulse."""
    return RecordPulse(pulse.payment_id, pulse.number, pulse.rose_s, pulse.fell_s, fate)


def test_a_pulse_that_has_left_waits_for_its_count() -> None:
    """Nothing is written yet: killed here, it would count as ambiguous, and not be charged."""
    bench = pay(metered_bench(), payment(credits=2))
    rose_s = bench.now_s
    bench.now_s += PULSE_S

    assert bench.handle(PulseFired("pi_1", 1, rose_s, bench.now_s)) == Orders()


def test_a_counted_pulse_is_confirmed_together_with_the_next_intention() -> None:
    """One commit a pulse, as without a meter."""
    bench = pay(metered_bench(), payment(credits=2))
    pulse = fire(bench, "pi_1", 1)

    orders = count(bench, after_s=0.05)

    assert orders == Orders(
        (
            recorded(pulse, PulseFate.CONFIRMED),
            SaveSession(session("pi_1", bench.now_s - 0.02)),
            IntendPulse("pi_1", 2),
        ),
        (FirePulse("pi_1", 2),),
    )


def test_the_last_counted_pulse_delivers_the_payment() -> None:
    """And its receipt leaves."""
    bench = pay(metered_bench(), payment())
    fire(bench, "pi_1", 1)

    assert count(bench, after_s=0.05).acts == (SendReceipt(Receipt("pi_1", Outcome.DELIVERED, 1, 1)),)


def test_a_count_that_came_before_the_coin_line_answered_is_not_lost() -> None:
    """The board may count while the switch is closed, and two processes tell of it."""
    bench = pay(metered_bench(), payment())
    rose_s = bench.now_s
    edge(bench, active=True, at_s=rose_s + 0.07)
    edge(bench, active=False, at_s=rose_s + 0.13)
    bench.now_s = rose_s + 0.2

    orders = bench.handle(PulseFired("pi_1", 1, rose_s, rose_s + PULSE_S))

    assert orders.records[0] == RecordPulse("pi_1", 1, rose_s, rose_s + PULSE_S, PulseFate.CONFIRMED)
    assert bench.cabinet.coins == 0


def test_a_count_that_came_early_confirms_one_pulse_and_is_not_taken_for_cash_later() -> None:
    """The next pulse needs its own."""
    bench = pay(metered_bench(), payment(credits=2))
    edge(bench, active=True, at_s=bench.now_s + 0.07)
    edge(bench, active=False, at_s=bench.now_s + 0.13)
    fire(bench, "pi_1", 1)
    bench.wait(0.1)
    second = fire(bench, "pi_1", 2)

    assert recorded(second, PulseFate.UNCOUNTED) in bench.wait(0.6).records
    assert bench.cabinet.coins == 0


@pytest.mark.parametrize("after_rise_s", [0.05, PULSE_S + 0.5], ids=["at the earliest", "at the latest"])
def test_a_count_at_the_edge_of_a_pulses_time_is_its_own(after_rise_s: float) -> None:
    """The shortest pulse that the board takes, and half a second after the fall."""
    bench = pay(metered_bench(), payment())
    rose_s = bench.now_s
    pulse = PulseFired("pi_1", 1, rose_s, rose_s + PULSE_S)
    bench.now_s = pulse.fell_s
    bench.handle(pulse)
    counted_s = rose_s + 0.05 if after_rise_s == 0.05 else pulse.fell_s + 0.5
    edge(bench, active=True, at_s=counted_s)

    orders = bench.handle(InputChanged("coin_meter", False, counted_s + 0.06))

    assert (orders.records[0], bench.cabinet.coins) == (recorded(pulse, PulseFate.CONFIRMED), 0)


def test_a_pulse_that_waited_for_quiet_is_not_beside_cash() -> None:
    """It rises when the last coin is long enough ago, and its count is its own."""
    bench = metered_bench()
    count(bench)
    pay(bench, payment())
    bench.now_s = bench.cabinet.quiet_until_s or 0.0
    assert bench.wait(0).acts == (FirePulse("pi_1", 1),)
    pulse = fire(bench, "pi_1", 1)

    assert count(bench, after_s=0.05).records[0] == recorded(pulse, PulseFate.CONFIRMED)


def test_a_pulse_is_given_up_at_the_moment_for_which_the_loop_woke() -> None:
    """Woken a little later each time, it would spin."""
    bench = pay(metered_bench(), payment())
    pulse = fire(bench, "pi_1", 1)
    bench.now_s = next_wake_s(bench.cabinet) or 0.0

    assert recorded(pulse, PulseFate.UNCOUNTED) in bench.wait(0).records


def test_what_the_meter_counts_is_told_in_the_log() -> None:
    """Coins of metal, and a board that counts again after it had not."""
    bench = metered_bench()
    count(bench)
    pay(bench, payment(credits=2))
    bench.wait(10)
    fire(bench, "pi_1", 1)
    bench.wait(0.6)
    bench.wait(1.5)
    fire(bench, "pi_1", 2)
    count(bench, after_s=0.05)

    told = [note for note in bench.log if "count" in note.text and "pi_1" not in note.text]
    assert told == [
        Note("coin 1 counted by the coin meter"),
        Note("coin meter counted again, after 1 pulses that it had not"),
    ]


def test_a_pulse_that_was_not_counted_in_time_is_not_credited() -> None:
    """The player pays for what the board took."""
    bench = pay(metered_bench(), payment())
    pulse = fire(bench, "pi_1", 1)
    assert bench.wait(0.505) == Orders()

    orders = bench.wait(0.01)

    receipt = Receipt("pi_1", Outcome.UNDELIVERED, 0, 1)
    assert orders == Orders(
        (
            RememberUncounted(1),
            recorded(pulse, PulseFate.UNCOUNTED),
            ClosePayment("pi_1", Outcome.UNDELIVERED, 0, "pulses not counted: 1 of 1", receipt),
        ),
        (SendReceipt(receipt),),
    )
    assert Note("payment pi_1: pulse 1 uncounted, 100.0 ms wide", logging.WARNING) in bench.log


def test_the_loop_wakes_when_a_pulse_has_waited_long_enough() -> None:
    """Its own time, and the meter's debounce behind it."""
    bench = pay(metered_bench(), payment())
    pulse = fire(bench, "pi_1", 1)

    assert next_wake_s(bench.cabinet) == pulse.fell_s + 0.51


def test_a_train_of_which_one_pulse_was_not_counted_is_partial() -> None:
    """The others go on, and each stands for itself."""
    bench = pay(metered_bench(), payment(credits=3))
    fire(bench, "pi_1", 1)
    count(bench, after_s=0.05)
    fire(bench, "pi_1", 2)
    wait_uncounted(bench)
    fire(bench, "pi_1", 3)

    assert count(bench, after_s=0.05).acts == (SendReceipt(Receipt("pi_1", Outcome.PARTIAL, 2, 3)),)


def test_the_log_tells_how_the_pulses_of_a_train_were_lost() -> None:
    """Not counted, and beside a coin of metal, each with how many."""
    bench = pay(metered_bench(), payment(credits=2))
    fire(bench, "pi_1", 1)
    bench.wait(0.6)
    bench.wait(1.5)
    edge(bench, active=True, at_s=bench.now_s + 0.01)
    edge(bench, active=False, at_s=bench.now_s + 0.03)
    fire(bench, "pi_1", 2)
    count(bench, after_s=0.05)

    told = "pulses not counted: 1 of 2, pulses in doubt: 1 of 2"
    assert bench.log[-1].text == f"payment pi_1: undelivered, 0 of 2 credits ({told})"


@pytest.mark.parametrize(("left_s", "goes"), [(10.1, False), (10.0, True)], ids=["waits", "goes"])
def test_near_the_end_of_its_window_a_train_waits_for_quiet_no_longer(left_s: float, goes: bool) -> None:
    """If its last ten seconds would begin before there is quiet, it goes among the coins."""
    bench = metered_bench()
    count(bench)
    quiet_s = (bench.cabinet.quiet_until_s or 0.0) - bench.now_s
    bench.receive(payment(), left_s=quiet_s + left_s)

    assert bench.acknowledged().acts == ((FirePulse("pi_1", 1),) if goes else ())


def test_one_count_confirms_one_pulse() -> None:
    """A second pulse does not live on the first one's count."""
    bench = pay(metered_bench(), payment(credits=2))
    fire(bench, "pi_1", 1)
    count(bench, after_s=0.05)
    second = fire(bench, "pi_1", 2)

    assert recorded(second, PulseFate.UNCOUNTED) in bench.wait(0.6).records


@pytest.mark.parametrize("after_rise_s", [-0.02, 0.0, 0.04996], ids=["before", "at its rise", "too early"])
def test_a_count_before_the_board_can_have_taken_our_pulse_is_cash(after_rise_s: float) -> None:
    """Where a cash coin could be meant, the doubt counts against us."""
    bench = pay(metered_bench(), payment())
    rose_s = bench.now_s
    edge(bench, active=True, at_s=rose_s + after_rise_s)
    edge(bench, active=False, at_s=rose_s + after_rise_s + 0.06)
    bench.now_s = rose_s + PULSE_S
    orders = bench.handle(PulseFired("pi_1", 1, rose_s, bench.now_s))

    assert orders.records[0] == RecordCoin(1)
    assert bench.wait(0.6).records[1].fate is PulseFate.UNCOUNTED  # type: ignore[union-attr]


def test_a_count_while_somebody_feeds_coins_is_no_proof() -> None:
    """It may have been the next of them: the pulse is not charged, and the board is not out of order."""
    bench = metered_bench()
    count(bench)
    pay(bench, payment(), left_s=10.0)  # too near its end to wait
    pulse = fire(bench, "pi_1", 1)

    orders = count(bench, after_s=0.05)

    assert orders.records[0] == recorded(pulse, PulseFate.AMBIGUOUS)
    assert (bench.cabinet.uncounted, bench.cabinet.coins) == (0, 1)
    assert bench.cabinet.receipts[0].receipt.outcome is Outcome.UNDELIVERED


def test_a_pulse_waits_until_nobody_feeds_coins_any_more() -> None:
    """A moment later its count is proof, and the sale is made."""
    bench = metered_bench()
    count(bench)
    counted_s = bench.now_s - 0.08
    bench.receive(payment())
    assert bench.acknowledged() == Orders()
    assert next_wake_s(bench.cabinet) == pytest.approx(counted_s + 1.5)

    assert bench.wait(1.5) == Orders((IntendPulse("pi_1", 1),), (FirePulse("pi_1", 1),))


def test_a_coin_in_the_middle_of_a_train_holds_the_next_pulse_back() -> None:
    """The one that was on the line stays in doubt; the one behind it is counted beyond doubt."""
    bench = pay(metered_bench(), payment(credits=2))
    rose_s = bench.now_s
    edge(bench, active=True, at_s=rose_s + 0.02)
    edge(bench, active=False, at_s=rose_s + 0.08)
    pulse = fire(bench, "pi_1", 1)

    orders = count(bench, after_s=0.05)

    assert orders.records[0] == recorded(pulse, PulseFate.AMBIGUOUS)
    assert FirePulse("pi_1", 2) not in orders.acts
    assert bench.wait(1.5).acts == (FirePulse("pi_1", 2),)


def test_a_coin_of_a_while_ago_leaves_no_doubt() -> None:
    """Nobody feeds coins any more."""
    bench = metered_bench()
    count(bench)
    bench.wait(1.5)
    pay(bench, payment())
    pulse = fire(bench, "pi_1", 1)

    assert count(bench, after_s=0.05).records[0] == recorded(pulse, PulseFate.CONFIRMED)


def test_a_count_behind_the_pulses_own_time_is_cash() -> None:
    """It came too late to be believed."""
    bench = pay(metered_bench(), payment())
    fire(bench, "pi_1", 1)
    bench.wait(0.6)

    assert count(bench).records[0] == RecordCoin(1)


def test_a_count_behind_the_pulses_own_time_is_cash_though_nobody_noticed_its_end() -> None:
    """The loop was busy; the edge's own time decides."""
    bench = pay(metered_bench(), payment())
    pulse = fire(bench, "pi_1", 1)
    bench.now_s += 5
    edge(bench, active=True, at_s=pulse.fell_s + 0.51)

    orders = bench.handle(InputChanged("coin_meter", False, pulse.fell_s + 0.57))

    assert orders.records[0] == RecordCoin(1)


def test_of_two_counts_in_a_pulses_time_one_is_cash() -> None:
    """Ours is confirmed, whichever of them it was."""
    bench = pay(metered_bench(), payment())
    fire(bench, "pi_1", 1)
    first = count(bench, after_s=0.02)
    second = count(bench, after_s=0.06)

    assert first.records[0].fate is PulseFate.CONFIRMED  # type: ignore[union-attr]
    assert second.records[0] == RecordCoin(1)


def test_a_cash_coin_begins_a_session_like_any_credit() -> None:
    """The game that it buys ends like any other."""
    bench = metered_bench()

    orders = count(bench)

    began = session("coin-1", bench.now_s - 0.02)
    assert orders == Orders((RecordCoin(1), SaveSession(began)))
    assert (bench.cabinet.coins, bench.cabinet.session) == (1, began)


def test_cash_coins_make_credits_by_the_boards_setting() -> None:
    """Two coins a credit are two coins of metal as well."""
    bench = metered_bench(pulses_per_credit=2)
    count(bench)
    assert bench.cabinet.session is None
    count(bench, after_s=0.06)

    assert bench.cabinet.credits_on_board == 1


def test_a_chattering_meter_contact_counts_once() -> None:
    """Within its debounce it is one coin."""
    bench = metered_bench()
    for number in range(6):
        edge(bench, active=number % 2 == 0, at_s=bench.now_s + 0.001 * number)
    edge(bench, active=True, at_s=bench.now_s + 0.007)
    bench.wait(0.1)

    assert bench.cabinet.coins == 1


def test_a_meter_line_that_is_active_at_start_counts_nothing() -> None:
    """A count that was under way was seen by the run before, or half seen."""
    bench = metered_bench()
    bench.handle(InputChanged("coin_meter", True, bench.now_s, at_start=True))
    bench.wait(0.1)
    edge(bench, active=False, at_s=bench.now_s)
    bench.wait(0.1)

    assert bench.cabinet.coins == 0


def test_an_edge_that_waits_behind_another_event_is_not_missed() -> None:
    """Only when nothing waits to be handled is the time of a count over."""
    bench = pay(metered_bench(), payment())
    fire(bench, "pi_1", 1)
    counted_s = bench.now_s + 0.1
    bench.now_s += 5
    bench.handle(OfferReceived(OFFER))
    edge(bench, active=True, at_s=counted_s)

    orders = bench.handle(InputChanged("coin_meter", False, counted_s + 0.06))

    assert orders.records[0].fate is PulseFate.CONFIRMED  # type: ignore[union-attr]


# Out of order


def broken_bench(credits: int = 5) -> Bench:
    """A cabinet whose board has not counted three pulses in a row, of five."""
    bench = pay(metered_bench(), payment(credits=credits))
    for number in (1, 2, 3):
        fire(bench, "pi_1", number)
        wait_uncounted(bench)
    return bench


def test_three_uncounted_pulses_in_a_row_put_the_machine_out_of_order() -> None:
    """It sells nothing, and says why."""
    bench = broken_bench()

    assert not accepting(bench.cabinet, bench.now_s)
    assert (mood(bench.cabinet, bench.now_s), bench.faults) == (State.OUT_OF_ORDER, (TROUBLE,))
    assert Note(f"out of order: {TROUBLE}", logging.ERROR) in bench.log


def test_what_was_begun_when_the_machine_closed_is_held_until_its_window_ends() -> None:
    """The pulses that were not counted are never fired again."""
    bench = broken_bench()
    assert bench.wait(50) == Orders()

    assert bench.wait(10).acts == (SendReceipt(Receipt("pi_1", Outcome.UNDELIVERED, 0, 5)),)


def test_what_was_begun_goes_on_if_the_technician_comes_in_time() -> None:
    """With the pulses that are still to come."""
    bench = broken_bench()

    assert bench.handle(FaultsCleared()).acts == (FirePulse("pi_1", 4),)


def test_a_machine_that_closes_at_once_says_so_of_one_pulse() -> None:
    """With out_of_order_after at its least."""
    bench = pay(metered_bench(coin_meter=MeterRules(0.01, 0.5, out_of_order_after=1)), payment())
    fire(bench, "pi_1", 1)
    bench.wait(0.6)

    assert bench.faults == ("coin meter: the last coin pulse was not counted by the board",)


def test_a_counted_pulse_between_uncounted_ones_keeps_the_machine_in_order() -> None:
    """In a row means in a row."""
    bench = pay(metered_bench(), payment(credits=5))
    for number in (1, 2, 3, 4, 5):
        fire(bench, "pi_1", number)
        if number == 3:
            count(bench, after_s=0.05)
        wait_uncounted(bench)

    assert (bench.cabinet.uncounted, bench.cabinet.out_of_order) == (2, False)


def test_what_is_paid_while_out_of_order_waits_for_the_technician() -> None:
    """Until its window ends; then it is not charged."""
    bench = broken_bench(credits=3)
    pay(bench, payment("pi_2"), left_s=30.0)
    assert bench.wait(29) == Orders()

    assert bench.wait(1).acts == (SendReceipt(Receipt("pi_2", Outcome.UNDELIVERED, 0, 1)),)


def test_out_of_order_outlives_a_restart() -> None:
    """Only a technician, or a counted pulse, ends it."""
    bench, _ = started_bench(coin_meter=METER, uncounted=3)
    bench.handle(BrokerConnected(session_present=True))

    assert (accepting(bench.cabinet, bench.now_s), bench.faults) == (False, (TROUBLE,))


def test_the_technician_clears_it() -> None:
    """What was paid meanwhile and still has time is credited."""
    bench = broken_bench(credits=3)
    pay(bench, payment("pi_2"))

    assert bench.handle(FaultsCleared()) == Orders(
        (RememberUncounted(0), ClearLedgerFaults(), IntendPulse("pi_2", 1)), (FirePulse("pi_2", 1),)
    )
    assert bench.faults == ()


def test_a_test_pulse_leaves_although_the_machine_is_out_of_order() -> None:
    """It is written down as a test, and has no receipt."""
    bench = broken_bench(credits=3)
    trial = Payment("test-1", 1, None, None, has_receipt=False, test=True)

    orders = bench.handle(CreditTestRequested("test-1", 1))

    assert orders.records == (RecordPayment(train(trial, deadline_s=bench.now_s + 60.0)),)
    assert bench.wait(0.01) == Orders((IntendPulse("test-1", 1),), (FirePulse("test-1", 1),))


def test_a_test_pulse_that_is_counted_clears_out_of_order() -> None:
    """The board has shown that it takes our pulses."""
    bench = broken_bench(credits=3)
    bench.handle(CreditTestRequested("test-1", 1))
    bench.wait(0.01)
    pulse = fire(bench, "test-1", 1)

    orders = count(bench, after_s=0.05)

    assert orders.records[:2] == (RememberUncounted(0), recorded(pulse, PulseFate.CONFIRMED))
    assert accepting(bench.cabinet, bench.now_s)


def test_test_credits_without_a_meter_take_their_place_in_the_line() -> None:
    """Behind what was paid before."""
    bench = open_bench()
    pay(bench, payment())
    bench.handle(CreditTestRequested("test-1", 1))

    assert bench.fired("pi_1", 1).acts == (
        FirePulse("test-1", 1),
        SendReceipt(Receipt("pi_1", Outcome.DELIVERED, 1, 1)),
    )


@given(st.lists(st.booleans(), min_size=1, max_size=12), st.integers(1, 3))
def test_a_payment_delivers_exactly_what_the_board_counted(
    counted: list[bool], pulses_per_credit: int
) -> None:
    """Whichever pulses the board misses, the receipt names the whole credits that it counted."""
    never = MeterRules(0.01, 0.5, out_of_order_after=100)
    bench = metered_bench(coin_meter=never, pulses_per_credit=pulses_per_credit)
    pay(bench, payment(credits=len(counted)))
    pulses = [each for each in counted for _ in range(pulses_per_credit)]
    for number, taken in enumerate(pulses, start=1):
        fire(bench, "pi_1", number)
        if taken:
            count(bench, after_s=0.05)
        else:
            wait_uncounted(bench)

    assert bench.cabinet.receipts[0].receipt.credits_delivered == sum(counted)
    assert bench.cabinet.coins == 0
    assert bench.now_s > NOW_S
