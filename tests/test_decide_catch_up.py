"""The rules for catching up: what a broker may have lost, and what a new ledger cannot know."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

import pytest
from cabinets import BOARD, BOOT, DELIVERY, NOW_S, Bench, Orders, open_bench, payment, started_bench, train

from attract_screen.model.feed_format import State
from controller.formats.wire import MAX_WINDOW_S
from controller.model.cabinet import accepting
from controller.model.effects import (
    Acknowledge,
    ClosePayment,
    ConnectBroker,
    FetchOffer,
    FetchOpenPayments,
    FirePulse,
    IntendPulse,
    Note,
    Record,
    RecordPayment,
    RememberUse,
    RenewDeadline,
    SendReceipt,
)
from controller.model.events import (
    BrokerConnected,
    FoundPayment,
    OpenPaymentsFailed,
    OpenPaymentsFound,
    PulseFired,
    StopRequested,
)
from controller.model.payment import KnownPayment, Outcome, Payment, Receipt
from controller.rules.catch_up import MOST_NAMED, STILL_ASKING
from controller.rules.decide import next_wake_s
from controller.rules.mood import mood

ASKING = RememberUse(BOARD, STILL_ASKING)
# What was paid before NOW_S may have been credited by a ledger that is gone.
CAUGHT_UP = RememberUse(BOARD, BOOT, doubt_before_s=NOW_S)
OPEN = KnownPayment(receipt=None)


def undelivered(payment_id: str = "pi_1", paid: int = 1) -> Receipt:
    """What the relay hears of a payment that gave nothing."""
    return Receipt(payment_id, Outcome.UNDELIVERED, 0, paid)


def closed(why: str, payment_id: str = "pi_1") -> ClosePayment:
    """The record that a payment of one credit ended with nothing."""
    return ClosePayment(payment_id, Outcome.UNDELIVERED, 0, why, undelivered(payment_id))


def found(bench: Bench, *payments: FoundPayment, sent_s: float | None = None) -> Orders:
    """Let the relay answer which payments are open."""
    return bench.handle(OpenPaymentsFound(bench.now_s if sent_s is None else sent_s, payments))


def new(paid: Payment, left_s: float) -> FoundPayment:
    """An open payment that the ledger has never heard of."""
    return FoundPayment(paid, left_s, None)


def rebooted_bench(*paid: Payment) -> tuple[Bench, Orders]:
    """A cabinet switched on again with payments that it had not begun to fire."""
    unfinished = tuple(train(each, deadline_s=50_000.0, boot_id="boot-before") for each in paid)
    return started_bench(unfinished=unfinished, boot_id="boot-before")


def fenced_bench() -> Bench:
    """A cabinet whose ledger is empty and new."""
    bench, _ = started_bench(board=None, boot_id=None)
    bench.log.clear()
    return bench


def test_a_train_whose_every_pulse_is_in_doubt_has_begun_all_the_same() -> None:
    """An older payment whose time is known by now waits for its end: trains never interleave."""
    older, newer = payment("pi_1"), payment("pi_2", credits=2)
    unfinished = (train(older, deadline_s=50_000.0, boot_id="boot-before"),)
    bench, _ = started_bench(unfinished=unfinished, boot_id="boot-before", shortest_ms=50.0)
    bench.wait(10.0)
    bench.receive(newer, left_s=175.0, window_s=180.0)
    ordered = [bench.acknowledged().acts]
    found(bench, FoundPayment(older, 40.0, OPEN), FoundPayment(newer, 40.0, OPEN))
    for payment_id, number in (("pi_2", 1), ("pi_2", 2)):
        orders = bench.handle(PulseFired(payment_id, number, bench.now_s - 0.01, bench.now_s))
        ordered.append(tuple(act for act in orders.acts if isinstance(act, FirePulse)))

    assert ordered == [(FirePulse("pi_2", 1),), (FirePulse("pi_2", 2),), (FirePulse("pi_1", 1),)]


# When the relay is asked


def test_after_a_reboot_the_relay_is_asked_beside_everything_else() -> None:
    """The broker is not kept waiting for it, and a kill would ask again."""
    _, orders = started_bench(boot_id="boot-before")

    assert orders == Orders((ASKING,), (ConnectBroker(), FetchOffer(), FetchOpenPayments()))


def test_after_a_restart_of_the_process_the_relay_is_not_asked() -> None:
    """The broker kept our session, and the ledger our payments."""
    _, orders = started_bench()

    assert orders == Orders((), (ConnectBroker(), FetchOffer()))


def test_a_process_that_was_killed_before_the_answer_asks_again() -> None:
    """Whatever it had been asking for."""
    bench, orders = started_bench(boot_id=STILL_ASKING)

    assert FetchOpenPayments() in orders.acts
    assert bench.log[-1] == Note("asked the relay for open payments: it had not answered before")


def test_a_broker_without_our_session_makes_the_relay_be_asked() -> None:
    """What was in its mailbox is gone."""
    bench, _ = started_bench()

    assert bench.handle(BrokerConnected(session_present=False)) == Orders((ASKING,), (FetchOpenPayments(),))


def test_a_broker_with_our_session_makes_nobody_be_asked() -> None:
    """Ten thousand cabinets come back to a restarted broker at once."""
    bench, _ = started_bench()

    assert bench.handle(BrokerConnected(session_present=True)) == Orders()


@pytest.mark.parametrize("left_s", [None, 0.0, 1.9], ids=["not said", "none left", "too little to go by"])
def test_a_message_without_time_left_makes_the_relay_be_asked(left_s: float | None) -> None:
    """It is on disk first, and acknowledged: the relay knows what is left of the window."""
    assert open_bench().receive(payment(), left_s=left_s) == Orders(
        (ASKING, RecordPayment(train(payment(), deadline_s=None))),
        (Acknowledge(DELIVERY), FetchOpenPayments(("pi_1",))),
    )


def test_the_log_tells_why_the_relay_is_asked_about_a_payment() -> None:
    """Its message did not say what is left, or it may be one that an older ledger has credited."""
    silent, doubted = open_bench(), started_bench(boot_id="boot-before")[0]
    silent.receive(payment(), left_s=None)
    found(doubted)
    doubted.receive(payment(), left_s=60.0, window_s=180.0)

    asked = [bench.log[-1].text for bench in (silent, doubted)]
    assert asked == [
        "asked the relay for open payments: payment pi_1 came without its time left",
        "asked the relay for open payments: payment pi_1 may have been credited before",
    ]


def test_a_message_with_two_seconds_left_is_taken_at_its_word() -> None:
    """Nobody has to be asked."""
    orders = open_bench().receive(payment(), left_s=2.0)

    assert orders.records == (RecordPayment(train(payment(), deadline_s=NOW_S + 2.0)),)


def test_an_unsigned_message_makes_nobody_be_asked() -> None:
    """The relay knows no payment by its name."""
    paid = payment(has_receipt=False)

    assert FetchOpenPayments() not in open_bench().receive(paid, left_s=1.0).acts


def test_without_a_relay_nobody_is_asked() -> None:
    """The use of the ledger is remembered all the same."""
    bench, orders = started_bench(boot_id="boot-before", has_relay=False)

    assert orders == Orders((RememberUse(BOARD, BOOT),), (ConnectBroker(),))
    assert bench.handle(BrokerConnected(session_present=False)) == Orders()


def test_one_question_is_under_way_at_a_time_and_another_follows() -> None:
    """What was paid behind the first question is not in its answer."""
    bench, _ = started_bench(boot_id="boot-before")
    assert bench.handle(BrokerConnected(session_present=False)) == Orders()

    assert found(bench) == Orders((), (FetchOpenPayments(),))
    assert found(bench) == Orders((CAUGHT_UP,), ())


def test_each_question_is_told_with_its_reason_and_each_answer_with_its_length() -> None:
    """In the log, for whoever wonders what a cabinet waits for."""
    bench, _ = started_bench(boot_id="boot-before")
    bench.handle(BrokerConnected(session_present=False))
    found(bench, new(payment(), 40.0))

    assert [note for note in bench.log if "open payments" in note.text] == [
        Note("asked the relay for open payments: the cabinet was switched off"),
        Note("open payments received: 1"),
        Note("asked the relay for open payments: the cabinet was switched off"),
    ]


def test_a_new_ledger_says_why_it_asks() -> None:
    """Until the answer the cabinet credits nothing, and somebody will wonder."""
    bench, _ = started_bench(board=None, boot_id=None)

    assert bench.log == [Note("asked the relay for open payments: the ledger is new to this board")]


def test_a_payment_whose_time_was_not_known_when_the_process_ended_is_asked_for_again() -> None:
    """By its name, and the next process says why."""
    bench, orders = started_bench(unfinished=(train(payment(), deadline_s=None),))

    assert FetchOpenPayments(("pi_1",)) in orders.acts
    assert Note("asked the relay for open payments: payment pi_1 has no known time left") in bench.log


# While there is no answer


def test_a_question_that_was_not_answered_is_asked_again_soon() -> None:
    """After 1, 2, 4 and then each 8 seconds: half a minute of a window is enough for it."""
    bench, _ = started_bench(boot_id="boot-before")
    waits = []
    for _ in range(5):
        bench.handle(OpenPaymentsFailed("503 Stripe did not answer"))
        due_s = next_wake_s(bench.cabinet) or 0.0
        waits.append(due_s - bench.now_s)
        assert bench.wait(due_s - bench.now_s - 0.5) == Orders()
        assert bench.wait(0.5) == Orders((), (FetchOpenPayments(),))

    assert waits == [1, 2, 4, 8, 8]


def test_an_unanswered_question_is_logged_with_its_reason() -> None:
    """The question itself only once."""
    bench, _ = started_bench(boot_id="boot-before")
    bench.handle(OpenPaymentsFailed("no route"))
    bench.wait(1)

    assert bench.log == [
        Note("asked the relay for open payments: the cabinet was switched off"),
        Note("open payments not received, again in 1 s: no route", logging.WARNING),
    ]


def test_no_answer_ends_no_payment() -> None:
    """It may still have time: neither fired nor given up, however long it takes."""
    bench, _ = rebooted_bench(payment())
    bench.handle(OpenPaymentsFailed("no route"))
    bench.wait(3600)

    assert bench.cabinet.trains == (train(payment(), deadline_s=None, boot_id="boot-before"),)


def test_no_question_is_asked_once_the_daemon_was_asked_to_stop() -> None:
    """The next start asks."""
    bench, _ = started_bench(boot_id="boot-before")
    bench.handle(OpenPaymentsFailed("no route"))
    bench.handle(StopRequested())

    assert FetchOpenPayments() not in bench.wait(60).acts


def test_other_payments_go_on_meanwhile() -> None:
    """A payment whose time is known does not wait for one whose time is not."""
    bench, _ = rebooted_bench(payment("pi_1"))
    bench.handle(BrokerConnected(session_present=True))
    bench.receive(payment("pi_2"), window_s=60)

    assert bench.acknowledged().acts == (FirePulse("pi_2", 1),)


# The answer


def test_an_answer_that_nobody_waits_for_is_taken_all_the_same() -> None:
    """A payment in it is one that did not reach us."""
    orders = found(open_bench(), new(payment(), 40.0))

    assert orders.records[0] == RecordPayment(train(payment(), deadline_s=NOW_S + 40))


def test_a_payment_whose_time_is_known_now_is_one_of_this_boot() -> None:
    """A kill finds it so, and does not ask again."""
    bench, _ = rebooted_bench(payment())
    bench.handle(BrokerConnected(session_present=True))

    orders = found(bench, FoundPayment(payment(), 40.0, OPEN))

    assert RenewDeadline("pi_1", NOW_S + 40, BOOT) in orders.records
    assert [(each.deadline_s, each.boot_id) for each in bench.cabinet.trains] == [(NOW_S + 40, BOOT)]


def test_an_open_payment_that_ended_without_a_receipt_is_left_to_the_relay() -> None:
    """There is no word of ours to be repeated."""
    bench = open_bench()

    assert found(bench, FoundPayment(payment(), 0.0, OPEN)).acts == ()
    assert bench.cabinet.receipts == ()


def test_a_payment_that_never_reached_us_is_written_and_then_fired() -> None:
    """In two commits, as one that came by the broker."""
    bench, _ = started_bench(boot_id="boot-before")

    orders = found(bench, new(payment(), 40.0))

    assert orders == Orders((RecordPayment(train(payment(), deadline_s=NOW_S + 40)), CAUGHT_UP), ())
    assert bench.wait(0.1) == Orders((IntendPulse("pi_1", 1),), (FirePulse("pi_1", 1),))


def test_time_left_counts_from_the_question() -> None:
    """However long the answer took."""
    bench, _ = started_bench(boot_id="boot-before")
    bench.now_s += 15

    orders = found(bench, new(payment(), 40.0), sent_s=NOW_S)

    assert orders.records[0] == RecordPayment(train(payment(), deadline_s=NOW_S + 40))


def test_a_payment_that_comes_with_no_time_left_is_written_and_reported() -> None:
    """In one commit: written first, so that a repeat finds the same word."""
    bench, _ = started_bench(boot_id="boot-before")

    assert found(bench, new(payment(), 0.0)) == Orders(
        (
            RecordPayment(train(payment(), deadline_s=NOW_S)),
            CAUGHT_UP,
            closed("the credit window ended"),
        ),
        (SendReceipt(undelivered()),),
    )


def test_a_payment_that_was_not_begun_before_the_reboot_gets_its_time_back() -> None:
    """Counted on this boot's clock, and fired."""
    bench, orders = rebooted_bench(payment())
    assert orders.records == (ASKING,)

    assert found(bench, FoundPayment(payment(), 40.0, OPEN)) == Orders(
        (RenewDeadline("pi_1", NOW_S + 40, BOOT), CAUGHT_UP, IntendPulse("pi_1", 1)),
        (FirePulse("pi_1", 1),),
    )


def test_a_payment_that_was_not_begun_is_asked_for_by_its_id() -> None:
    """A list at Stripe may lack it, and never has an immediate payment of an older link."""
    _, orders = rebooted_bench(payment("pi_1"), payment("pi_2"))

    assert FetchOpenPayments(("pi_1", "pi_2")) in orders.acts


def test_more_payments_than_fit_into_a_question_are_asked_for_in_the_next() -> None:
    """The first answer says nothing about them, and ends none of them."""
    paid = [payment(f"pi_{number}") for number in range(MOST_NAMED + 1)]
    bench, orders = rebooted_bench(*paid)
    assert FetchOpenPayments(tuple(each.id for each in paid[:-1])) in orders.acts

    orders = found(bench, *(FoundPayment(each, 0.0, OPEN) for each in paid[:-1]))

    assert FetchOpenPayments((paid[-1].id,)) in orders.acts
    assert bench.cabinet.trains == (train(paid[-1], deadline_s=None, boot_id="boot-before"),)


def test_a_payment_that_was_not_begun_and_is_open_no_more_ends() -> None:
    """There is nothing left to settle: "undelivered" would be a false conflict with what was charged."""
    bench, _ = rebooted_bench(payment())

    assert found(bench) == Orders((settled_before(), CAUGHT_UP))


def test_a_payment_that_came_behind_the_question_waits_for_the_next_answer() -> None:
    """The first answer cannot know it."""
    bench, _ = started_bench(boot_id="boot-before")
    bench.handle(BrokerConnected(session_present=True))
    bench.receive(payment(), left_s=1.0)

    assert found(bench) == Orders((), (FetchOpenPayments(("pi_1",)),))
    assert found(bench, FoundPayment(payment(), 20.0, OPEN)).acts == (FirePulse("pi_1", 1),)


def test_a_payment_that_has_ended_has_its_receipt_sent_again() -> None:
    """The relay has not heard it, or it would not be open."""
    receipt = Receipt("pi_1", Outcome.DELIVERED, 1, 1)
    bench, _ = started_bench(boot_id="boot-before")

    orders = found(bench, FoundPayment(payment(), 0.0, KnownPayment(receipt)))

    assert orders == Orders((CAUGHT_UP,), (SendReceipt(receipt),))


def test_a_train_that_has_begun_is_left_alone() -> None:
    """Its window was for its first pulse."""
    bench, _ = started_bench(
        unfinished=(train(payment(credits=2), intended=1, fired=1),), boot_id=STILL_ASKING
    )
    before = bench.cabinet.trains

    orders = found(bench, FoundPayment(payment(credits=2), 0.0, OPEN))

    assert (orders, bench.cabinet.trains) == (Orders((CAUGHT_UP,), ()), before)


def test_an_answer_lets_the_cabinet_rest() -> None:
    """It is not asked again."""
    bench, _ = started_bench(boot_id="boot-before")
    found(bench)

    assert bench.wait(299) == Orders()


# The fence


@pytest.mark.parametrize("board", [None, "pi-before"], ids=["a new ledger", "a ledger of another Pi"])
def test_a_ledger_that_cannot_know_what_was_credited_asks_before_it_connects(board: str | None) -> None:
    """Nothing is written yet: killed now, it is fenced again."""
    bench, orders = started_bench(board=board, boot_id=None if board is None else "boot-before")

    assert orders == Orders((), (FetchOffer(), FetchOpenPayments()))
    assert (bench.cabinet.fenced, accepting(bench.cabinet, NOW_S), mood(bench.cabinet, NOW_S)) == (
        True,
        False,
        State.STARTING,
    )
    assert bench.faults == ("new ledger: waiting for the relay to name what was open",)


def test_without_a_relay_there_is_no_fence() -> None:
    """Nobody could lift it."""
    bench, orders = started_bench(board=None, boot_id=None, has_relay=False)

    assert (bench.cabinet.fenced, orders) == (
        False,
        Orders((RememberUse(BOARD, BOOT),), (ConnectBroker(),)),
    )


def test_what_was_open_before_the_ledger_is_written_as_undelivered_and_reported() -> None:
    """It may have been credited by the ledger that is gone; with time left or without."""
    bench = fenced_bench()

    assert found(bench, new(payment(), 120.0), new(payment("pi_2"), 0.0)) == Orders(
        (
            RecordPayment(train(payment(), deadline_s=NOW_S + 120)),
            closed("ledger lost"),
            RecordPayment(train(payment("pi_2"), deadline_s=NOW_S)),
            closed("ledger lost", "pi_2"),
            CAUGHT_UP,
        ),
        (ConnectBroker(), SendReceipt(undelivered()), SendReceipt(undelivered("pi_2"))),
    )


def test_the_answer_lifts_the_fence() -> None:
    """From now on, what comes is new."""
    bench = fenced_bench()
    found(bench)
    bench.handle(BrokerConnected(session_present=True))

    assert (accepting(bench.cabinet, NOW_S), bench.faults) == (True, ())


def test_no_answer_leaves_the_fence() -> None:
    """An empty list and no list are two things."""
    bench = fenced_bench()

    bench.handle(OpenPaymentsFailed("503 Stripe did not answer"))

    assert (bench.cabinet.fenced, bench.wait(0.5)) == (True, Orders())
    assert bench.wait(0.5) == Orders((), (FetchOpenPayments(),))


def test_a_payment_that_the_moved_ledger_had_not_begun_ends_behind_the_fence() -> None:
    """Open or not: it was for another machine's board."""
    held = train(payment(), deadline_s=50_000.0, boot_id="boot-before")
    bench, _ = started_bench(unfinished=(held,), board="pi-before", boot_id="boot-before")

    orders = found(bench, FoundPayment(payment(), 120.0, OPEN))

    assert orders.records == (closed("ledger moved"), CAUGHT_UP)


def test_a_train_that_the_moved_ledger_had_begun_ends_at_once() -> None:
    """Its credits were another board's."""
    cut = train(payment(credits=2), boot_id="boot-before", intended=1, fired=1)

    _, orders = started_bench(unfinished=(cut,), board="pi-before", boot_id="boot-before")

    ended: tuple[Record, ...] = (
        ClosePayment("pi_1", Outcome.UNDELIVERED, 0, "the cabinet was switched off", undelivered(paid=2)),
    )
    assert orders == Orders(ended, (SendReceipt(undelivered(paid=2)), FetchOffer(), FetchOpenPayments()))


def test_no_pulse_leaves_behind_the_fence() -> None:
    """Not even for a board that keeps its credits; what it got before is charged."""
    cut = train(payment(credits=2), boot_id="boot-before", intended=1, fired=1)
    bench, orders = started_bench(
        unfinished=(cut,), board="pi-before", boot_id="boot-before", board_keeps_credits=True
    )
    partial = Receipt("pi_1", Outcome.PARTIAL, 1, 2)

    assert (orders.records, bench.wait(60)) == ((RenewDeadline("pi_1", NOW_S + 180, BOOT),), Orders())
    assert found(bench, FoundPayment(payment(credits=2), 0.0, OPEN)) == Orders(
        (
            ClosePayment("pi_1", Outcome.PARTIAL, 1, "ledger moved", partial),
            RememberUse(BOARD, BOOT, doubt_before_s=bench.now_s),
        ),
        (ConnectBroker(), SendReceipt(partial)),
    )


# What a ledger before this one may have credited


def fresh_bench() -> Bench:
    """A cabinet with a new ledger whose fence was lifted, and a broker that knew it."""
    bench = fenced_bench()
    found(bench)
    bench.handle(BrokerConnected(session_present=True))
    return bench


def switched_on_bench() -> Bench:
    """A cabinet that was switched on again and has been told what is open."""
    bench, _ = started_bench(boot_id="boot-before")
    found(bench)
    bench.handle(BrokerConnected(session_present=True))
    return bench


def restarted_bench() -> Bench:
    """The same as either, after a restart of the process."""
    bench, _ = started_bench(doubt_before_s=NOW_S)
    bench.handle(BrokerConnected(session_present=True))
    return bench


def settled_before() -> ClosePayment:
    """The end of a payment that somebody else has settled, which nobody is told of."""
    return replace(closed("it is not open at Stripe any more"), receipt=None)


DOUBTING = [fresh_bench, switched_on_bench, restarted_bench]


@pytest.mark.parametrize("doubting", DOUBTING)
def test_a_message_that_may_be_older_than_the_ledger_is_asked_about(doubting: Callable[[], Bench]) -> None:
    """It may have been credited and settled by another: then it is not open, and no pulse leaves."""
    bench = doubting()

    orders = bench.receive(payment(), left_s=150, window_s=180)

    assert orders == Orders(
        (ASKING, RecordPayment(train(payment(), deadline_s=None))),
        (Acknowledge(DELIVERY), FetchOpenPayments(("pi_1",))),
    )
    assert bench.log[-1] == Note(
        "asked the relay for open payments: payment pi_1 may have been credited before"
    )
    assert found(bench).records == (settled_before(), CAUGHT_UP)


@pytest.mark.parametrize("doubting", DOUBTING)
def test_a_message_that_is_open_is_credited(doubting: Callable[[], Bench]) -> None:
    """Nobody has settled it."""
    bench = doubting()
    bench.receive(payment(), left_s=150, window_s=180)

    orders = found(bench, FoundPayment(payment(), 150.0, OPEN))

    assert orders.acts == (FirePulse("pi_1", 1),)


@pytest.mark.parametrize("doubting", DOUBTING)
@pytest.mark.parametrize(("window_s", "age_s"), [(180.0, 30.0), (None, MAX_WINDOW_S - 150.0)])
def test_a_message_that_is_surely_younger_costs_no_question(
    doubting: Callable[[], Bench], window_s: float | None, age_s: float
) -> None:
    """A relay that does not say how long its window is may have the longest there is."""
    bench = doubting()

    bench.now_s += age_s - 1
    asked = bench.receive(payment("pi_1"), left_s=150, window_s=window_s)
    bench.now_s += 1
    not_asked = bench.receive(payment("pi_2"), left_s=150, window_s=window_s)

    assert (FetchOpenPayments(("pi_1",)) in asked.acts, FetchOpenPayments in map(type, not_asked.acts)) == (
        True,
        False,
    )
    assert not_asked.records == (RecordPayment(train(payment("pi_2"), deadline_s=bench.now_s + 150)),)


def test_an_answer_writes_down_what_is_in_doubt() -> None:
    """A restart of the process takes it up again."""
    bench = fenced_bench()
    bench.now_s += 5

    assert found(bench).records == (RememberUse(BOARD, BOOT, doubt_before_s=NOW_S + 5),)


def test_a_process_that_is_restarted_while_it_asks_begins_to_doubt_anew() -> None:
    """It does not know any more since when it did."""
    bench, _ = started_bench(boot_id=STILL_ASKING, doubt_before_s=NOW_S - 3600)

    assert found(bench).records == (CAUGHT_UP,)


def test_a_restart_alone_makes_nobody_be_doubted() -> None:
    """The same ledger, in the same boot."""
    assert open_bench().receive(payment()).records == (RecordPayment(train(payment())),)


def test_a_new_machine_is_asked_nothing_about() -> None:
    """The broker never had a session for it: what is paid cannot have been credited by another ledger."""
    bench = fenced_bench()
    found(bench)
    bench.handle(BrokerConnected(session_present=False))

    assert found(bench).records == (RememberUse(BOARD, BOOT),)
    assert bench.receive(payment()).records == (RecordPayment(train(payment())),)


def test_a_broker_that_lost_our_session_does_not_end_the_doubt_behind_a_reboot() -> None:
    """The image that was replaced may have sold all the same."""
    bench = switched_on_bench()
    bench.handle(BrokerConnected(session_present=False))
    found(bench)

    assert FetchOpenPayments(("pi_1",)) in bench.receive(payment(), left_s=150, window_s=180).acts
