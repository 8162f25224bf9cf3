"""The rules for trusting the relay: a machine that could not be credited or settled does not sell."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from cabinets import (
    BOOT,
    DELIVERY,
    NOW_S,
    OFFER,
    Bench,
    Orders,
    open_bench,
    paid_bench,
    payment,
    started_bench,
)

from attract_screen.model.feed_format import State
from controller.model.cabinet import accepting
from controller.model.effects import (
    Acknowledge,
    FetchOffer,
    FetchOpenPayments,
    Note,
    RecordAnswer,
    RecordPayment,
    RememberUnsettled,
    RememberUse,
    SendReceipt,
)
from controller.model.events import (
    BrokerConnected,
    FoundPayment,
    MessageRefused,
    OfferFailed,
    OfferReceived,
    OpenPaymentsFailed,
    OpenPaymentsFound,
    ReceiptAnswered,
    ReceiptFailed,
    StopRequested,
)
from controller.model.fault import Fault, FaultKind
from controller.model.payment import Outcome, OwedReceipt, Receipt
from controller.model.trust import Refusal, Unsettled
from controller.rules.mood import faults, mood

RECEIPT = Receipt("pi_1", Outcome.DELIVERED, 1, 1)
OWED = OwedReceipt(RECEIPT, next_try_s=0.0)
REFUSED_TOKEN = Fault(FaultKind.TOKEN, "token: the relay refuses relay.token")
OTHERS_SIGNATURE = Fault(
    FaultKind.TOKEN, "token: a coin pulse was signed with another token than relay.token"
)
HOUR_S = 3600.0
FORGED = MessageRefused(DELIVERY, "signature is wrong", signed_by_another=True)


def sells(bench: Bench) -> bool:
    """Whether the door is open now."""
    return accepting(bench.cabinet, bench.now_s)


def faults_of(bench: Bench) -> tuple[Fault, ...]:
    """What it says is wrong now."""
    return faults(bench.cabinet, bench.now_s)


def connected(bench: Bench) -> Bench:
    """Let the broker and the offer be there."""
    bench.handle(BrokerConnected(session_present=True))
    bench.handle(OfferReceived(OFFER))
    return bench


def owing_bench() -> Bench:
    """A cabinet whose receipt is on its way."""
    bench = paid_bench(payment())
    bench.fired("pi_1", 1)
    bench.log.clear()
    return bench


# What the relay refuses


def test_a_refused_token_closes_the_door_until_it_is_taken() -> None:
    """Nobody needs to start anything again: each try may be the one."""
    bench = open_bench()
    bench.wait(HOUR_S)
    bench.handle(OfferFailed("401 token refused", Refusal.TOKEN))

    assert (sells(bench), faults_of(bench)) == (False, (REFUSED_TOKEN,))
    assert mood(bench.cabinet, bench.now_s) is State.ATTRACT  # coins are taken, and the QR is gone
    for _ in range(20):  # never more seldom than each half minute
        assert bench.wait(30).acts == (FetchOffer(),)
        bench.handle(OfferFailed("401 token refused", Refusal.TOKEN))
    bench.handle(OfferReceived(OFFER))

    assert (sells(bench), faults_of(bench)) == (True, ())
    assert bench.log == [
        Note("offer not received: 401 token refused", logging.WARNING),
        Note("stopped selling: token: the relay refuses relay.token", logging.ERROR),
        Note("the relay can be counted on again"),
    ]


def test_a_fixed_payment_link_closes_nothing_less() -> None:
    """Its money too is settled by the relay."""
    bench, _ = started_bench(payment_link="https://buy.example.com/x")
    connected(bench)
    assert sells(bench)

    bench.handle(OfferFailed("401 token refused", Refusal.TOKEN))

    assert (sells(bench), faults_of(bench)) == (False, (REFUSED_TOKEN,))


@pytest.mark.parametrize(
    ("event", "fault"),
    [
        (
            OfferFailed("404 from x, is it the relay?", Refusal.OTHER),
            Fault(FaultKind.RELAY, "relay: 404 from x, is it the relay?"),
        ),
        (
            OpenPaymentsFailed("200 from x, is it the relay?", Refusal.OTHER),
            Fault(FaultKind.RELAY, "relay: 200 from x, is it the relay?"),
        ),
        (OpenPaymentsFailed("401 token refused", Refusal.TOKEN), REFUSED_TOKEN),
    ],
    ids=["wrong address", "wrong address at the list", "token at the list"],
)
def test_whatever_is_refused_closes_the_door(event: Any, fault: Fault) -> None:
    """What would refuse the offer or the list would refuse a receipt."""
    bench = open_bench()

    bench.handle(event)

    assert (sells(bench), faults_of(bench)) == (False, (fault,))


def test_a_refused_receipt_keeps_the_door_closed_whatever_else_is_answered() -> None:
    """An offer that comes does not settle it."""
    bench = owing_bench()
    bench.handle(ReceiptFailed("pi_1", "400 creditsPaid is 9", Refusal.OTHER))
    bench.handle(OfferReceived(OFFER))
    trouble = Fault(FaultKind.RECEIPTS, "receipts: the relay refuses 1 receipt: 400 creditsPaid is 9")
    assert (sells(bench), faults_of(bench)) == (False, (trouble,))

    bench.handle(ReceiptAnswered("pi_1", "settled"))

    assert (sells(bench), faults_of(bench)) == (True, ())


def test_a_receipt_that_is_refused_for_its_token_names_the_token() -> None:
    """And is tried again each minute."""
    bench = owing_bench()
    bench.handle(ReceiptFailed("pi_1", "401 token refused", Refusal.TOKEN))

    assert (sells(bench), faults_of(bench)) == (False, (REFUSED_TOKEN,))
    assert SendReceipt(RECEIPT) in bench.wait(60).acts


def test_a_list_that_is_refused_is_asked_for_each_half_minute() -> None:
    """And said once."""
    bench = open_bench()
    bench.handle(BrokerConnected(session_present=False))
    bench.log.clear()
    for _ in range(8):
        bench.handle(OpenPaymentsFailed("401 token refused", Refusal.TOKEN))
        assert bench.wait(30).acts == (FetchOpenPayments(()),)
    bench.handle(OpenPaymentsFailed("401 token refused", Refusal.TOKEN))
    assert (bench.wait(29).acts, bench.wait(1).acts) == ((), (FetchOpenPayments(()),))

    assert bench.log == [
        Note("open payments not received, again in 1 s: 401 token refused", logging.WARNING),
        Note("stopped selling: token: the relay refuses relay.token", logging.ERROR),
    ]


# What only takes too long


def test_a_silent_relay_closes_the_door_after_an_hour() -> None:
    """Its door is down with it, but a cabinet that cannot reach it could not settle what it sells either."""
    bench = open_bench()
    bench.handle(OfferFailed("no route"))
    assert bench.wait(HOUR_S - 1).acts == (FetchOffer(),)
    bench.handle(OfferFailed("503 from the relay"))
    assert (sells(bench), bench.faults) == (True, ("relay: 503 from the relay",))
    bench.wait(1)
    assert (sells(bench), bench.faults) == (False, ("relay: not reached for more than an hour",))

    bench.handle(OfferReceived(OFFER))

    assert (sells(bench), bench.faults) == (True, ())


def test_receipts_that_are_not_settled_for_an_hour_close_the_door() -> None:
    """Each hour begins with the first time that a receipt fails; one that is settled ends its own alone."""
    bench, _ = started_bench(owed=(OWED, OwedReceipt(Receipt("pi_2", Outcome.DELIVERED, 1, 1), 0.0)))
    connected(bench)
    begun = RememberUnsettled(Unsettled(BOOT, NOW_S))
    assert bench.handle(ReceiptFailed("pi_1", "503")) == Orders((begun,))
    bench.wait(HOUR_S / 2)
    assert bench.handle(ReceiptFailed("pi_1", "503")).records == ()
    assert bench.handle(ReceiptFailed("pi_2", "503")).records == ()
    bench.now_s = NOW_S + HOUR_S - 1
    assert sells(bench)
    bench.now_s += 1
    assert (sells(bench), bench.faults) == (
        False,
        ("receipts: 1 receipt not settled for more than an hour",),
    )

    settled = bench.handle(ReceiptAnswered("pi_1", "settled"))

    later = RememberUnsettled(Unsettled(BOOT, NOW_S + HOUR_S / 2))
    assert settled.records == (RecordAnswer("pi_1", "settled"), later)
    assert (sells(bench), bench.faults) == (True, ())
    ended = bench.handle(ReceiptAnswered("pi_2", "settled"))
    assert ended.records == (RecordAnswer("pi_2", "settled"), RememberUnsettled(None))


def test_a_restart_of_the_process_does_not_begin_the_hour_anew() -> None:
    """The clock of the boot goes on."""
    bench, _ = started_bench(owed=(OWED,), unsettled=Unsettled(BOOT, NOW_S - HOUR_S + 10))
    connected(bench)
    assert sells(bench)

    bench.wait(10)

    assert (sells(bench), bench.faults) == (
        False,
        ("receipts: 1 receipt not settled for more than an hour",),
    )


def test_what_failed_before_the_pi_was_off_counts_as_an_hour() -> None:
    """No clock here knows how long it was; the relay's first answer ends it."""
    bench, _ = started_bench(owed=(OWED,), unsettled=Unsettled("boot-before", 5.0))
    connected(bench)
    assert (sells(bench), bench.faults) == (
        False,
        ("receipts: 1 receipt not settled for more than an hour",),
    )

    bench.handle(ReceiptAnswered("pi_1", "settled"))

    assert (sells(bench), bench.faults) == (True, ())


def test_a_receipt_that_has_only_not_been_sent_is_no_trouble_after_a_reboot() -> None:
    """The plug was pulled after the last sale: it is settled in the morning, and nothing was wrong."""
    bench, _ = started_bench(owed=(OWED,))

    assert sells(connected(bench))


def test_the_same_trouble_with_a_receipt_is_logged_once() -> None:
    """A night without network is a line, not one a minute."""
    bench = owing_bench()
    for reason in ("no route", "no route", "503"):
        bench.handle(ReceiptFailed("pi_1", reason))
        bench.wait(60)

    assert [note.text for note in bench.log] == [
        "payment pi_1: receipt not answered, again in 1 s: no route",
        "payment pi_1: receipt not answered, again in 4 s: 503",
    ]


# Another's signature


def test_a_wrong_signature_closes_the_door_until_the_relay_has_answered() -> None:
    """It is asked at once, and names what the message was about: that is credited after all."""
    bench = open_bench()
    asked = bench.handle(FORGED)
    assert asked == Orders((RememberUse("pi-a", ""),), (Acknowledge(DELIVERY), FetchOpenPayments(())))
    assert (sells(bench), faults_of(bench)) == (False, (OTHERS_SIGNATURE,))
    bench.handle(OfferReceived(OFFER))
    assert not sells(bench)

    found = FoundPayment(payment(), 100.0, None)
    credited = bench.handle(OpenPaymentsFound(bench.now_s, (found,)))

    assert [type(record) for record in credited.records[:1]] == [RecordPayment]
    assert (sells(bench), faults_of(bench)) == (True, ())


def test_a_token_that_is_wrong_keeps_it_closed() -> None:
    """The signature was right, and ours is the wrong one."""
    bench = open_bench()
    bench.handle(FORGED)
    bench.handle(OpenPaymentsFailed("401 token refused", Refusal.TOKEN))
    assert (sells(bench), faults_of(bench)) == (False, (REFUSED_TOKEN,))

    bench.wait(30)
    bench.handle(OpenPaymentsFound(bench.now_s, ()))

    assert (sells(bench), faults_of(bench)) == (True, ())


def test_forged_messages_close_it_for_a_minute_and_ask_the_relay_once_a_minute() -> None:
    """Whoever sends them without end keeps neither the relay busy nor the door closed once he ends."""
    bench = open_bench()
    asked = 0
    for _ in range(600):  # ten a second
        asked += FetchOpenPayments(()) in bench.handle(FORGED).acts
        if bench.cabinet.catch_up:
            bench.handle(OpenPaymentsFound(bench.now_s, ()))
        bench.now_s += 0.1
    assert (asked, sells(bench)) == (1, False)

    assert FetchOpenPayments(()) in bench.wait(1).acts
    bench.handle(OpenPaymentsFound(bench.now_s, ()))

    assert (sells(bench), faults_of(bench)) == (True, ())


def test_what_came_while_the_relay_was_asked_is_asked_about_too() -> None:
    """The answer is older than the message, and may lack its payment."""
    bench = open_bench()
    bench.handle(FORGED)
    bench.handle(FORGED)
    bench.handle(OpenPaymentsFound(bench.now_s, ()))
    assert (sells(bench), faults_of(bench)) == (False, (OTHERS_SIGNATURE,))

    assert bench.wait(60).acts == (FetchOpenPayments(()),)
    bench.handle(OpenPaymentsFound(bench.now_s, ()))

    assert sells(bench)


def test_an_unsigned_message_from_elsewhere_closes_nothing() -> None:
    """It is refused, and shows nothing of our token."""
    bench = open_bench()

    assert bench.handle(MessageRefused(DELIVERY, "unsigned")) == Orders((), (Acknowledge(DELIVERY),))
    assert (sells(bench), faults_of(bench)) == (True, ())


def test_without_a_relay_a_signature_proves_nothing() -> None:
    """There is nobody who could say that all is well, and so it would be closed for good."""
    bench, _ = started_bench(has_relay=False)
    bench.handle(BrokerConnected(session_present=True))

    bench.handle(FORGED)

    assert (sells(bench), faults_of(bench)) == (True, ())


def test_a_flood_of_refused_messages_is_a_few_lines() -> None:
    """The next line, ten minutes later, tells how many had none."""
    bench = open_bench()
    for number in range(1000):
        bench.handle(MessageRefused(DELIVERY, f"credits is {number}"))
    assert [note.text for note in bench.log] == [f"message refused: credits is {n}" for n in range(10)]

    bench.now_s += 600
    bench.handle(MessageRefused(DELIVERY, "credits is 0"))

    assert bench.log[10:] == [Note("message refused: credits is 0 (and 990 more before it)", logging.WARNING)]

    bench.handle(MessageRefused(DELIVERY, "credits is 1"))

    assert bench.log[11:] == [Note("message refused: credits is 1", logging.WARNING)]


def test_nothing_is_asked_once_the_daemon_was_asked_to_stop() -> None:
    """The next start asks."""
    bench = open_bench()
    bench.handle(StopRequested())

    assert bench.handle(FORGED).acts == (Acknowledge(DELIVERY),)


def test_a_receipt_that_fails_has_the_relay_asked_why() -> None:
    """A relay that cannot settle at all says so with its offer: the QR goes within seconds."""
    bench = connected(owing_bench())
    bench.handle(ReceiptFailed("pi_1", "503 Stripe did not do it"))
    assert FetchOffer() not in bench.wait(4.9).acts
    assert FetchOffer() in bench.wait(0.1).acts
    bench.handle(OfferFailed("409 the relay sells nothing: the Stripe key lacks it", Refusal.OTHER))
    assert not sells(bench)
    text = "relay: 409 the relay sells nothing: the Stripe key lacks it"
    assert Fault(FaultKind.RELAY, text) in faults_of(bench)
