"""The rules for the broker, the relay's offer, and receipts."""

from __future__ import annotations

import logging

import pytest
from cabinets import (
    NOW_S,
    OFFER,
    Bench,
    Orders,
    bare_bench,
    open_bench,
    paid_bench,
    payment,
    started_bench,
)

from attract_screen.model.feed_format import State
from controller.model.cabinet import accepting
from controller.model.effects import (
    ConnectBroker,
    DisconnectBroker,
    FetchOffer,
    FirePulse,
    IntendPulse,
    Note,
    RecordAnswer,
    SaveOffer,
    SendReceipt,
)
from controller.model.events import (
    BrokerConnected,
    BrokerLost,
    CoinLineFailed,
    LedgerFailed,
    LedgerHealed,
    OfferFailed,
    OfferReceived,
    ReceiptAnswered,
    ReceiptFailed,
    StopRequested,
)
from controller.model.offer import Offer, Price
from controller.model.payment import Outcome, OwedReceipt, Payment, Receipt
from controller.model.trust import Refusal
from controller.rules.decide import next_wake_s
from controller.rules.mood import mood
from controller.rules.turn import UnexpectedEvent

RECEIPT = Receipt("pi_1", Outcome.DELIVERED, 1, 1)
NEW_OFFER = Offer("https://pay.example/p/galaga-01", (Price(1, 150, "usd"),))


def owing_bench() -> Bench:
    """A cabinet whose receipt is on its way."""
    bench = paid_bench(payment())
    bench.fired("pi_1", 1)
    bench.log.clear()
    return bench


# Receipts


def test_a_receipt_that_was_not_answered_is_sent_again_ever_more_seldom() -> None:
    """After 1, 2, 4 ... and at most 60 seconds, for ever."""
    bench, waits = owing_bench(), []
    for _ in range(9):
        bench.handle(ReceiptFailed("pi_1", "503 Stripe did not answer"))
        due_s = bench.cabinet.receipts[0].next_try_s
        waits.append(due_s - bench.now_s)
        assert SendReceipt(RECEIPT) not in bench.wait(due_s - bench.now_s - 0.5).acts
        assert bench.wait(0.5) == Orders((), (SendReceipt(RECEIPT),))

    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_a_failed_receipt_is_logged_with_its_payment_and_reason() -> None:
    """The operator can look the payment up."""
    bench = owing_bench()

    bench.handle(ReceiptFailed("pi_1", "503 Stripe did not answer"))

    assert bench.log == [
        Note(
            "payment pi_1: receipt not answered, again in 1 s: 503 Stripe did not answer",
            logging.WARNING,
        )
    ]


@pytest.mark.parametrize(
    ("answer", "level"),
    [
        ("settled", logging.INFO),
        ("already", logging.INFO),
        ("conflict", logging.ERROR),
        ("unknown", logging.ERROR),
    ],
)
def test_each_final_answer_is_written_and_ends_the_receipt(answer: str, level: int) -> None:
    """It leaves the outbox; what money was lost over is an error in the log."""
    bench = owing_bench()

    orders = bench.handle(ReceiptAnswered("pi_1", answer))

    assert (orders, bench.cabinet.receipts) == (Orders((RecordAnswer("pi_1", answer),)), ())
    assert bench.log == [Note(f"payment pi_1: receipt answered: {answer}", level)]


@pytest.mark.parametrize(
    ("charged", "why_not"), [(0, ", not charged: below Stripe's least charge"), (100, "")]
)
def test_what_the_relay_charged_is_written(charged: int, why_not: str) -> None:
    """Credits that cost too little to be charged are told as such."""
    bench = owing_bench()

    orders = bench.handle(ReceiptAnswered("pi_1", "settled", charged))

    assert orders == Orders((RecordAnswer("pi_1", "settled", charged),))
    assert bench.log == [Note(f"payment pi_1: receipt answered: settled{why_not}", logging.INFO)]


def test_nothing_charged_for_nothing_delivered_needs_no_word() -> None:
    """Stripe's least charge has no part in it."""
    receipt = Receipt("pi_1", Outcome.UNDELIVERED, 0, 1)
    bench, _ = started_bench(owed=(OwedReceipt(receipt, next_try_s=0.0),))
    bench.log.clear()

    bench.handle(ReceiptAnswered("pi_1", "settled", 0))

    assert bench.log == [Note("payment pi_1: receipt answered: settled", logging.INFO)]


def test_receipts_do_not_wait_for_each_other() -> None:
    """One that fails leaves the others alone."""
    others = tuple(
        OwedReceipt(Receipt(f"pi_{n}", Outcome.DELIVERED, 1, 1), next_try_s=0.0) for n in (1, 2, 3)
    )

    _, orders = started_bench(owed=others)

    assert orders.acts == (
        ConnectBroker(),
        *(SendReceipt(owed.receipt) for owed in others),
        FetchOffer(),
    )


def test_a_receipt_that_fails_leaves_the_others_as_they_were() -> None:
    """Each keeps its own payment, and its own time."""
    receipts = [Receipt(f"pi_{n}", Outcome.DELIVERED, n, n) for n in (1, 2, 3)]
    bench, _ = started_bench(owed=tuple(OwedReceipt(each, next_try_s=0.0) for each in receipts))
    bench.handle(ReceiptFailed("pi_2", "503 Stripe did not answer"))

    one, two, three = receipts
    assert bench.cabinet.receipts == (
        OwedReceipt(one, next_try_s=0.0, in_flight=True),
        OwedReceipt(two, next_try_s=NOW_S + 1, tries=1, trouble="503 Stripe did not answer"),
        OwedReceipt(three, next_try_s=0.0, in_flight=True),
    )


def test_an_answer_to_a_receipt_that_is_not_owed_stops_the_daemon() -> None:
    """Its picture of the outbox would be wrong."""
    with pytest.raises(UnexpectedEvent, match=r"^ReceiptAnswered for payment pi_9, which is unknown$"):
        owing_bench().handle(ReceiptAnswered("pi_9", "settled"))


def test_no_receipt_is_sent_once_the_daemon_was_asked_to_stop() -> None:
    """The outbox on disk keeps it for the next start."""
    bench = paid_bench(payment())
    bench.handle(StopRequested())

    assert bench.fired("pi_1", 1).acts == ()


def test_the_loop_wakes_for_a_receipt_that_is_due_again() -> None:
    """And not while it is on its way."""
    bench = owing_bench()
    asleep_s = next_wake_s(bench.cabinet)
    bench.handle(ReceiptFailed("pi_1", "no route"))

    assert asleep_s is not None
    assert asleep_s > NOW_S + 1
    assert next_wake_s(bench.cabinet) == NOW_S + 1


# The offer


def test_the_offer_is_fetched_at_the_start() -> None:
    """Prices may have changed since."""
    assert started_bench()[1] == Orders((), (ConnectBroker(), FetchOffer()))


def test_a_cabinet_without_a_relay_asks_nobody() -> None:
    """Nor does it wake for it."""
    bench, orders = started_bench(has_relay=False)

    assert (orders, next_wake_s(bench.cabinet)) == (Orders((), (ConnectBroker(),)), None)


def test_a_fixed_payment_link_is_the_offer_whatever_the_relay_sells() -> None:
    """The technician has decided; the relay is asked all the same, for it has to settle what is sold."""
    link = "https://buy.example.com/x"
    bench, orders = started_bench(offer=OFFER, payment_link=link)
    assert orders == Orders((), (ConnectBroker(), FetchOffer()))

    assert bench.handle(OfferReceived(OFFER)) == Orders()
    assert (bench.cabinet.offer, next_wake_s(bench.cabinet)) == (Offer(link, ()), NOW_S + 300)


def test_a_remembered_offer_is_shown_before_the_relay_answers() -> None:
    """A start without network sells at the prices of before."""
    assert started_bench(offer=OFFER)[0].cabinet.offer == OFFER


def test_a_new_offer_is_remembered_and_fetched_again_after_five_minutes() -> None:
    """Not a second earlier: ten thousand cabinets ask the same relay."""
    bench, _ = started_bench()
    assert bench.handle(OfferReceived(OFFER)) == Orders((SaveOffer(OFFER),))
    assert bench.wait(299) == Orders()

    assert bench.wait(1) == Orders((), (FetchOffer(),))


@pytest.mark.parametrize(
    ("changes_in_s", "asks_in_s"), [(61.0, 61.0), (1.0, 5.0), (300.0, 300.0), (4000.0, 300.0)]
)
def test_where_prices_change_soon_the_relay_is_asked_soon(changes_in_s: float, asks_in_s: float) -> None:
    """At the time that it said; not more often than each five seconds, nor more seldom than ever."""
    bench, _ = started_bench()
    bench.handle(OfferReceived(OFFER, changes_in_s))
    assert bench.wait(asks_in_s - 0.5) == Orders()
    assert bench.wait(0.5) == Orders((), (FetchOffer(),))
    bench.handle(OfferReceived(OFFER))
    assert bench.wait(299.5) == Orders()


def test_a_free_credit_is_given_like_a_paid_one_and_speaks_of_no_charge() -> None:
    """Its receipt goes to the relay, which settles it without any money."""
    free = Payment("free_1_ab_cd", 1, 0, "usd", has_receipt=True)
    bench = paid_bench(free)
    assert SendReceipt(Receipt(free.id, Outcome.DELIVERED, 1, 1)) in bench.fired(free.id, 1).acts
    bench.handle(ReceiptAnswered(free.id, "settled", 0))
    said = [note.text for note in bench.log]
    assert "payment free_1_ab_cd: received, 1 credit, free, 60 s left" in said
    assert said[-1] == "payment free_1_ab_cd: receipt answered: settled"


def test_a_relay_that_sells_nothing_takes_the_qr_within_five_minutes() -> None:
    """Also where nobody pays, so that no receipt shows it; the cabinet asks on until it sells again."""
    bench = open_bench()
    bench.handle(OfferReceived(OFFER))
    assert bench.wait(300) == Orders((), (FetchOffer(),))
    bench.handle(OfferFailed("409 the relay sells nothing: its clock is wrong", Refusal.OTHER))
    assert not accepting(bench.cabinet, bench.now_s)
    assert bench.wait(30) == Orders((), (FetchOffer(),))
    bench.handle(OfferReceived(OFFER))
    assert accepting(bench.cabinet, bench.now_s)


def test_an_offer_that_did_not_change_is_not_written_again() -> None:
    """A card wears out by writing."""
    bench = open_bench()

    assert bench.handle(OfferReceived(OFFER)) == Orders()
    assert bench.handle(OfferReceived(NEW_OFFER)) == Orders((SaveOffer(NEW_OFFER),))


def test_an_offer_that_did_not_come_is_asked_for_again_and_the_old_one_kept() -> None:
    """A relay that is down takes no price off the screen."""
    bench = open_bench()
    bench.handle(OfferFailed("503 from the relay"))
    assert (bench.cabinet.offer, bench.faults) == (OFFER, ("relay: 503 from the relay",))

    assert bench.wait(10) == Orders((), (FetchOffer(),))


def test_an_offer_that_comes_ends_the_trouble() -> None:
    """The technician's line is empty again."""
    bench = open_bench()
    bench.handle(OfferFailed("503 from the relay"))

    bench.handle(OfferReceived(OFFER))

    assert bench.faults == ()


def test_the_same_trouble_with_the_offer_is_logged_once() -> None:
    """A night without network is one line."""
    bench = open_bench()
    for reason in ("no route", "no route", "503"):
        bench.handle(OfferFailed(reason))

    assert bench.log == [
        Note("offer not received: no route", logging.WARNING),
        Note("offer not received: 503", logging.WARNING),
    ]


# The broker


def test_the_same_trouble_with_the_broker_is_logged_once() -> None:
    """A night without network is one line."""
    bench = open_bench()
    for reason in ("keepalive", "keepalive", "no route", "no route"):
        bench.handle(BrokerLost(reason))

    assert bench.log == [
        Note("broker lost: keepalive", logging.WARNING),
        Note("broker lost: no route", logging.WARNING),
    ]


def test_a_broker_that_comes_back_ends_the_trouble() -> None:
    """Payments can reach us again."""
    bench = open_bench()
    bench.handle(BrokerLost("keepalive"))
    assert (accepting(bench.cabinet, NOW_S), bench.faults) == (False, ("broker: keepalive",))

    bench.handle(BrokerConnected(session_present=False))

    assert (accepting(bench.cabinet, NOW_S), bench.faults) == (True, ())
    assert bench.log[1] == Note("broker connected, with a new session")


def test_a_train_goes_on_without_the_broker() -> None:
    """What was paid needs no network any more."""
    bench = paid_bench(payment(credits=2))
    bench.handle(BrokerLost("keepalive"))

    assert [type(act).__name__ for act in bench.fired("pi_1", 1).acts] == ["FirePulse"]


def test_a_cabinet_that_is_thrown_out_now_and_then_goes_on() -> None:
    """Its own old connection may be the other one, after a broken link."""
    bench = open_bench()
    for _ in range(3):
        orders = bench.handle(BrokerLost("Session taken over", taken_over=True))
        assert orders == Orders()
        bench.now_s += 600
        bench.handle(OfferReceived(OFFER))


def test_other_losses_are_no_take_over() -> None:
    """A broker that is restarted ten times is only that."""
    bench = open_bench()

    assert [bench.handle(BrokerLost("Server shutting down")) for _ in range(10)] == [Orders()] * 10


@pytest.mark.parametrize("left_by", ["take-over", "full disk"])
def test_a_connection_that_was_made_before_we_left_is_old_news(left_by: str) -> None:
    """It waited in the queue behind the order to leave."""
    bench = open_bench()
    if left_by == "take-over":
        bench.handle(BrokerLost("Session taken over", taken_over=True))
        bench.handle(BrokerLost("Session taken over", taken_over=True))
    else:
        bench.handle(LedgerFailed("database or disk is full"))

    bench.handle(BrokerConnected(session_present=True))

    assert accepting(bench.cabinet, bench.now_s) is False


# The disk


def test_a_ledger_that_cannot_be_written_makes_us_leave_the_broker() -> None:
    """It keeps our messages until we can."""
    bench = open_bench()

    assert bench.handle(LedgerFailed("database or disk is full")) == Orders((), (DisconnectBroker(),))
    assert (accepting(bench.cabinet, NOW_S), mood(bench.cabinet, NOW_S)) == (False, State.OUT_OF_ORDER)
    assert bench.faults == ("ledger: database or disk is full",)


def test_a_ledger_that_has_just_failed_is_given_nothing_to_write() -> None:
    """A payment whose time ends at that moment is closed once that can be written."""
    bench = open_bench(has_ready_line=True)
    bench.receive(payment(), left_s=3.0)
    bench.acknowledged()
    bench.now_s += 3

    assert bench.handle(LedgerFailed("database or disk is full")) == Orders((), (DisconnectBroker(),))
    assert [type(record).__name__ for record in bench.handle(LedgerHealed()).records] == ["ClosePayment"]


def test_no_pulse_is_ordered_while_nothing_can_be_written() -> None:
    """The one in flight still ends; the next follows when the disk is back."""
    bench = paid_bench(payment(credits=2))
    bench.handle(LedgerFailed("database or disk is full"))
    assert bench.fired("pi_1", 1).acts == ()

    assert bench.handle(LedgerHealed()) == Orders(
        (IntendPulse("pi_1", 2),), (ConnectBroker(), FirePulse("pi_1", 2))
    )
    assert bench.faults == ()


# What the machine says of itself


def test_conflicts_are_counted_and_told() -> None:
    """Those of before the start too."""
    receipt = OwedReceipt(RECEIPT, next_try_s=0.0)
    bench, _ = started_bench(owed=(receipt,), conflicts=2)

    bench.handle(ReceiptAnswered("pi_1", "conflict"))

    assert (bench.cabinet.conflicts, bench.faults) == (3, ("3 receipts in conflict with Stripe",))


def test_it_accepts_only_what_it_could_credit_now() -> None:
    """Each thing that stands in the way is enough."""
    stopping, failed = open_bench(), open_bench()
    stopping.handle(StopRequested())
    failed.handle(CoinLineFailed("gone"))
    benches = {
        "open": open_bench(),
        "not started": bare_bench(),
        "no broker": started_bench()[0],
        "board not ready": open_bench(has_ready_line=True),
        "board starting": open_bench(board_boot_s=NOW_S + 1),
        "stopping": stopping,
        "coin line failed": failed,
    }

    assert {name for name, bench in benches.items() if accepting(bench.cabinet, NOW_S)} == {"open"}


@pytest.mark.parametrize("offer", [None, Offer("https://buy.example", ())], ids=["none yet", "a link"])
def test_a_machine_with_room_for_one_credit_accepts_where_no_prices_are_known(offer: Offer | None) -> None:
    """One is the fewest that anybody can buy."""
    bench, _ = started_bench(offer=offer, max_credits=1)
    bench.handle(BrokerConnected(session_present=True))

    assert accepting(bench.cabinet, NOW_S)


@pytest.mark.parametrize(("credits", "accepts"), [(2, True), (3, False)])
def test_it_accepts_while_the_queue_takes_a_minute_at_most(credits: int, accepts: bool) -> None:
    """Counted from what was paid and is not ordered yet: here a minute for each pulse."""
    bench = paid_bench(payment(credits=credits), pulse_period_s=60.0)

    assert accepting(bench.cabinet, NOW_S) is accepts


def test_its_mood_is_the_first_that_applies() -> None:
    """In one word, for the status and for the screen; without a configuration there is no daemon."""
    playing = paid_bench(payment())
    playing.fired("pi_1", 1)
    offline, failed = open_bench(), paid_bench(payment())
    offline.handle(BrokerLost("keepalive"))
    failed.handle(CoinLineFailed("gone"))
    benches = {
        State.STARTING: bare_bench(),
        State.ATTRACT: open_bench(),
        State.PAYING: paid_bench(payment()),
        State.PLAYING: playing,
        State.NOT_READY: open_bench(has_ready_line=True),
        State.OFFLINE: offline,
        State.OUT_OF_ORDER: failed,
    }

    assert {wanted: mood(bench.cabinet, NOW_S) for wanted, bench in benches.items()} == {
        wanted: wanted for wanted in State if wanted is not State.SETUP
    }


def test_a_cabinet_that_waits_for_its_board_is_starting() -> None:
    """Not offline, and not ready either."""
    bench = open_bench(board_boot_s=NOW_S + 1)

    assert (mood(bench.cabinet, NOW_S), mood(bench.cabinet, NOW_S + 1)) == (State.STARTING, State.ATTRACT)
