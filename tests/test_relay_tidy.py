"""Tidy: what is published again, what is released, and what is left alone."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from conftest import PASSWORDS, wait_until
from hypothesis import example, given
from hypothesis import strategies as st
from relay_parts import Cabinet, RelayUnderTest, relay_under_test, until

from cloud_relay.errors import StripeUnavailable
from cloud_relay.lambda_handler import handler_for
from cloud_relay.relay import Relay
from cloud_relay.rules.open_payment import DAY_S, RESERVATION_S, OpenPayment
from cloud_relay.rules.orders import Order
from cloud_relay.rules.tidy_rules import GiveBack, Remind, Republish, Rules, Waiting
from cloud_relay.rules.tidy_schedule import BUSY_EVERY_S
from cloud_relay.settling.tidy import summary, tidy
from cloud_relay.settling.tidy_thread import TidyThreads
from cloud_relay.stripe.open_book import OpenBook
from cloud_relay.stripe.payments import StripePayments
from simulator.chain.broker import Broker

ROOT = Path(__file__).parent.parent
HOUR_S = 3600
OURS = Order("galaga-01", 3, 250, "usd").metadata()
RULES = Rules(window_s=180, release_after_s=72 * HOUR_S)
PAYMENT = OpenPayment("pi_1", OURS, 250, "usd", created_s=1000, named_s=990, lapses_s=1000 + RESERVATION_S)


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """One broker for all of these tests; none of them leaves anything in it."""
    with Broker(tmp_path_factory.mktemp("tidy"), PASSWORDS) as running:
        yield running


@pytest.fixture
def relay(broker: Broker) -> Iterator[RelayUnderTest]:
    """A relay with a Stripe of its own, whose webhooks are lost."""
    with relay_under_test(broker) as running:
        running.stripe.webhooks.url = None
        yield running


@pytest.fixture
def cabinet(broker: Broker) -> Iterator[Cabinet]:
    """The cabinet galaga-01, which hears its coin pulses."""
    with Cabinet("galaga-01", broker) as connected:
        yield connected


def counts(**some: int) -> dict[str, int]:
    """A run's summary, with 0 for what is not named."""
    return {"republished": 0, "released": 0, "waiting": 0, "failed": 0} | some


def run(relay: RelayUnderTest, **changes: Any) -> dict[str, int]:
    """One run; gives its summary. `changes` replace parts of the relay."""
    return summary(tidy(replace(relay.relay, **changes)))


def lapse_at(relay: RelayUnderTest, payment_id: str, after_s: int) -> None:
    """Have the bank take a reservation back so long after its charge."""

    def shorten(book: Any, now_s: int) -> None:
        charge = book.charges[book.intents[payment_id].latest_charge]
        book.save(replace(charge, capture_before=charge.created + after_s), now_s)

    relay.stripe.keeper.turn(shorten)


@pytest.mark.parametrize(
    ("age_s", "step"),
    [
        (-5, Waiting.WEBHOOK),
        (0, Waiting.WEBHOOK),
        (19.9, Waiting.WEBHOOK),
        (20, Republish(130)),
        (145, Republish(5)),
        (150, Republish(1)),
        (175.5, Waiting.WINDOW),
        (179, Waiting.WINDOW),
        (179.5, Remind()),
        (72 * HOUR_S - 1, Remind()),
        (72 * HOUR_S, GiveBack()),
        (8 * DAY_S, GiveBack()),
    ],
)
def test_the_age_of_an_open_payment_decides(age_s: float, step: object) -> None:
    """The table of tidy."""
    assert RULES.step(PAYMENT, PAYMENT.created_s + age_s) == step


@pytest.mark.parametrize(
    ("lapses_after_s", "due_after_s"),
    [(7 * DAY_S, 3 * DAY_S), (4 * DAY_S, 3 * DAY_S), (3 * DAY_S, 2 * DAY_S), (HOUR_S, 180), (-1, 180)],
)
def test_a_reservation_is_given_back_a_day_before_it_lapses_but_never_within_its_window(
    lapses_after_s: int, due_after_s: int
) -> None:
    """However short the bank keeps it."""
    payment = replace(PAYMENT, lapses_s=PAYMENT.created_s + lapses_after_s)
    due_s = RULES.release_due_s(payment)
    assert due_s - payment.created_s == due_after_s
    assert (RULES.step(payment, due_s - 1) == GiveBack(), RULES.step(payment, due_s)) == (False, GiveBack())


@given(
    age_s=st.floats(0, 10 * DAY_S),
    window_s=st.integers(60, 3600),
    release_after_s=st.integers(HOUR_S, 6 * DAY_S),
    lapses_after_s=st.integers(0, 30 * DAY_S),
)
@example(age_s=26.0, window_s=60, release_after_s=HOUR_S, lapses_after_s=30 * DAY_S)
@example(age_s=55.0, window_s=60, release_after_s=HOUR_S, lapses_after_s=30 * DAY_S)
def test_nothing_is_published_outside_the_window_or_given_back_inside(
    age_s: float, window_s: int, release_after_s: int, lapses_after_s: int
) -> None:
    """Whatever the settings: an expiry ends in the window, but for the second in which the cabinet asks."""
    payment = replace(PAYMENT, lapses_s=PAYMENT.created_s + lapses_after_s)
    rules = Rules(window_s, release_after_s)
    step = rules.step(payment, payment.created_s + age_s)
    match step:
        case Republish(expiry_s):
            assert age_s <= window_s - 5
            assert 1 <= expiry_s <= max(1, window_s - age_s - 30)
        case GiveBack():
            assert age_s > window_s - 1
            assert age_s >= min(release_after_s, lapses_after_s - DAY_S)
        case _:
            assert age_s < max(window_s, min(release_after_s, lapses_after_s - DAY_S))


def test_a_message_that_the_broker_lost_is_published_again_to_the_byte(
    relay: RelayUnderTest, cabinet: Cabinet
) -> None:
    """With the signature of the first one, and the time that is left: an old cabinet sees a repeat."""
    relay.stripe.webhooks.url = f"{relay.url}/addCredit"
    relay.pay_in_secret(OURS)
    until(lambda: len(cabinet.heard), 1, "the webhook's message")
    relay.clock.ahead_s = 60
    assert run(relay) == counts(republished=1)
    until(lambda: len(cabinet.heard), 2, "tidy's message")
    first, second = cabinet.heard
    assert (second.payload, second.properties.UserProperty) == (
        first.payload,
        first.properties.UserProperty,
    )
    assert 85 <= second.properties.MessageExpiryInterval <= 90


def test_a_payment_whose_webhook_never_came_is_credited(relay: RelayUnderTest, cabinet: Cabinet) -> None:
    """Nobody needs to notice that Stripe's webhooks are down."""
    payment_id = relay.pay_in_secret(OURS)
    relay.clock.ahead_s = 60
    assert run(relay) == counts(republished=1)
    pulse = cabinet.payload()
    assert (pulse["paymentId"], pulse["credits"], pulse["amount"]) == (payment_id, 3, 250)


def test_a_young_payment_is_left_to_its_webhook(relay: RelayUnderTest, cabinet: Cabinet) -> None:
    """It is on its way."""
    relay.pay_in_secret(OURS)
    assert (run(relay), cabinet.heard) == (counts(waiting=1), [])


def test_in_the_last_moments_of_its_window_a_payment_is_left_alone(
    relay: RelayUnderTest, cabinet: Cabinet
) -> None:
    """A word of it would come too late to be credited, and too early to be the last."""
    payment_id = relay.pay_in_secret(OURS)
    relay.clock.ahead_s = 176
    assert (run(relay), cabinet.heard) == (counts(waiting=1), [])
    assert relay.payment(payment_id).status == "requires_capture"


@pytest.mark.parametrize("ahead_s", [300, 71 * HOUR_S])
def test_after_its_window_the_cabinet_is_reminded_and_nothing_is_released(
    relay: RelayUnderTest, cabinet: Cabinet, ahead_s: int
) -> None:
    """A plug pulled at closing time must not lose the evening's last sale; who is there says what it did.

    A message with a second left credits nothing: the cabinet asks for its open payments, and reports.
    """
    payment_id = relay.pay_in_secret(OURS)
    relay.clock.ahead_s = ahead_s
    assert run(relay) == counts(waiting=1)
    assert cabinet.payload()["paymentId"] == payment_id
    assert cabinet.heard[0].properties.MessageExpiryInterval == 1  # type: ignore[union-attr]
    assert relay.payment(payment_id).status == "requires_capture"


def test_what_nobody_settled_for_three_days_is_released_once(
    relay: RelayUnderTest, cabinet: Cabinet, caplog: pytest.LogCaptureFixture
) -> None:
    """The player gets the money back, the cabinet nothing, and the operator reads of it."""
    caplog.set_level(logging.INFO, "cloud_relay")
    payment_id = relay.pay_in_secret(OURS)
    relay.clock.ahead_s = 72 * HOUR_S + 1
    assert [run(relay) for _ in range(2)] == [counts(released=1), counts()]
    assert (relay.payment(payment_id).status, cabinet.heard) == ("canceled", [])
    said = [record.getMessage() for record in caplog.records if record.name == "cloud_relay.watching.teller"]
    assert said == [
        f"Released {payment_id} of galaga-01, 250 usd: no receipt came",
        "Tidied: 0 republished, 1 released, 0 waiting, 0 failed",
    ]


def test_a_reservation_that_lapses_early_is_released_a_day_before(relay: RelayUnderTest) -> None:
    """Some banks keep it for less than a week, and Stripe says so on the charge."""
    payment_id = relay.pay_in_secret(OURS)
    lapse_at(relay, payment_id, 2 * DAY_S)
    relay.clock.ahead_s = DAY_S - 10
    assert run(relay) == counts(waiting=1)
    relay.clock.ahead_s = DAY_S + 1
    assert run(relay) == counts(released=1)


def test_what_is_not_ours_is_never_touched(relay: RelayUnderTest, cabinet: Cabinet) -> None:
    """Neither another shop's charge, nor its reservation, whatever their age."""
    immediate = relay.pay_in_secret({"order": "6"}, capture="automatic")
    foreign = relay.pay_in_secret({"order": "7"})
    relay.clock.ahead_s = 60
    assert (run(relay), cabinet.heard) == (counts(), [])
    relay.clock.ahead_s = 100 * HOUR_S
    assert run(relay) == counts()
    assert (relay.payment(immediate).refunded, relay.payment(foreign).status) == (0, "requires_capture")


class SettledMeanwhile(StripePayments):
    """Stripe, where a receipt is settled just after the open payments were listed."""

    def open_payments_since(self, made_since_s: float) -> Iterator[list[OpenPayment]]:
        for found in super().open_payments_since(made_since_s):
            for payment in found:
                self.capture(payment.payment_id, payment.amount, "delivered 3")
            yield found


class SettledAtTheLastMoment(StripePayments):
    """Stripe, where a receipt is settled between the second look and the release."""

    def release(self, payment_id: str) -> None:
        self.capture(payment_id, 250, "delivered 3")
        super().release(payment_id)


@pytest.mark.parametrize("kind", [SettledMeanwhile, SettledAtTheLastMoment])
def test_a_receipt_that_comes_in_between_wins(relay: RelayUnderTest, kind: type[StripePayments]) -> None:
    """The list is old when the release is made: the payment itself is what counts."""
    payment_id = relay.pay_in_secret(OURS)
    relay.clock.ahead_s = 73 * HOUR_S
    stripe = kind(relay.settings.stripe)
    book = OpenBook(relay.settings, lambda: stripe, relay.clock, relay.relay.fitness)
    assert run(relay, stripe=lambda: stripe, book=book) == counts(waiting=1)
    assert (relay.payment(payment_id).status, relay.payment(payment_id).received) == ("succeeded", 250)


def test_a_release_whose_answer_was_lost_counts(relay: RelayUnderTest) -> None:
    """Stripe is asked what became of it."""
    payment_id = relay.pay_in_secret(OURS)
    relay.clock.ahead_s = 73 * HOUR_S
    path = f"/v1/payment_intents/{payment_id}/cancel"
    relay.stripe.fail_next(3, status="timeout", path_prefix=path, after_work=True)
    assert run(relay) == counts(released=1)
    assert relay.payment(payment_id).status == "canceled"


def test_one_release_that_fails_does_not_stop_the_others(
    relay: RelayUnderTest, caplog: pytest.LogCaptureFixture
) -> None:
    """It is tried again in the next run."""
    stuck, fine = (relay.pay_in_secret(OURS) for _ in range(2))
    relay.clock.ahead_s = 73 * HOUR_S
    relay.stripe.fail_next(3, status=500, path_prefix=f"/v1/payment_intents/{stuck}")
    assert run(relay) == counts(released=1, failed=1)
    assert [relay.payment(one).status for one in (stuck, fine)] == ["requires_capture", "canceled"]
    assert f"Did not release {stuck} of galaga-01 in tidy: read a payment" in caplog.text
    relay.stripe.faults.forget()
    assert run(relay) == counts(released=1)


def test_a_machine_that_nobody_is_subscribed_for_does_not_stop_the_others(
    relay: RelayUnderTest, cabinet: Cabinet, caplog: pytest.LogCaptureFixture
) -> None:
    """It is logged; the payment stays reserved and may be credited within its window."""
    away = relay.pay_in_secret(OURS | {"machine_id": "pacman-02"})
    here = relay.pay_in_secret(OURS)
    relay.clock.ahead_s = 60
    assert run(relay) == counts(republished=1, failed=1)
    assert cabinet.payload()["paymentId"] == here
    assert f"Did not publish {away} of pacman-02 in tidy: nobody is subscribed" in caplog.text


def test_a_payment_whose_metadata_cannot_be_believed_is_released_in_the_end(
    relay: RelayUnderTest, cabinet: Cabinet
) -> None:
    """It is never published, and no receipt will ever come for it."""
    payment_id = relay.pay_in_secret(OURS, amount=100)
    relay.clock.ahead_s = 60
    assert (run(relay), cabinet.heard) == (counts(failed=1), [])
    relay.clock.ahead_s = 73 * HOUR_S
    assert run(relay) == counts(released=1)
    assert relay.payment(payment_id).status == "canceled"


def test_while_the_broker_is_away_releases_go_on(relay: RelayUnderTest, broker: Broker) -> None:
    """And what could not be published is, once it is back."""
    old = relay.pay_in_secret(OURS)
    relay.clock.ahead_s = 73 * HOUR_S
    young = [relay.pay_in_secret(OURS) for _ in range(2)]
    relay.clock.ahead_s += 60
    broker.stop()
    assert run(relay) == counts(released=1, failed=2)
    assert relay.payment(old).status == "canceled"
    broker.start()
    with Cabinet("galaga-01", broker) as cabinet:
        assert run(relay) == counts(republished=2)
        until(lambda: {pulse["paymentId"] for pulse in cabinet.payloads()}, set(young), "both")


def test_publishing_again_costs_one_list_and_nothing_more(relay: RelayUnderTest, cabinet: Cabinet) -> None:
    """Stripe allows a hundred calls a second for everything that a company does."""
    for _ in range(3):
        relay.pay_in_secret(OURS)
    relay.clock.ahead_s = 60
    relay.stripe.fail_next(99, path_prefix="/v1/payment_intents/")
    relay.stripe.fail_next(99, path_prefix="/v1/charges")
    assert run(relay) == counts(republished=3)


def test_a_list_that_stripe_does_not_give_concludes_nothing(relay: RelayUnderTest) -> None:
    """An old payment stays as it is."""
    payment_id = relay.pay_in_secret(OURS)
    relay.clock.ahead_s = 73 * HOUR_S
    relay.stripe.fail_next(3, status=500, path_prefix="/v1/payment_intents")
    with pytest.raises(StripeUnavailable, match="list payments"):
        tidy(relay.relay)
    assert relay.payment(payment_id).status == "requires_capture"


def broken_once(relay: Relay, trouble: Callable[[], None]) -> Relay:
    """A relay whose Stripe makes trouble the first time that it is asked."""
    to_make = [trouble]

    def stripe() -> StripePayments:
        if to_make:
            to_make.pop()()
        return relay.stripe()

    return replace(relay, stripe=stripe, book=OpenBook(relay.settings, stripe, relay.clock, relay.fitness))


def unavailable() -> None:
    raise StripeUnavailable("list payments: down")


def a_bug() -> None:
    raise RuntimeError("a bug in tidy")


def errors_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What was logged as one."""
    return [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]


@pytest.mark.parametrize("trouble", [unavailable, a_bug])
def test_the_thread_survives_a_run_that_fails(
    relay: RelayUnderTest,
    cabinet: Cabinet,
    caplog: pytest.LogCaptureFixture,
    trouble: Callable[[], None],
) -> None:
    """It says what happened, and the next run does the work."""
    relay.pay_in_secret(OURS)
    relay.clock.ahead_s = 60
    thread = TidyThreads(broken_once(relay.relay, trouble), 0.05)
    thread.start()
    try:
        wait_until(lambda: errors_of(caplog), "the first run")
        relay.clock.ahead_s += BUSY_EVERY_S
        wait_until(lambda: cabinet.heard, "the second run")
    finally:
        thread.stop()
    (error,) = errors_of(caplog)
    assert error.startswith("A run of tidy failed")
    assert not thread.is_alive


@pytest.mark.parametrize(
    ("every_s", "names"),
    [("60", "['MainThread', 'fitness', 'tidy', 'long tidy']"), ("0", "['MainThread', 'fitness']")],
)
def test_a_plain_server_tidies_by_itself_unless_it_is_turned_off(
    relay: RelayUnderTest, every_s: str, names: str
) -> None:
    """The documented entry point starts the thread."""
    code = (
        "import threading; from cloud_relay.app import create_app_from_environment; "
        "create_app_from_environment(); print([each.name for each in threading.enumerate()][:4])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]} | relay.variables | {"TIDY_EVERY_S": every_s},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout == names + "\n"


@pytest.mark.parametrize("source", ["aws.events", "aws.scheduler"])
def test_a_schedule_of_aws_tidies(relay: RelayUnderTest, cabinet: Cabinet, source: str) -> None:
    """By the handler that answers the requests; its log and its answer say how many."""
    relay.pay_in_secret(OURS)
    relay.clock.ahead_s = 60
    event = {
        "version": "0",
        "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa",
        "detail-type": "Scheduled Event",
        "source": source,
        "account": "123456789012",
        "time": "2026-11-22T12:00:00Z",
        "region": "eu-central-1",
        "resources": ["arn:aws:events:eu-central-1:123456789012:rule/tidy"],
        "detail": {},
    }
    assert handler_for(relay.relay)(event, None) == counts(republished=1)
    wait_until(lambda: cabinet.heard, "the coin pulse")


def test_a_schedule_with_a_constant_input_tidies(relay: RelayUnderTest, cabinet: Cabinet) -> None:
    """Its input is all that the function gets: nothing of the event's own is in it."""
    relay.pay_in_secret(OURS)
    relay.clock.ahead_s = 60
    assert handler_for(relay.relay)({"tidy": True}, None) == counts(republished=1)
    wait_until(lambda: cabinet.heard, "the coin pulse")


@pytest.mark.parametrize(
    "event",
    [{}, {"warmer": True}, {"source": ["aws.events"]}, {"source": "aws.events"}, [], "ping", 5, None],
)
def test_events_of_any_other_shape_are_left_alone(relay: RelayUnderTest, event: object) -> None:
    """A function that raised would be called twice more, and its log would say no more than a key's name."""
    relay.pay_in_secret(OURS)
    relay.clock.ahead_s = 60
    assert handler_for(relay.relay)(event, None) == {
        "ignored": "neither a request nor a schedule's event: see Tidy in cloud_relay/README.md"
    }


def test_a_webhook_two_days_late_changes_nothing_and_asks_stripe_nothing(
    relay: RelayUnderTest, cabinet: Cabinet
) -> None:
    """200, so that it does not come again; the reservation is left to its receipt and to tidy."""
    payment_id = relay.pay_in_secret(OURS)
    events = relay.stripe.keeper.turn(lambda book, _: list(book.events.values()))
    reserved = next(one for one in events if one.type == "payment_intent.amount_capturable_updated")
    relay.clock.ahead_s = 48 * HOUR_S
    relay.stripe.fail_next(99)
    answer = relay.post_event(reserved.as_json())
    relay.stripe.faults.forget()
    assert (answer.status_code, answer.json) == (200, {"late": True, "paymentId": payment_id})
    assert (relay.payment(payment_id).status, cabinet.heard) == ("requires_capture", [])
