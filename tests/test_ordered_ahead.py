"""Pulses that stand in line behind the one on the wire, and what the coin line's tally makes of them."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from cabinets import (
    BOOT,
    NOW_S,
    Bench,
    Orders,
    open_bench,
    paid_bench,
    payment,
    session,
    started_bench,
    train,
)
from hypothesis import given
from hypothesis import strategies as st

from controller.model.effects import (
    ClosePayment,
    ConnectBroker,
    FetchOffer,
    FirePulse,
    IntendPulse,
    MarkAmbiguous,
    Note,
    RecordPulse,
    RenewDeadline,
    SaveSession,
    SendReceipt,
    WithdrawPulses,
)
from controller.model.events import BrokerLost, PulseBegun, PulseFired, StopRequested, Tally
from controller.model.payment import Outcome, Payment, PulseFate, Receipt
from controller.model.policy import MeterRules
from controller.rules.decide import decide

LATE_TO_KNOW = (ConnectBroker(), FetchOffer())


def fired(number: int, payment_id: str = "pi_1", width_ms: float = 100.0) -> PulseFired:
    """Pulse `number`, as the tally has it."""
    rose_s = NOW_S - 10 + number
    return PulseFired(payment_id, number, rose_s, rose_s + width_ms / 1000)


def recorded(pulse: PulseFired, fate: PulseFate = PulseFate.FIRED) -> RecordPulse:
    """What the ledger gets of it."""
    return RecordPulse(pulse.payment_id, pulse.number, pulse.rose_s, pulse.fell_s, fate)


def ordered(orders: Orders) -> list[int]:
    """The numbers of the pulses that were ordered; each was written down in the same decision."""
    acts = [act.number for act in orders.acts if isinstance(act, FirePulse)]
    assert acts == [record.number for record in orders.records if isinstance(record, IntendPulse)]
    return acts


def bench_with_pulses_ordered(paid: Payment, **rules: Any) -> tuple[Bench, list[int]]:
    """A cabinet with its first pulses ordered, and which."""
    bench = open_bench(**rules)
    bench.receive(paid)
    return bench, ordered(bench.acknowledged())


# In line


def test_as_many_as_may_stand_in_line_behind_the_first() -> None:
    """All in one commit; then each that ends makes room for one."""
    bench, first = bench_with_pulses_ordered(payment(credits=5), ordered_ahead=2)

    assert first == [1, 2, 3]
    assert [ordered(bench.fired("pi_1", number)) for number in range(1, 6)] == [[4], [5], [], [], []]


def test_no_pulse_of_the_next_payment_stands_in_line_with_them() -> None:
    """The board has its rest between two payments, and trains never interleave."""
    bench, _ = bench_with_pulses_ordered(payment(credits=2), ordered_ahead=2, settle_s=0.5)
    assert ordered(bench.wait(0.5)) == [1, 2]
    bench.receive(payment("pi_2", 1))
    assert ordered(bench.acknowledged()) == []

    assert ordered(bench.fired("pi_1", 1)) == []
    assert ordered(bench.fired("pi_1", 2)) == []
    assert bench.wait(0.5).acts == (FirePulse("pi_2", 1),)


def test_a_pulse_out_of_its_turn_is_an_error() -> None:
    """They leave in the order in which they were ordered."""
    bench, _ = bench_with_pulses_ordered(payment(credits=3), ordered_ahead=2)

    with pytest.raises(RuntimeError, match="while pulse 1 was on the line"):
        bench.fired("pi_1", 2)


def test_a_credit_that_the_board_may_have_no_room_for_does_not_stand_in_line() -> None:
    """Those in line count as if the board had them."""
    bench, first = bench_with_pulses_ordered(payment(credits=3), ordered_ahead=5, max_credits=2)
    assert first == [1, 2]
    assert [ordered(bench.fired("pi_1", number)) for number in (1, 2)] == [[], []]

    assert bench.believe("game_over", active=True).acts[-1:] == (FirePulse("pi_1", 3),)


def test_the_pulses_of_one_credit_may_all_stand_in_line() -> None:
    """Half a credit takes no room of its own."""
    _, first = bench_with_pulses_ordered(
        payment(credits=2), ordered_ahead=5, max_credits=1, pulses_per_credit=3
    )

    assert first == [1, 2, 3]


def test_asked_to_stop_it_orders_no_more_and_hears_of_those_in_line() -> None:
    """They are fired; what is told of them is written."""
    bench, _ = bench_with_pulses_ordered(payment(credits=5), ordered_ahead=1)
    bench.handle(StopRequested())

    assert [ordered(bench.fired("pi_1", number)) for number in (1, 2)] == [[], []]
    assert bench.cabinet.trains[0].fired == 2


@given(
    credits=st.integers(1, 9),
    per_credit=st.integers(1, 4),
    ahead=st.integers(0, 8),
    room=st.none() | st.integers(1, 4),
)
def test_each_pulse_is_ordered_once_and_in_turn(
    credits: int, per_credit: int, ahead: int, room: int | None
) -> None:
    """However many may stand in line, and whatever the board can hold."""
    rules = {"ordered_ahead": ahead, "pulses_per_credit": per_credit, "max_credits": room}
    bench, line = bench_with_pulses_ordered(payment(credits=credits), **rules)
    told: list[int] = []
    while len(told) < credits * per_credit:
        assert len(line) - len(told) <= 1 + ahead
        if len(told) == len(line):
            line += ordered(bench.believe("game_over", active=True))
            line += ordered(bench.believe("game_over", active=False))
            continue
        told.append(line[len(told)])
        line += ordered(bench.fired("pi_1", told[-1]))
        on_board = bench.cabinet.credits_on_board
        assert room is None or on_board <= room

    assert line == list(range(1, credits * per_credit + 1))
    assert bench.cabinet.trains == ()


# Behind a restart of the process


def test_what_the_tally_says_was_fired_counts_as_fired() -> None:
    """Nobody had told it to the process that died; the rest was never begun, and is ordered again."""
    cut = train(payment(credits=4), intended=3)
    tally: Tally = (fired(1), fired(2))

    bench, orders = started_bench(unfinished=(cut,), tally=tally, ordered_ahead=1)

    assert orders.records == (
        recorded(fired(1)),
        SaveSession(session("pi_1", NOW_S, 1)),
        recorded(fired(2)),
        SaveSession(session("pi_1", NOW_S, 2)),
        WithdrawPulses("pi_1", 3),
        IntendPulse("pi_1", 3),
        IntendPulse("pi_1", 4),
    )
    assert ordered(orders) == [3, 4]
    bench.fired("pi_1", 3)
    assert bench.fired("pi_1", 4).acts == (SendReceipt(Receipt("pi_1", Outcome.DELIVERED, 4, 4)),)


def test_the_pulse_that_had_begun_is_ambiguous_and_none_behind_it_is() -> None:
    """One pulse for each kill."""
    cut = train(payment(credits=4), intended=3)

    _, orders = started_bench(unfinished=(cut,), tally=(fired(1), PulseBegun("pi_1", 2)))

    assert orders.records[2:] == (
        MarkAmbiguous("pi_1", 2),
        WithdrawPulses("pi_1", 3),
        IntendPulse("pi_1", 3),
    )


def test_a_pulse_of_the_wrong_width_is_ambiguous_by_the_tally_too() -> None:
    """Whoever tells of it."""
    cut = train(payment(credits=2), intended=1)
    wide = fired(1, width_ms=400.0)

    _, orders = started_bench(unfinished=(cut,), tally=(wide,), longest_ms=200.0)

    assert orders.records[0] == recorded(wide, PulseFate.AMBIGUOUS)


def test_without_a_tally_all_that_was_ordered_is_ambiguous() -> None:
    """Fired again, each of them could be a credit too many."""
    cut = train(payment(credits=3), intended=2)

    _, orders = started_bench(unfinished=(cut,), tally=None)

    assert orders.records == (
        MarkAmbiguous("pi_1", 1),
        MarkAmbiguous("pi_1", 2),
        IntendPulse("pi_1", 3),
    )


def test_a_tally_of_other_pulses_says_that_none_of_these_began() -> None:
    """It is complete, but for what was long ago."""
    cut = train(payment(credits=2), intended=2)

    _, orders = started_bench(unfinished=(cut,), tally=(fired(7, "pi_0"),))

    assert orders.records == (WithdrawPulses("pi_1", 1), IntendPulse("pi_1", 1))


def test_a_pulse_that_is_noted_twice_is_ambiguous() -> None:
    """That cannot be; and what cannot be is not charged."""
    cut = train(payment(), intended=1)

    _, orders = started_bench(unfinished=(cut,), tally=(fired(1), PulseBegun("pi_1", 1)))

    assert orders.records[0] == MarkAmbiguous("pi_1", 1)


def test_a_pulse_that_is_missing_before_one_that_is_noted_is_ambiguous() -> None:
    """They leave in their order, so that its note was lost."""
    cut = train(payment(credits=3), intended=3)

    _, orders = started_bench(unfinished=(cut,), tally=(PulseBegun("pi_1", 2),))

    assert orders.records == (
        MarkAmbiguous("pi_1", 1),
        MarkAmbiguous("pi_1", 2),
        WithdrawPulses("pi_1", 3),
        IntendPulse("pi_1", 3),
    )


def test_a_first_pulse_that_never_began_may_be_too_late() -> None:
    """The player has gone."""
    cut = train(payment(), deadline_s=NOW_S - 1, intended=1)
    receipt = Receipt("pi_1", Outcome.UNDELIVERED, 0, 1)

    _, orders = started_bench(unfinished=(cut,), tally=())

    assert orders.records == (
        WithdrawPulses("pi_1", 1),
        ClosePayment("pi_1", Outcome.UNDELIVERED, 0, "the credit window ended", receipt),
    )


def test_where_a_coin_meter_is_wired_a_fired_pulse_stays_ambiguous() -> None:
    """It left the pin, but nobody heard whether the board counted it."""
    cut = train(payment(credits=2), intended=1)
    meter = MeterRules(hold_s=0.01, within_s=0.5, out_of_order_after=3)

    _, orders = started_bench(unfinished=(cut,), tally=(fired(1),), coin_meter=meter)

    assert orders.records[0] == MarkAmbiguous("pi_1", 1)


def test_the_tally_says_nothing_of_another_boot() -> None:
    """The power that it lives by was off."""
    cut = train(payment(credits=3), boot_id="boot-before", intended=2)

    _, orders = started_bench(unfinished=(cut,), tally=(), board_keeps_credits=True, ordered_ahead=1)

    assert orders.records == (
        RenewDeadline("pi_1", NOW_S + 180, BOOT),
        MarkAmbiguous("pi_1", 1),
        MarkAmbiguous("pi_1", 2),
        IntendPulse("pi_1", 3),
    )


def test_behind_a_reboot_it_is_a_train_of_this_boot() -> None:
    """A second kill finds its pulses in the tally."""
    cut = train(payment(credits=3), boot_id="boot-before", intended=1, fired=1)
    bench, _ = started_bench(unfinished=(cut,), board_keeps_credits=True, ordered_ahead=1)

    (goes_on,) = bench.cabinet.trains
    _, orders = started_bench(unfinished=(goes_on,), tally=(fired(2),), board_keeps_credits=True)
    assert orders.records[0] == recorded(fired(2))


def test_behind_a_reboot_a_board_that_never_gets_ready_ends_it() -> None:
    """By the clock of this boot."""
    cut = train(payment(credits=3), boot_id="boot-before", deadline_s=10.0**6, intended=1, fired=1)
    bench, _ = started_bench(unfinished=(cut,), board_keeps_credits=True, has_ready_line=True)

    assert bench.wait(179).records == ()
    receipt = Receipt("pi_1", Outcome.PARTIAL, 1, 3)
    assert bench.wait(1).records == (
        ClosePayment("pi_1", Outcome.PARTIAL, 1, "the credit window ended", receipt),
    )


def test_a_train_whose_every_pulse_the_tally_knows_is_over() -> None:
    """It died before it heard of the last one."""
    receipt = Receipt("pi_1", Outcome.DELIVERED, 2, 2)
    bench, orders = started_bench(
        unfinished=(train(payment(credits=2), intended=2),), tally=(fired(1), fired(2))
    )

    assert orders.acts == (ConnectBroker(), SendReceipt(receipt), FetchOffer())
    assert bench.cabinet.credits_on_board == 2


def test_the_log_tells_what_was_found() -> None:
    """In words for whoever wonders about a credit; one that is not charged is a warning."""
    cut = train(payment(credits=4), intended=3)
    bench, _ = started_bench(unfinished=(cut,), tally=(fired(1), PulseBegun("pi_1", 2)))

    assert [note for note in bench.log if "pi_1" in note.text] == [
        Note("payment pi_1: pulse 2 ambiguous", logging.WARNING),
        Note("payment pi_1: goes on with pulse 3, which had not begun"),
    ]


def test_a_decisions_lines_for_the_log_are_among_its_acts() -> None:
    """The ledger keeps them too."""
    bench = open_bench()

    decision = decide(bench.cabinet, BrokerLost("no route"), bench.now_s)

    assert decision.notes == (Note("broker lost: no route", logging.WARNING),)


def test_the_log_tells_that_a_train_goes_on() -> None:
    """After a restart of the process, and after a reboot where the board keeps its credits."""
    bench, _ = started_bench(unfinished=(train(payment(credits=2), intended=1, fired=1),))
    rebooted, _ = started_bench(
        unfinished=(train(payment(credits=2), intended=1, fired=1, boot_id="boot-before"),),
        boot_id="boot-before",
        board_keeps_credits=True,
    )

    for log in (bench.log, rebooted.log):
        assert Note("payment pi_1: goes on after pulse 1") in log


def test_the_first_pulse_is_alone_where_none_may_stand_in_line() -> None:
    """The bench's own rules, as where the board is asked before each pulse."""
    bench = paid_bench(payment(credits=3))

    assert len(bench.cabinet.trains[0].ordered) == 1
