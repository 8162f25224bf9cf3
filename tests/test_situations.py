"""What the player and the operator get in each situation that the README promises something about.

The cabinet's rules with their real ledger, the relay's real code, the stand-in Stripe's book, on one clock.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest
from money_cloud import DAY_S
from money_world import Left, World

from controller.model.cabinet import accepting
from controller.model.events import FaultsCleared, StopRequested
from controller.model.policy import MeterRules
from simulator.stripe.faults import Fault

CHARGED, NOT_CHARGED, RESERVED = ("succeeded", 250), ("canceled", 0), ("requires_capture", 0)
PULSES = 6


@pytest.fixture
def world() -> Iterator[World]:
    """A machine that sells, with two pulses a credit."""
    world = World()
    world.work()
    assert accepting(world.cabinet, world.since_boot_s)
    yield world
    world.close()


@pytest.fixture
def metered_world() -> Iterator[World]:
    """The same, with the board's coin meter wired: three pulses that it does not count close the machine."""
    world = World(coin_meter=MeterRules(hold_s=0.01, within_s=0.5, out_of_order_after=3))
    world.work()
    assert accepting(world.cabinet, world.since_boot_s)
    yield world
    world.close()


def pay(world: World) -> str:
    """A player pays for three credits; the webhook is still on its way."""
    world.cloud.buy(3)
    return world.cloud.paid[-1]


def pay_and_arrive(world: World) -> str:
    """The same, and the cabinet has begun the first pulse."""
    payment_id = pay(world)
    world.deliver_webhook(0)
    assert world.read_letter()
    return payment_id


def outcome(world: World, payment_id: str) -> tuple[int, tuple[str, int]]:
    """The pulses that the board got, and what Stripe did with the money."""
    intent = world.cloud.intent(payment_id)
    return world.pulses[payment_id], (intent.status, intent.amount_received)


def ledger_says(world: World, payment_id: str) -> tuple[str, str]:
    """The outcome and its reason, as the operator finds them in the file."""
    with sqlite3.connect(world.folder / "ledger.sqlite") as db:
        row = db.execute("SELECT outcome, reason FROM payments WHERE id = ?", (payment_id,)).fetchone()
    return row[0], row[1]


def test_a_webhook_that_comes_twice_is_one_sale(world: World) -> None:
    """In the window it is published again, and ends at the ledger."""
    payment_id = pay(world)
    world.deliver_webhook(0, keep=True)
    world.work()
    world.work()

    assert outcome(world, payment_id) == (PULSES, CHARGED)


def test_webhooks_out_of_order_are_one_sale_each(world: World) -> None:
    """None waits for another."""
    first, second = pay(world), pay(world)
    world.deliver_webhook(1)
    world.deliver_webhook(0)
    world.work()

    assert [outcome(world, each) for each in (first, second)] == [(PULSES, CHARGED)] * 2


def test_a_webhook_two_days_late_gives_nothing_and_charges_nothing(world: World) -> None:
    """It was open no longer than any other; tidy gives the money back on the third day."""
    payment_id = pay(world)
    world.pass_time(2 * DAY_S)
    world.work()
    assert outcome(world, payment_id) == (0, RESERVED)
    world.pass_time(DAY_S)
    world.work_for(60)

    assert outcome(world, payment_id) == (0, NOT_CHARGED)


def test_a_webhook_two_days_late_leaves_what_was_settled_alone(world: World) -> None:
    """The player had the game, and keeps it."""
    payment_id = pay(world)
    world.deliver_webhook(0, keep=True)
    world.read_letter()
    for _ in range(PULSES):
        world.end_pulse()
    world.post_receipt(0)
    world.pass_time(2 * DAY_S)
    world.work()

    assert outcome(world, payment_id) == (PULSES, CHARGED)


def test_a_broker_that_comes_back_within_the_window_brings_the_credit(world: World) -> None:
    """The relay answers 503, and its next word is taken."""
    world.disconnect()
    world.cloud.mailbox.up = False
    payment_id = pay(world)
    world.deliver_webhook(0)
    world.pass_time(60)
    world.heal()

    assert outcome(world, payment_id) == (PULSES, CHARGED)


def test_a_broker_that_comes_back_without_its_mailbox_brings_the_credit(world: World) -> None:
    """The cabinet finds no session, and asks the relay."""
    payment_id = pay(world)
    world.deliver_webhook(0)
    world.disconnect()
    world.cloud.mailbox.forget()
    world.pass_time(100)
    world.work_for(4)

    assert outcome(world, payment_id) == (PULSES, CHARGED)


def test_a_broker_that_comes_back_behind_the_window_charges_nothing(world: World) -> None:
    """The player has gone."""
    world.disconnect()
    world.cloud.mailbox.up = False
    payment_id = pay(world)
    world.pass_time(200)
    world.heal()
    world.pass_time(3 * DAY_S)
    world.work_for(60)

    assert outcome(world, payment_id) == (0, NOT_CHARGED)


def test_a_cabinet_that_is_offline_accepts_nothing(world: World) -> None:
    """The QR goes, and the door refuses."""
    world.disconnect()

    assert not accepting(world.cabinet, world.since_boot_s)


def test_a_board_that_is_not_ready_accepts_nothing_and_charges_nothing(world: World) -> None:
    """Whoever was already paying gets the money back when the window ends."""
    payment_id = pay(world)
    world.board_says(ready=False)
    assert not accepting(world.cabinet, world.since_boot_s)
    world.work()
    world.pass_time(180)
    world.work()

    assert outcome(world, payment_id) == (0, NOT_CHARGED)
    assert ledger_says(world, payment_id) == ("undelivered", "the credit window ended")


def test_a_process_that_ends_between_two_pulses_goes_on(world: World) -> None:
    """The board lost nothing, and the rest follows."""
    payment_id = pay_and_arrive(world)
    world.tell(StopRequested)
    while world.line:
        world.end_pulse()
    assert world.cabinet.trains != ()
    world.restart()
    world.work()

    assert outcome(world, payment_id) == (PULSES, CHARGED)
    assert ledger_says(world, payment_id) == ("delivered", "its last pulse was fired")


def test_a_process_that_ends_before_the_relay_has_answered_goes_on(world: World) -> None:
    """The message had lost its time left, and the next process asks again."""
    payment_id = pay(world)
    world.pass_time(150)
    world.deliver_webhook(0)
    assert world.read_letter()
    world.restart()
    world.work()

    assert outcome(world, payment_id) == (PULSES, CHARGED)


def test_a_process_killed_inside_a_pulse_never_repeats_it(world: World) -> None:
    """The rest follows; the credit of that pulse is not charged, though the board may have counted it."""
    payment_id = pay_and_arrive(world)
    world.left = Left.RISEN
    world.restart()
    world.work()

    assert outcome(world, payment_id) == (PULSES, ("succeeded", 166))
    assert ledger_says(world, payment_id)[0] == "partial"
    assert world.ledger._db.execute("SELECT number FROM pulses WHERE state = 'ambiguous'").fetchall() == [
        (1,)
    ]


def test_a_pulse_that_the_board_did_not_count_is_not_charged(metered_world: World) -> None:
    """Its credit is not charged, and is not made up for; the others are sold."""
    world = metered_world
    payment_id = pay_and_arrive(world)
    world.end_pulse()
    world.counts = False
    world.end_pulse()
    world.counts = True
    world.work_for(4.0)

    assert outcome(world, payment_id) == (PULSES - 1, ("succeeded", 166))
    assert ledger_says(world, payment_id)[0] == "partial"
    assert accepting(world.cabinet, world.since_boot_s)


def test_a_board_that_counts_no_pulse_closes_the_machine(metered_world: World) -> None:
    """Nothing is charged, and nobody is sold to before a technician has seen to it."""
    world = metered_world
    world.counts = False
    payment_id = pay(world)
    world.work_for(6.0)
    assert not accepting(world.cabinet, world.since_boot_s)
    world.pass_time(180)
    world.work()
    assert outcome(world, payment_id) == (0, NOT_CHARGED)

    world.counts = True
    world.tell(FaultsCleared)
    next_id = pay(world)
    world.work()
    assert outcome(world, next_id) == (PULSES, CHARGED)


def test_a_pulse_that_the_coin_line_finished_behind_its_dead_controller_is_charged(world: World) -> None:
    """The tally has it, with its width."""
    payment_id = pay_and_arrive(world)
    world.left = Left.FIRED
    world.restart()
    world.work()

    assert outcome(world, payment_id) == (PULSES, CHARGED)


def test_a_plug_pulled_in_mid_train_charges_nothing(world: World) -> None:
    """The board lost its credits too."""
    payment_id = pay_and_arrive(world)
    world.end_pulse()
    world.power_cut(off_s=5)
    world.work()

    assert outcome(world, payment_id) == (1, NOT_CHARGED)
    assert ledger_says(world, payment_id) == ("undelivered", "the cabinet was switched off")


def test_a_plug_pulled_before_the_receipt_charges_the_next_morning(world: World) -> None:
    """The evening's last sale is not lost."""
    payment_id = pay_and_arrive(world)
    for _ in range(PULSES):
        world.end_pulse()
    world.power_cut(off_s=14 * 3600)
    world.work()

    assert outcome(world, payment_id) == (PULSES, CHARGED)


@pytest.mark.parametrize(
    ("off_s", "pulses", "refunded", "settled"),
    [(100, 4, 0, "delivered 2"), (200, 0, 250, "undelivered 0")],
    ids=["with time left", "too late"],
)
def test_an_immediate_payment_of_an_older_link_after_a_reboot(
    world: World, off_s: float, pulses: int, refunded: int, settled: str
) -> None:
    """Not begun when the plug was pulled: credited if its window still has time, else refunded."""
    world.board_says(ready=False)
    world.cloud.buy_with_an_old_link(250)
    payment_id = world.cloud.paid[-1]
    world.deliver_webhook(0)
    assert world.read_letter()
    world.power_cut(off_s)
    world.board_says(ready=True)
    world.work_for(30)

    assert outcome(world, payment_id) == (pulses, CHARGED)
    charge = world.cloud.book.charges[world.cloud.intent(payment_id).latest_charge or ""]
    assert (charge.amount_refunded, world.cloud.intent(payment_id).metadata["settled"]) == (
        refunded,
        settled,
    )


def test_a_card_that_dies_charges_no_open_payment_and_gives_no_credit_twice(world: World) -> None:
    """Nobody knows any more what the board got."""
    credited, waiting = pay_and_arrive(world), pay(world)
    for _ in range(PULSES):
        world.end_pulse()
    world.lose_ledger()
    world.work_for(60)

    assert outcome(world, credited) == (PULSES, NOT_CHARGED)
    assert outcome(world, waiting) == (0, NOT_CHARGED)
    assert ledger_says(world, credited) == ("undelivered", "ledger lost")


def test_a_card_that_dies_behind_a_sale_gives_it_no_second_time(world: World) -> None:
    """Settled, it is not open. Its webhook comes again, and the new ledger has never heard of it."""
    payment_id = pay(world)
    world.deliver_webhook(0, keep=True)
    world.read_letter()
    for _ in range(PULSES):
        world.end_pulse()
    world.post_receipt(0)
    world.lose_ledger()
    world.work_for(60)

    assert outcome(world, payment_id) == (PULSES, CHARGED)


def test_an_old_image_restored_on_the_same_board_gives_nothing_a_second_time(world: World) -> None:
    """It has never heard of the sale, whose webhook comes again within the window."""
    world.take_image()
    payment_id = pay(world)
    world.deliver_webhook(0, keep=True)
    world.read_letter()
    for _ in range(PULSES):
        world.end_pulse()
    world.post_receipt(0)
    world.restore_image()
    world.work_for(60)

    assert outcome(world, payment_id) == (PULSES, CHARGED)
    assert ledger_says(world, payment_id) == ("undelivered", "it is not open at Stripe any more")
    assert (world.cabinet.conflicts, world.is_in_conflict(payment_id)) == (0, False)


def test_an_old_image_credits_what_is_paid_from_then_on(world: World) -> None:
    """The relay is asked about what may be older, and says that it is open."""
    world.take_image()
    world.restore_image()
    world.work_for(20)
    payment_id = pay(world)
    world.work_for(5)

    assert outcome(world, payment_id) == (PULSES, CHARGED)


def test_a_new_ledger_credits_what_is_paid_from_then_on(world: World) -> None:
    """The relay is asked about each payment of the first hour."""
    world.lose_ledger()
    world.work_for(20)
    payment_id = pay(world)
    world.work_for(5)

    assert outcome(world, payment_id) == (PULSES, CHARGED)


def test_a_relay_that_is_down_settles_when_it_is_back(world: World) -> None:
    """What was credited is charged in the end; the outbox is on disk."""
    payment_id = pay_and_arrive(world)
    world.cloud.relay_up = False
    for _ in range(PULSES):
        world.end_pulse()
    world.post_receipt(0)
    assert outcome(world, payment_id) == (PULSES, RESERVED)
    world.restart()
    world.heal()

    assert outcome(world, payment_id) == (PULSES, CHARGED)


def test_while_stripe_is_down_there_is_nothing_to_pay(world: World) -> None:
    """The button leads nowhere, and no money moves."""
    world.cloud.faults.order(Fault(500))
    world.cloud.buy(3)

    assert (world.cloud.paid, dict(world.cloud.book.intents)) == ([], {})


@pytest.mark.parametrize("after_work", [False, True], ids=["not done", "done, answer lost"])
def test_stripe_failing_at_the_capture_charges_once(world: World, after_work: bool) -> None:
    """The receipt stays owed until Stripe itself says how the money stands."""
    payment_id = pay_and_arrive(world)
    for _ in range(PULSES):
        world.end_pulse()
    world.cloud.faults.order(Fault(500, method="POST", after_work=after_work))
    world.post_receipt(0)
    world.work_for(10)

    assert outcome(world, payment_id) == (PULSES, CHARGED)
    assert world.cabinet.receipts == ()


def test_a_receipt_behind_a_release_is_a_conflict_that_the_operator_sees(world: World) -> None:
    """The cabinet was off for four days: it is final, counted, and marked at Stripe."""
    payment_id = pay_and_arrive(world)
    for _ in range(PULSES):
        world.end_pulse()
    world.pass_time(4 * DAY_S)
    world.cloud.tidy()
    world.work()

    assert outcome(world, payment_id) == (PULSES, NOT_CHARGED)
    assert (world.cabinet.conflicts, world.is_in_conflict(payment_id)) == (1, True)
