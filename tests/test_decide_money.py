"""The rules for money, as tables: a fact goes in, and orders come out."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import get_args

import pytest
from cabinets import (
    BOARD,
    BOOT,
    DELIVERY,
    NOW_S,
    Orders,
    bare_bench,
    open_bench,
    paid_bench,
    payment,
    session,
    started_bench,
    train,
)

from controller.model.effects import (
    Acknowledge,
    ClosePayment,
    ConnectBroker,
    FetchOffer,
    FirePulse,
    IntendPulse,
    MarkAmbiguous,
    Note,
    RecordPayment,
    RecordPulse,
    RenewDeadline,
    SaveSession,
    SendReceipt,
)
from controller.model.events import (
    CoinLineFailed,
    Event,
    MessageRefused,
    PaymentReceived,
    PulseFired,
    Started,
    StopRequested,
)
from controller.model.payment import KnownPayment, Outcome, Payment, PulseFate, Receipt
from controller.rules.decide import _RULES, next_wake_s
from controller.rules.turn import AT_ONCE, UnexpectedEvent


def recorded(bench_now_s: float, paid: Payment, number: int) -> RecordPulse:
    """The record of a pulse that ended now."""
    return RecordPulse(paid.id, number, bench_now_s - 0.1, bench_now_s)


def test_every_kind_of_event_has_a_rule() -> None:
    """The table is complete, and knows nothing else."""
    assert set(_RULES) == set(get_args(Event))


# Receiving


def test_a_new_payment_is_recorded_and_acknowledged_before_any_pulse() -> None:
    """Killed right behind this decision, the payment would be credited after the restart."""
    paid = payment(credits=2)

    assert open_bench().receive(paid) == Orders((RecordPayment(train(paid)),), (Acknowledge(DELIVERY),))


def test_the_first_pulse_follows_the_acknowledgement() -> None:
    """It is written before it is ordered."""
    bench = open_bench()
    bench.receive(payment())

    assert bench.acknowledged() == Orders((IntendPulse("pi_1", 1),), (FirePulse("pi_1", 1),))


def test_the_deadline_counts_from_when_the_message_came() -> None:
    """However long it waited in the queue behind other work."""
    bench = open_bench()
    orders = bench.receive(payment(), left_s=12.5)

    assert orders.records == (RecordPayment(train(payment(), deadline_s=NOW_S + 12.5)),)


def test_a_payment_buys_pulses_by_the_boards_setting() -> None:
    """Three credits on a board that wants two coins for one are six pulses."""
    paid = payment(credits=3)

    orders = open_bench(pulses_per_credit=2).receive(paid)

    assert orders.records == (RecordPayment(train(paid, pulses=6)),)


def test_a_repeat_of_an_open_payment_is_only_acknowledged() -> None:
    """Its train is neither begun anew nor made longer."""
    bench = paid_bench(payment())

    orders = bench.receive(payment(), known=KnownPayment(receipt=None))

    assert (orders, bench.cabinet.trains) == (
        Orders((), (Acknowledge(DELIVERY),)),
        (train(payment(), intended=1),),
    )


def test_a_repeat_of_an_ended_payment_has_its_receipt_sent_again() -> None:
    """Whoever repeats it has not heard what became of it."""
    receipt = Receipt("pi_1", Outcome.DELIVERED, 1, 1)

    orders = open_bench().receive(payment(), known=KnownPayment(receipt))

    assert orders == Orders((), (Acknowledge(DELIVERY), SendReceipt(receipt)))


def test_a_repeat_does_not_send_a_receipt_that_is_on_its_way() -> None:
    """One payment is never in the outbox twice."""
    bench = open_bench()
    known = KnownPayment(Receipt("pi_1", Outcome.DELIVERED, 1, 1))
    bench.receive(payment(), known=known)

    assert bench.receive(payment(), known=known) == Orders((), (Acknowledge(DELIVERY),))


def test_a_repeat_of_an_ended_payment_without_receipt_is_only_acknowledged() -> None:
    """There is nobody to report an unsigned message to."""
    paid = payment(has_receipt=False)

    orders = open_bench().receive(paid, known=KnownPayment(Receipt("pi_1", Outcome.DELIVERED, 1, 1)))

    assert orders == Orders((), (Acknowledge(DELIVERY),))


@pytest.mark.parametrize(
    ("paid", "left_s", "told"),
    [
        (payment(), 60.0, "received, 1 credit for $1.00, 60 s left"),
        (payment(credits=2), None, "received, 2 credits for $2.00, time left unknown"),
        (Payment("pi_1", 3, None, None, has_receipt=False), 0.0, "received, 3 credits, 0 s left"),
        (Payment("pi_1", 3, None, "usd", has_receipt=True), 60.0, "received, 3 credits, 60 s left"),
        (Payment("pi_1", 3, 250, None, has_receipt=True), 60.0, "received, 3 credits, 60 s left"),
    ],
)
def test_what_was_paid_is_told_in_the_log(paid: Payment, left_s: float | None, told: str) -> None:
    """One line for each payment, with its id."""
    bench = open_bench()
    bench.receive(paid, left_s=left_s)

    assert f"payment pi_1: {told}" in [note.text for note in bench.log]


def test_a_payment_that_came_after_its_window_has_no_seconds_left_in_the_log() -> None:
    """Never a negative number, and then how it ended."""
    bench = open_bench()
    bench.handle(PaymentReceived(DELIVERY, payment(), bench.now_s - 100, 60.0, None, None))

    assert [note.text for note in bench.log] == [
        "payment pi_1: received, 1 credit for $1.00, 0 s left",
        "payment pi_1: undelivered, 0 of 1 credits (the credit window ended)",
    ]


def test_a_pulse_in_doubt_takes_no_room_for_the_next_credit() -> None:
    """Half a credit that was delivered is none: the board that can hold one gets the next."""
    bench = paid_bench(payment(credits=2), pulses_per_credit=2, max_credits=1, shortest_ms=50.0)
    bench.handle(PulseFired("pi_1", 1, bench.now_s - 0.01, bench.now_s))

    assert bench.fired("pi_1", 2).acts == (FirePulse("pi_1", 3),)


def test_a_repeat_is_told_in_the_log() -> None:
    """Whoever wonders about a second webhook finds it there, and that it gave nothing."""
    bench = paid_bench(payment())
    bench.log.clear()
    bench.receive(payment(), known=KnownPayment(receipt=None))
    bench.receive(payment("pi_0"), known=KnownPayment(Receipt("pi_0", Outcome.DELIVERED, 1, 1)))

    assert bench.log == [
        Note("payment pi_1: came again while its pulses are still to come"),
        Note("payment pi_0: came again after it had ended"),
    ]


def test_a_refused_message_is_acknowledged_and_logged() -> None:
    """It must not come back, and it changes nothing but what stands in the log."""
    bench = open_bench()
    before = replace(bench.cabinet, refused_said_s=(bench.now_s,))

    orders = bench.handle(MessageRefused(DELIVERY, "credits is 0"))

    assert (orders, bench.cabinet) == (Orders((), (Acknowledge(DELIVERY),)), before)
    assert bench.log == [Note("message refused: credits is 0", logging.WARNING)]


# Trains


def test_a_pulse_that_was_fired_is_recorded_together_with_the_next_intention() -> None:
    """One commit a pulse; the session's first credit is in it."""
    paid = payment(credits=2)
    bench = paid_bench(paid)

    assert bench.fired("pi_1", 1) == Orders(
        (
            recorded(bench.now_s, paid, 1),
            SaveSession(session("pi_1", bench.now_s, 1)),
            IntendPulse("pi_1", 2),
        ),
        (FirePulse("pi_1", 2),),
    )


def test_the_last_pulse_closes_the_payment_and_sends_its_receipt() -> None:
    """Delivered whole, in the commit of the last pulse."""
    paid = payment()
    bench = paid_bench(paid)
    receipt = Receipt("pi_1", Outcome.DELIVERED, 1, 1)

    assert bench.fired("pi_1", 1) == Orders(
        (
            recorded(bench.now_s, paid, 1),
            SaveSession(session("pi_1", bench.now_s, 1)),
            ClosePayment("pi_1", Outcome.DELIVERED, 1, "its last pulse was fired", receipt),
        ),
        (SendReceipt(receipt),),
    )


def test_a_payment_without_receipt_is_closed_without_one() -> None:
    """An unsigned message is credited, and reported to nobody."""
    bench = paid_bench(payment(has_receipt=False))

    orders = bench.fired("pi_1", 1)

    assert (orders.records[-1], orders.acts) == (
        ClosePayment("pi_1", Outcome.DELIVERED, 1, "its last pulse was fired", None),
        (),
    )


def test_several_payments_take_turns_whole() -> None:
    """Trains never interleave: the oldest is finished before the next begins."""
    bench = open_bench()
    bench.receive(payment("pi_1", 2))
    bench.receive(payment("pi_2", 1))
    bench.receive(payment("pi_3", 2))
    orders = bench.acknowledged()
    fired = []
    while pulses := [act for act in orders.acts if isinstance(act, FirePulse)]:
        fired += [(act.payment_id, act.number) for act in pulses]
        orders = bench.fired(*fired[-1])

    assert fired == [("pi_1", 1), ("pi_1", 2), ("pi_2", 1), ("pi_3", 1), ("pi_3", 2)]


@pytest.mark.parametrize("number", [2, 0], ids=["a later pulse", "an earlier pulse"])
def test_a_pulse_that_nobody_ordered_stops_the_daemon(number: int) -> None:
    """The error names what came and what was awaited."""
    bench = paid_bench(payment(credits=3))

    with pytest.raises(UnexpectedEvent) as raised:
        bench.fired("pi_1", number)
    assert str(raised.value) == (
        f"PulseFired(payment_id='pi_1', number={number}, rose_s=999.9, fell_s=1000.0, in_doubt_s=0.0) "
        "while pulse 1 was on the line"
    )


def test_a_pulse_of_another_payment_stops_the_daemon() -> None:
    """The error names the payment, and how far it is."""
    with pytest.raises(UnexpectedEvent, match=r"^PulseFired for payment pi_2, which is unknown$"):
        paid_bench(payment(credits=3)).fired("pi_2", 1)


def test_a_pulse_while_nothing_is_paid_stops_the_daemon() -> None:
    """Somebody else fires our line."""
    with pytest.raises(UnexpectedEvent, match=r"^PulseFired for payment pi_1, which is unknown$"):
        open_bench().fired("pi_1", 1)


# The credit window


@pytest.mark.parametrize("left_s", [0.0, None], ids=["none left", "not said"])
def test_without_a_relay_a_payment_without_time_left_is_written_and_then_given_up(
    left_s: float | None,
) -> None:
    """One commit, so that a repeat finds the same answer; nobody could say what is left."""
    paid = payment()
    receipt = Receipt("pi_1", Outcome.UNDELIVERED, 0, 1)

    assert open_bench(has_relay=False).receive(paid, left_s=left_s) == Orders(
        (
            RecordPayment(train(paid, deadline_s=NOW_S)),
            ClosePayment("pi_1", Outcome.UNDELIVERED, 0, "the credit window ended", receipt),
        ),
        (Acknowledge(DELIVERY),),
    )


def test_a_payment_that_waited_too_long_behind_another_is_given_up() -> None:
    """It never started; the one on the line goes on."""
    bench = open_bench()
    bench.receive(payment("pi_1", 5))
    bench.receive(payment("pi_2"), left_s=2.5)
    bench.acknowledged()
    receipt = Receipt("pi_2", Outcome.UNDELIVERED, 0, 1)

    assert bench.wait(2.5) == Orders(
        (ClosePayment("pi_2", Outcome.UNDELIVERED, 0, "the credit window ended", receipt),),
        (SendReceipt(receipt),),
    )


def test_a_train_that_started_in_time_is_finished_behind_its_deadline() -> None:
    """The window is for the first pulse."""
    bench = paid_bench(payment(credits=2), left_s=2.0)
    bench.now_s += 5

    assert bench.fired("pi_1", 1).acts == (FirePulse("pi_1", 2),)
    assert bench.fired("pi_1", 2).acts == (SendReceipt(Receipt("pi_1", Outcome.DELIVERED, 2, 2)),)


def test_the_loop_wakes_for_the_deadline_of_a_payment_that_is_held() -> None:
    """Time alone closes it."""
    bench = open_bench(has_ready_line=True)
    bench.receive(payment(), left_s=3.0)
    bench.acknowledged()

    assert next_wake_s(bench.cabinet) == NOW_S + 3.0


def test_the_first_pulse_follows_the_puback_at_once() -> None:
    """A payment is written down and acknowledged; what follows unasked orders its first pulse."""
    bench = open_bench()

    acknowledged = bench.receive(payment())

    assert [type(act) for act in acknowledged.acts] == [Acknowledge]
    assert next_wake_s(bench.cabinet) == AT_ONCE
    assert [type(act) for act in bench.acknowledged().acts] == [FirePulse]
    assert next_wake_s(bench.cabinet) != AT_ONCE, "it would spin"


# The board's inhibit line


def test_nobody_wakes_for_the_deadline_of_a_train_on_the_line_or_for_one_that_is_not_known() -> None:
    """The pulse's own end wakes the loop, and the relay's answer does."""
    on_the_line = paid_bench(payment())
    not_known = open_bench()
    not_known.receive(payment(), left_s=None)
    not_known.acknowledged()

    assert [next_wake_s(bench.cabinet) for bench in (on_the_line, not_known)] == [NOW_S + 300] * 2


def test_a_payment_is_held_while_the_board_is_not_ready_and_fired_once_it_is() -> None:
    """A coin that the board would not see is no coin."""
    bench = open_bench(has_ready_line=True)
    bench.receive(payment())
    assert bench.acknowledged() == Orders()

    assert bench.believe("ready", active=True) == Orders((IntendPulse("pi_1", 1),), (FirePulse("pi_1", 1),))


def test_a_train_that_the_boards_inhibit_cuts_is_partial_when_its_window_ends() -> None:
    """What the board took is charged, the rest is not."""
    bench = open_bench(has_ready_line=True)
    bench.believe("ready", active=True)
    bench.receive(payment(credits=3))
    bench.acknowledged()
    bench.believe("ready", active=False)
    assert bench.fired("pi_1", 1).acts == ()
    receipt = Receipt("pi_1", Outcome.PARTIAL, 1, 3)

    assert bench.wait(60) == Orders(
        (ClosePayment("pi_1", Outcome.PARTIAL, 1, "the credit window ended", receipt),),
        (SendReceipt(receipt),),
    )


def test_a_train_that_the_boards_inhibit_cuts_goes_on_when_it_is_ready_again() -> None:
    """Its window is still open."""
    bench = open_bench(has_ready_line=True)
    bench.believe("ready", active=True)
    bench.receive(payment(credits=2))
    bench.acknowledged()
    bench.believe("ready", active=False)
    bench.fired("pi_1", 1)

    assert bench.believe("ready", active=True).acts == (FirePulse("pi_1", 2),)


def test_a_pulse_in_flight_is_not_given_up_when_the_board_stops_being_ready() -> None:
    """Its end is known soon, and may be the whole train."""
    bench = open_bench(has_ready_line=True)
    bench.believe("ready", active=True)
    bench.receive(payment())
    bench.acknowledged()
    bench.believe("ready", active=False)

    assert bench.wait(60) == Orders()
    assert bench.fired("pi_1", 1).acts == (SendReceipt(Receipt("pi_1", Outcome.DELIVERED, 1, 1)),)


# What stops the line


def test_no_pulse_leaves_before_the_board_has_started() -> None:
    """A board that is still starting up is deaf to coins."""
    bench = open_bench(board_boot_s=NOW_S + 10)
    bench.receive(payment())
    assert bench.wait(9.9) == Orders()

    assert bench.wait(0.1).acts == (FirePulse("pi_1", 1),)


def test_no_new_pulse_is_ordered_once_the_daemon_was_asked_to_stop() -> None:
    """The pulse in flight is still written down; the rest follows after the restart."""
    bench = paid_bench(payment(credits=2))
    assert bench.handle(StopRequested()) == Orders()

    assert bench.fired("pi_1", 1) == Orders(
        (
            recorded(bench.now_s, payment(), 1),
            SaveSession(session("pi_1", bench.now_s, 1)),
        )
    )


def test_no_pulse_is_ordered_on_a_coin_line_that_failed() -> None:
    """The payment stays open for the next process."""
    bench = open_bench()
    bench.handle(CoinLineFailed("its process ended with status -9"))
    bench.receive(payment())

    assert bench.acknowledged() == Orders()
    assert bench.faults == ("coin line: its process ended with status -9",)


# Recovery


def test_a_coin_line_that_failed_is_an_error_in_the_log() -> None:
    """It ends the process; nobody may have to guess why."""
    bench = open_bench()

    bench.handle(CoinLineFailed("its process ended"))

    assert bench.log == [Note("coin line failed: its process ended", logging.ERROR)]


def test_before_the_ledger_was_read_nothing_is_done() -> None:
    """Not even the relay is asked."""
    assert bare_bench().wait(1) == Orders()


def test_a_train_between_two_pulses_goes_on_after_a_restart_of_the_process() -> None:
    """The board kept what it counted; the deadline is past, but the train had started."""
    cut = train(payment(credits=3), deadline_s=NOW_S - 1, intended=1, fired=1)

    _, orders = started_bench(unfinished=(cut,))

    assert orders == Orders((IntendPulse("pi_1", 2),), (ConnectBroker(), FirePulse("pi_1", 2), FetchOffer()))


def test_the_pulse_that_the_process_died_in_is_never_fired_again() -> None:
    """The train goes on behind it, and its credit is not charged."""
    cut = train(payment(credits=3), intended=2, fired=1)
    bench, orders = started_bench(unfinished=(cut,))
    assert orders == Orders(
        (MarkAmbiguous("pi_1", 2), IntendPulse("pi_1", 3)),
        (ConnectBroker(), FirePulse("pi_1", 3), FetchOffer()),
    )

    orders = bench.fired("pi_1", 3)

    assert orders.acts == (SendReceipt(Receipt("pi_1", Outcome.PARTIAL, 2, 3)),)


def test_an_ambiguous_last_pulse_closes_the_payment() -> None:
    """There is nothing left to fire."""
    receipt = Receipt("pi_1", Outcome.UNDELIVERED, 0, 1)

    _, orders = started_bench(unfinished=(train(payment(), intended=1),))

    assert orders == Orders(
        (
            MarkAmbiguous("pi_1", 1),
            ClosePayment("pi_1", Outcome.UNDELIVERED, 0, "pulses in doubt: 1 of 1", receipt),
        ),
        (ConnectBroker(), SendReceipt(receipt), FetchOffer()),
    )


def test_an_ambiguous_pulse_of_two_a_credit_costs_its_whole_credit() -> None:
    """Only whole credits are charged: three of four pulses are one of two."""
    cut = train(payment(credits=2), pulses=4, intended=2, fired=1)
    bench, _ = started_bench(unfinished=(cut,), pulses_per_credit=2)
    bench.fired("pi_1", 3)

    assert bench.fired("pi_1", 4).acts == (SendReceipt(Receipt("pi_1", Outcome.PARTIAL, 1, 2)),)


def test_a_payment_that_had_not_started_is_fired_after_a_restart_within_its_window() -> None:
    """It was acknowledged, and so will not come again."""
    _, orders = started_bench(unfinished=(train(payment(), deadline_s=NOW_S + 1),))

    assert orders.acts == (ConnectBroker(), FirePulse("pi_1", 1), FetchOffer())


def test_a_payment_that_had_not_started_is_given_up_after_a_restart_behind_its_window() -> None:
    """The player has gone."""
    receipt = Receipt("pi_1", Outcome.UNDELIVERED, 0, 1)

    _, orders = started_bench(unfinished=(train(payment(), deadline_s=NOW_S - 1),))

    assert orders == Orders(
        (ClosePayment("pi_1", Outcome.UNDELIVERED, 0, "the credit window ended", receipt),),
        (ConnectBroker(), SendReceipt(receipt), FetchOffer()),
    )


@pytest.mark.parametrize(
    "far",
    [{"intended": 1, "fired": 1}, {"intended": 2, "fired": 1}],
    ids=["between two pulses", "in a pulse"],
)
def test_a_reboot_leaves_a_cut_train_undelivered(far: dict[str, int]) -> None:
    """The board lost its credits with the power."""
    receipt = Receipt("pi_1", Outcome.UNDELIVERED, 0, 3)

    _, orders = started_bench(unfinished=(train(payment(credits=3), boot_id="boot-before", **far),))

    assert orders == Orders(
        (ClosePayment("pi_1", Outcome.UNDELIVERED, 0, "the cabinet was switched off", receipt),),
        (ConnectBroker(), SendReceipt(receipt), FetchOffer()),
    )


def test_a_board_that_keeps_its_credits_gets_the_rest_after_a_reboot() -> None:
    """Its counter outlives the power, and so does what it counted."""
    cut = train(payment(credits=3), boot_id="boot-before", intended=1, fired=1)

    _, orders = started_bench(unfinished=(cut,), board_keeps_credits=True)

    assert (orders.records, orders.acts[:2]) == (
        (RenewDeadline("pi_1", NOW_S + 180, BOOT), IntendPulse("pi_1", 2)),
        (ConnectBroker(), FirePulse("pi_1", 2)),
    )


def test_the_pulse_that_the_power_was_cut_in_is_ambiguous_on_a_board_that_keeps_its_credits() -> None:
    """Nobody knows whether it was counted; it is never fired again."""
    cut = train(payment(credits=3), boot_id="boot-before", intended=2, fired=1)

    _, orders = started_bench(unfinished=(cut,), board_keeps_credits=True)

    assert orders.records[1:] == (MarkAmbiguous("pi_1", 2), IntendPulse("pi_1", 3))


@pytest.mark.parametrize(
    ("paid", "rules"),
    [(payment(), {"has_relay": False}), (payment(has_receipt=False), {})],
    ids=["no relay", "an unsigned message"],
)
def test_a_reboot_ends_an_unstarted_payment_that_nobody_can_tell_the_time_of(
    paid: Payment, rules: dict[str, bool]
) -> None:
    """How long the cabinet was off, it cannot know."""
    _, orders = started_bench(unfinished=(train(paid, boot_id="boot-before"),), **rules)

    receipt = Receipt("pi_1", Outcome.UNDELIVERED, 0, 1) if paid.has_receipt else None
    assert orders.records == (
        ClosePayment("pi_1", Outcome.UNDELIVERED, 0, "the cabinet was switched off", receipt),
    )


def test_two_pulses_a_credit_begin_the_session_with_the_second() -> None:
    """Half a credit starts no game."""
    bench = paid_bench(payment(), pulses_per_credit=2)

    orders = bench.fired("pi_1", 1)
    assert (orders.records[1:], bench.cabinet.session) == ((IntendPulse("pi_1", 2),), None)

    bench.fired("pi_1", 2)
    assert bench.cabinet.session == session("pi_1", bench.now_s, 1)


def test_a_start_restores_what_the_ledger_says() -> None:
    """Sessions of this boot are there again, and what was counted goes on from where it was."""
    running = session("pi_0", NOW_S - 60, 2)
    bench = bare_bench()

    bench.handle(Started((), (), running, None, BOARD, BOOT, conflicts=2, coins=17, uncounted=1))

    cabinet = bench.cabinet
    assert cabinet.session == running
    assert (cabinet.conflicts, cabinet.coins, cabinet.uncounted) == (2, 17, 1)


# The board's figures


def test_the_line_rests_between_two_payments_as_long_as_the_board_wants() -> None:
    """Counted from the end of the last pulse."""
    bench = paid_bench(payment(), settle_s=15.0)
    bench.wait(15)
    bench.receive(payment("pi_2"))
    bench.acknowledged()
    bench.fired("pi_1", 1)
    assert next_wake_s(bench.cabinet) == bench.now_s + 15
    assert bench.wait(14.9) == Orders()

    assert bench.wait(0.1) == Orders((IntendPulse("pi_2", 1),), (FirePulse("pi_2", 1),))


def test_the_line_rests_after_a_start_too() -> None:
    """The run before may have ended right behind a pulse."""
    bench = open_bench(settle_s=15.0)
    bench.receive(payment())
    assert bench.acknowledged() == Orders()

    assert bench.wait(15) == Orders((IntendPulse("pi_1", 1),), (FirePulse("pi_1", 1),))


def test_the_pulses_of_one_payment_do_not_wait_for_that_rest() -> None:
    """Their gap is the coin line's matter."""
    bench = paid_bench(payment(credits=2), settle_s=15.0)
    bench.wait(15)

    assert FirePulse("pi_1", 2) in bench.fired("pi_1", 1).acts


@pytest.mark.parametrize(("width_ms", "fate"), [(49.0, "ambiguous"), (50.0, "fired"), (130.5, "ambiguous")])
def test_a_pulse_outside_what_the_board_takes_is_ambiguous(width_ms: float, fate: str) -> None:
    """Nobody knows whether it was a coin, and so it is not charged."""
    bench = paid_bench(payment(), shortest_ms=50.0, longest_ms=130.0)

    orders = bench.handle(PulseFired("pi_1", 1, 100.0, 100.0 + width_ms / 1000))

    assert orders.records[0] == RecordPulse("pi_1", 1, 100.0, 100.0 + width_ms / 1000, PulseFate(fate))
    delivered = 1 if fate == "fired" else 0
    assert bench.cabinet.receipts[0].receipt.credits_delivered == delivered
