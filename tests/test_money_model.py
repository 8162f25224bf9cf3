"""Random lives of a whole machine, from the card to the coin: no credit twice, no money without a credit.

The cabinet's rules with their real ledger, the relay's real code and the stand-in Stripe's book run in one
process, on one clock, and whatever can go wrong between them does. Below, each promise is broken on purpose.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
)
from money_cloud import DAY_S
from money_world import Left, World

from controller.formats.wire import CoinPulseMessage
from controller.model.effects import Acknowledge, Record, RecordAnswer
from controller.model.events import PulseBegun, PulseFired, Started
from controller.model.journal import Entry
from controller.model.payment import KnownPayment, Outcome
from controller.rules.decide import Decision
from simulator.stripe.faults import Fault

FEW = st.integers(0, 3)
LEFT = st.sampled_from(Left)
# More of them would make a life longer, and none of its troubles new.
MOST_PAYMENTS = 4


class MachinesLife(RuleBasedStateMachine):
    """Players pay, and everything between their card and the board's coin line fails now and then."""

    world_type: type[World] = World

    def __init__(self) -> None:
        super().__init__()
        self.world = self.world_type()
        self.cloud = self.world.cloud
        self.world.work()

    def teardown(self) -> None:
        """Heal everything, wait for rest, and see that nothing is left open."""
        try:
            self.come_to_rest()
        finally:
            self.world.close()

    # The player and Stripe

    @precondition(lambda self: len(self.cloud.paid) < MOST_PAYMENTS)
    @rule(credits=st.integers(1, 3))
    def a_player_pays(self, credits: int) -> None:
        self.cloud.buy(credits)

    @precondition(lambda self: len(self.cloud.paid) < MOST_PAYMENTS)
    @rule(credits=st.integers(1, 3))
    def a_player_pays_in_good_times(self, credits: int) -> None:
        self.cloud.buy(credits)
        self.world.work()

    @precondition(lambda self: self.cloud.webhooks)
    @rule(number=FEW, keep=st.booleans())
    def a_webhook_is_delivered(self, number: int, keep: bool) -> None:
        self.world.deliver_webhook(number % len(self.cloud.webhooks), keep=keep)

    @rule(after_work=st.booleans(), times=st.integers(1, 3), cut=st.booleans())
    def stripe_fails(self, after_work: bool, times: int, cut: bool) -> None:
        self.cloud.faults.order(Fault("timeout" if cut else 500, after_work=after_work, times=times))

    # The relay

    @rule()
    def the_relay_goes_or_comes(self) -> None:
        self.cloud.relay_up = not self.cloud.relay_up

    @rule()
    def tidy_runs(self) -> None:
        self.cloud.tidy()

    @precondition(lambda self: self.world.posts)
    @rule(number=FEW, answer_lost=st.booleans())
    def a_receipt_is_posted(self, number: int, answer_lost: bool) -> None:
        self.world.post_receipt(number % len(self.world.posts), answer_lost=answer_lost)

    @precondition(lambda self: self.world.said)
    @rule(number=FEW)
    def an_old_receipt_comes_again(self, number: int) -> None:
        self.world.repeat_receipt(number % len(self.world.said))

    @precondition(lambda self: self.world.question is not None)
    @rule(waited_s=st.sampled_from([0.0, 0.0, 5.0, 60.0]))
    def the_question_is_answered(self, waited_s: float) -> None:
        self.world.answer_question(waited_s)

    # The broker

    @rule()
    def the_link_breaks_or_comes(self) -> None:
        if self.cloud.mailbox.connected:
            self.world.disconnect()
        else:
            self.world.connect()

    @rule(up=st.booleans(), forgets=st.booleans())
    def the_broker_restarts(self, up: bool, forgets: bool) -> None:
        self.world.disconnect()
        self.cloud.mailbox.up = up
        if forgets:
            self.cloud.mailbox.forget()

    @precondition(lambda self: self.cloud.mailbox.has_mail)
    @rule(messages=st.integers(1, 3))
    def messages_arrive(self, messages: int) -> None:
        for _ in range(messages):
            self.world.read_letter()

    # The cabinet

    @precondition(lambda self: self.world.line)
    @rule(pulses=st.sampled_from([1, 2, 3, 20]))
    def pulses_end(self, pulses: int) -> None:
        for _ in range(pulses):
            self.world.end_pulse()

    @rule(ready=st.booleans())
    def the_board_changes_its_mind(self, ready: bool) -> None:
        self.world.board_says(ready)

    @rule(steps=st.integers(1, 12), left=LEFT)
    def the_process_will_be_killed(self, steps: int, left: Left) -> None:
        self.world.kill_in, self.world.left = steps, left

    @rule(left=LEFT, tally_lost=st.booleans())
    def the_process_is_killed(self, left: Left, tally_lost: bool) -> None:
        self.world.left = left
        self.world.restart(tally_lost=tally_lost)

    @rule(off_s=st.sampled_from([1.0, 30.0, 200.0]), left=LEFT)
    def the_plug_is_pulled(self, off_s: float, left: Left) -> None:
        self.world.left = left
        self.world.power_cut(off_s)

    @rule(moved=st.booleans())
    def the_card_dies_or_moves(self, moved: bool) -> None:
        self.world.left = Left.RISEN
        if moved:
            self.world.move_card()
        else:
            self.world.lose_ledger()

    @rule()
    def the_card_is_copied(self) -> None:
        self.world.take_image()

    @precondition(lambda self: self.world.image.exists() and self.world.is_settled)
    @rule()
    def an_old_image_is_restored(self) -> None:
        """Behind the receipt of the last sale: what the relay has not heard, nobody else can know."""
        self.world.restore_image()

    @rule()
    def the_cabinet_is_off_for_days(self) -> None:
        self.world.power_cut(4 * DAY_S)
        self.cloud.tidy()

    # Time

    @rule(seconds=st.sampled_from([0.1, 1.0, 10.0, 60.0]))
    def time_passes(self, seconds: float) -> None:
        self.world.pass_time(seconds)

    @rule()
    def everything_works_for_a_while(self) -> None:
        self.world.heal()
        hopeful = self.world.hopeful()
        self.world.work_for(200.0)
        for payment_id in hopeful:
            end = self.world.ends.get(payment_id)
            assert end, f"{payment_id} was not credited"
            assert end.outcome is Outcome.DELIVERED, f"{payment_id} was not credited in full"

    # What must hold

    @invariant()
    def every_promise_is_kept(self) -> None:
        self.no_pulse_is_given_twice()
        self.nothing_is_charged_that_was_not_delivered()
        self.only_tidy_releases_what_was_credited()

    def no_pulse_is_given_twice(self) -> None:
        for payment_id in self.cloud.paid:
            paid = self.world.credits_of(payment_id) * 2
            assert self.world.pulses[payment_id] <= paid, "more pulses than were paid"

    def nothing_is_charged_that_was_not_delivered(self) -> None:
        for payment_id in self.cloud.paid:
            received, delivered = self.cloud.intent(payment_id).amount_received, self._delivered(payment_id)
            assert received in (0, self.world.price_of(payment_id, delivered)), "charged something else"
            assert delivered <= self.world.pulses[payment_id] // 2, "reported more than was fired"

    def only_tidy_releases_what_was_credited(self) -> None:
        """After days without a receipt; or a cabinet whose ledger was lost with what it knew."""
        for payment_id in self._credited_and_released():
            assert payment_id in self.cloud.released_by_tidy, "credited and released"

    # How it is done

    def _delivered(self, payment_id: str) -> int:
        """The credits by the cabinet's word; by the pulses, where its word was lost with its ledger."""
        if payment_id in self.world.lost_with_ledger:
            received = self.cloud.intent(payment_id).amount_received
            fired = self.world.pulses[payment_id] // 2
            fitting = (each for each in range(fired + 1) if self.world.price_of(payment_id, each) == received)
            return next(fitting, 0)
        return self.world.delivered(payment_id)

    def _credited_and_released(self) -> Iterable[str]:
        for payment_id in self.cloud.paid:
            charge = self.world.price_of(payment_id, self.world.delivered(payment_id))
            lost = payment_id in self.world.lost_with_ledger
            if charge and not lost and self.cloud.intent(payment_id).status == "canceled":
                yield payment_id

    def come_to_rest(self) -> None:
        """Heal everything, wait as long as it takes, and see that nothing is left open."""
        world = self.world
        world.heal()
        world.work_for(200.0)
        assert (world.cabinet.trains, world.cabinet.receipts) == ((), ()), "the cabinet does not come to rest"
        world.pass_time(4 * DAY_S)
        world.work_for(70.0)
        for payment_id in self.cloud.paid:
            assert self.cloud.intent(payment_id).status != "requires_capture", "money is held for ever"
        for payment_id in self._credited_and_released():
            assert world.is_in_conflict(payment_id), "credited, released, and nobody is told"
        self.every_promise_is_kept()


# Enough for each change; HYPOTHESIS_PROFILE=exploring looks for what nobody has thought of.
LIVES_AT_RANDOM = 80 if settings().derandomize else 600
MachinesLife.TestCase.settings = settings(max_examples=LIVES_AT_RANDOM, stateful_step_count=40, deadline=None)
TestMachinesLife = MachinesLife.TestCase


# Bugs, each of which breaks a promise


class ForgetsWhatIsSettled(World):
    """Deduplication off: what the relay has answered is deleted at once."""

    def write(self, records: tuple[Record, ...], entries: tuple[Entry, ...]) -> None:
        super().write(records, entries)
        for record in records:
            if isinstance(record, RecordAnswer):
                self.ledger._db.execute("DELETE FROM pulses WHERE payment_id = ?", (record.payment_id,))
                self.ledger._db.execute("DELETE FROM payments WHERE id = ?", (record.payment_id,))


class AcknowledgesBeforeItWrites(World):
    """PUBACK leaves before the commit."""

    def carry_out(self, decision: Decision) -> None:
        early = [act for act in decision.acts if isinstance(act, Acknowledge)]
        for act in early:
            self.acknowledge(act.delivery)
        later = tuple(act for act in decision.acts if act not in early)
        super().carry_out(replace(decision, acts=later))


class ReleasesOnALateWebhook(World):
    """A webhook behind the window is taken for a payment that nobody credited."""

    def late_webhook(self, payment_id: str) -> None:
        if self.cloud.intent(payment_id).status == "requires_capture":
            self.cloud.faults.forget()
            self.cloud.release(payment_id)


class HasNoFence(World):
    """A new ledger is used as if it were the old one."""

    def read_start(self) -> Started:
        return replace(super().read_start(), board=f"pi-{self.board}")


class FiresTheAmbiguousPulseAgain(World):
    """A pulse that the process died in is taken for one that never left."""

    def read_start(self) -> Started:
        start = super().read_start()
        ended = tuple(each for each in start.tally or () if isinstance(each, PulseFired))
        return replace(start, tally=None if start.tally is None else ended)


class BelievesALostTally(World):
    """A tally that is not there is taken for one in which nothing had begun."""

    def read_start(self) -> Started:
        start = super().read_start()
        return replace(start, tally=start.tally or ())


class ForgetsTheOrdersBehindAKill(World):
    """Pulses that were told to nobody are taken for ones that never left."""

    def read_start(self) -> Started:
        start = super().read_start()
        begun = tuple(each for each in start.tally or () if isinstance(each, PulseBegun))
        return replace(start, tally=None if start.tally is None else begun)


class LosesReceiptsOnARestart(World):
    """The outbox is not read back."""

    def find(self, payment_id: str) -> KnownPayment | None:
        known = super().find(payment_id)
        return known and KnownPayment(receipt=None)

    def read_start(self) -> Started:
        return replace(super().read_start(), owed=())


class IgnoresTheWindow(World):
    """A message is credited whenever it comes, and a payment whenever the board is ready."""

    def time_left_s(self, message: CoinPulseMessage) -> float | None:
        return 10**6


class CountsFromTheAnswer(World):
    """The time that a question took is given to the payment."""

    def sent_s(self, question_s: float) -> float:
        return self.since_boot_s


class DoubtsNothingAfterAReboot(World):
    """The ledger is believed to know all that was sold in this cabinet."""

    def carry_out(self, decision: Decision) -> None:
        super().carry_out(replace(decision, cabinet=replace(decision.cabinet, doubt_before_s=None)))


class ForgetsToAskAgain(World):
    """A process that was killed before the relay answered believes that it was told everything."""

    def read_start(self) -> Started:
        return replace(super().read_start(), boot_id=f"boot-{self.boot}")


def step(name: str, **how: Any) -> Callable[[MachinesLife], None]:
    """One of the rules above, as a life that was chosen by hand goes through it."""
    return lambda life: getattr(life, name)(**how)


PAID = (
    step("a_player_pays", credits=1),
    step("a_webhook_is_delivered", number=0, keep=True),
    step("messages_arrive", messages=1),
)
WEBHOOK_AGAIN = step("a_webhook_is_delivered", number=0, keep=True)
BOTH_PULSES = step("pulses_end", pulses=2)
ANSWERED = step("the_question_is_answered", waited_s=0.0)
A_MINUTE = step("time_passes", seconds=60.0)
KILLED = step("the_process_is_killed", left=Left.RISEN, tally_lost=False)
KILLED_AND_TALLY_LOST = step("the_process_is_killed", left=Left.RISEN, tally_lost=True)
PLUG_PULLED = step("the_plug_is_pulled", off_s=1.0, left=Left.RISEN)
NOT_READY, READY = (step("the_board_changes_its_mind", ready=ready) for ready in (False, True))

LIVES = [
    (
        ForgetsWhatIsSettled,
        (
            *PAID,
            BOTH_PULSES,
            step("a_receipt_is_posted", number=0, answer_lost=False),
            WEBHOOK_AGAIN,
            step("messages_arrive", messages=1),
            BOTH_PULSES,
        ),
        "more pulses than were paid",
    ),
    (AcknowledgesBeforeItWrites, PAID, "acknowledged and not on disk"),
    (
        ReleasesOnALateWebhook,
        (*PAID, BOTH_PULSES, A_MINUTE, A_MINUTE, A_MINUTE, WEBHOOK_AGAIN),
        "credited and released",
    ),
    (
        HasNoFence,
        (
            *PAID,
            ANSWERED,
            BOTH_PULSES,
            step("the_card_dies_or_moves", moved=False),
            step("everything_works_for_a_while"),
        ),
        "more pulses than were paid",
    ),
    (FiresTheAmbiguousPulseAgain, (*PAID, KILLED, BOTH_PULSES), "more pulses than were paid"),
    (BelievesALostTally, (*PAID, KILLED_AND_TALLY_LOST, BOTH_PULSES), "more pulses than were paid"),
    (
        ForgetsTheOrdersBehindAKill,
        (*PAID, step("the_process_is_killed", left=Left.FIRED, tally_lost=False), BOTH_PULSES),
        "more pulses than were paid",
    ),
    (LosesReceiptsOnARestart, (*PAID, BOTH_PULSES, KILLED), "credited, released, and nobody is told"),
    (
        IgnoresTheWindow,
        (NOT_READY, *PAID, A_MINUTE, A_MINUTE, A_MINUTE, READY),
        "credited behind its window",
    ),
    (
        CountsFromTheAnswer,
        (
            step("a_player_pays", credits=1),
            A_MINUTE,
            A_MINUTE,
            PLUG_PULLED,
            step("the_question_is_answered", waited_s=60.0),
            step("time_passes", seconds=1.0),
        ),
        "credited behind its window",
    ),
    (
        DoubtsNothingAfterAReboot,
        (
            step("the_card_is_copied"),
            *PAID,
            BOTH_PULSES,
            step("a_receipt_is_posted", number=0, answer_lost=False),
            step("an_old_image_is_restored"),
            ANSWERED,
            WEBHOOK_AGAIN,
        ),
        "more pulses than were paid",
    ),
    (ForgetsToAskAgain, (NOT_READY, *PAID, PLUG_PULLED, KILLED), "the cabinet does not come to rest"),
]


def go_through(life: MachinesLife, steps: Iterable[Callable[[MachinesLife], None]]) -> None:
    """Live these steps with every promise checked behind each, and then come to rest."""
    try:
        for each in steps:
            each(life)
            life.every_promise_is_kept()
        life.come_to_rest()
    finally:
        life.world.close()


@pytest.mark.parametrize(("bug", "steps", "broken"), LIVES, ids=[bug.__name__ for bug, _, _ in LIVES])
def test_a_broken_promise_is_found(
    bug: type[World], steps: tuple[Callable[[MachinesLife], None], ...], broken: str
) -> None:
    """The model is no comfort if it passes whatever the code does."""
    life = type("BrokenLife", (MachinesLife,), {"world_type": bug})

    with pytest.raises(AssertionError, match=broken):
        go_through(life(), steps)


@pytest.mark.parametrize("steps", [steps for _, steps, _ in LIVES], ids=[bug.__name__ for bug, _, _ in LIVES])
def test_without_the_bug_the_same_life_keeps_every_promise(
    steps: tuple[Callable[[MachinesLife], None], ...],
) -> None:
    """What is found above is the bug, and nothing else."""
    go_through(MachinesLife(), steps)
