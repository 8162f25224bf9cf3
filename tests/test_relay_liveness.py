"""A payment is credited whenever it could be, whatever Stripe's retries do, and at how few reads."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from conftest import PASSWORDS, wait_until
from relay_parts import (
    WEBHOOK_SECRET,
    Cabinet,
    RelayUnderTest,
    mqtt_client,
    publish_reason,
    relay_under_test,
)
from stripe import WebhookSignature

from cloud_relay.broker.publisher import Publisher
from cloud_relay.errors import StripeUnavailable
from cloud_relay.lambda_handler import handler_for
from cloud_relay.memory.shared import Shared
from cloud_relay.rules.orders import Order
from cloud_relay.rules.tidy_schedule import SESSION_LIFE_S, TidySchedule
from cloud_relay.settling.pulses import PaidOrder
from cloud_relay.settling.tidy import tidy
from cloud_relay.settling.unpublished import published
from simulator.chain.broker import RELAY_USERNAME, Broker

OURS = Order("galaga-01", 3, 250, "usd").metadata()
LAST_WORD = ("arcade/machine/galaga-01/coinpulse", b"no more came")


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    """A broker that a test may stop."""
    with Broker(tmp_path, PASSWORDS) as running:
        yield running


@pytest.fixture
def relay(broker: Broker) -> Iterator[RelayUnderTest]:
    """A relay whose Stripe calls no webhook by itself: its first repeat would come after minutes."""
    with relay_under_test(broker) as running:
        running.stripe.webhooks.url = None
        yield running


def reserved(relay: RelayUnderTest, payment_id: str) -> dict[str, Any]:
    """Stripe's event for a reservation."""
    events = relay.stripe.keeper.turn(lambda book, _: [event.as_json() for event in book.events.values()])
    return next(
        event
        for event in events
        if event["type"] == "payment_intent.amount_capturable_updated"
        and event["data"]["object"]["id"] == payment_id
    )


def test_what_the_broker_did_not_take_is_published_once_it_is_back(
    relay: RelayUnderTest, broker: Broker
) -> None:
    """The relay tries again by itself: Stripe's own next attempt comes after the window."""
    payment_id = relay.pay_in_secret(OURS)
    broker.stop()
    answer = relay.post_event(reserved(relay, payment_id))
    assert (answer.status_code, answer.json["published"]) == (503, False)
    broker.start()
    with Cabinet("galaga-01", broker) as cabinet:
        assert cabinet.payload()["paymentId"] == payment_id


def test_a_cabinet_that_subscribes_in_time_gets_what_nobody_heard(
    relay: RelayUnderTest, broker: Broker
) -> None:
    """The broker had no session for it when the payment came."""
    payment_id = relay.pay_in_secret(OURS)
    assert relay.post_event(reserved(relay, payment_id)).status_code == 503
    with Cabinet("galaga-01", broker) as cabinet:
        assert cabinet.payload()["paymentId"] == payment_id


def test_the_players_own_page_finds_a_payment_whose_webhook_was_lost(
    relay: RelayUnderTest, broker: Broker
) -> None:
    """It has just been read at Stripe, so that this costs no further read."""
    payment_id = relay.pay_in_secret(OURS)
    sessions = relay.stripe.keeper.turn(lambda book, _: list(book.sessions.values()))
    page = f"/thanks/state?s={sessions[-1].id}"
    with Cabinet("galaga-01", broker) as cabinet:
        relay.client.get(page)
        assert cabinet.heard == [], "its webhook may be on its way"
        relay.clock.ahead_s = 25
        relay.client.get(page)
        assert cabinet.payload()["paymentId"] == payment_id


@pytest.mark.parametrize("off_s", [60, -60])
def test_a_wrong_clock_tells_no_cabinet_that_a_window_is_over(relay: RelayUnderTest, off_s: int) -> None:
    """It would give the money back, or fire late. The cabinet asks again until it is told."""
    relay.pay_in_secret(OURS)
    relay.stripe.clock.base = time.time
    relay.clock.ahead_s = off_s
    answer = relay.client.get("/machines/galaga-01/payments", headers=relay.token())
    assert answer.status_code == 503
    relay.clock.ahead_s = 0
    (listed,) = relay.client.get("/machines/galaga-01/payments", headers=relay.token()).json
    assert 170 < listed["secondsLeft"] <= 180


def test_a_wrong_clock_releases_nothing(relay: RelayUnderTest) -> None:
    """Three days ahead, every reservation would seem to be one that nobody settled."""
    payment_id = relay.pay_in_secret(OURS)
    relay.stripe.clock.base = time.time
    relay.clock.ahead_s = 73 * 3600
    with pytest.raises(
        StripeUnavailable, match=r"^the relay's clock is 262\d{3} s ahead of Stripe's: set it"
    ):
        tidy(relay.relay)
    assert relay.payment(payment_id).status == "requires_capture"


class SetsTheClock(Publisher):
    """A publisher during whose work somebody sets the relay's clock."""

    def __init__(self, relay: RelayUnderTest, ahead_s: float) -> None:
        self._relay, self._ahead_s = relay, ahead_s

    def publish(self, *_: object, **__: object) -> None:
        self._relay.clock.ahead_s = self._ahead_s


@pytest.mark.parametrize("ahead_s", [73 * 3600, -3600])
def test_a_clock_that_is_set_within_a_run_of_tidy_releases_nothing(
    relay: RelayUnderTest, ahead_s: float
) -> None:
    """The list was read by a clock that was right, and counts for all that is in it."""
    payments = [relay.pay_in_secret(OURS) for _ in range(2)]
    relay.stripe.clock.base = lambda: time.time() + 60
    relay.clock.ahead_s = 60
    done = tidy(replace(relay.relay, publisher=SetsTheClock(relay, ahead_s)))
    assert [str(one.outcome) for one in done] == ["republished", "republished"]
    assert [relay.payment(each).status for each in payments] == ["requires_capture"] * 2


def signed_by_stripe(relay: RelayUnderTest, event: dict[str, Any]) -> Any:
    """Deliver an event signed at Stripe's own time, whatever the relay's clock says; the answer."""
    body = json.dumps(event)
    signature = WebhookSignature.generate_signature_header(body, WEBHOOK_SECRET, int(time.time()))
    return relay.client.post("/addCredit", data=body, headers={"Stripe-Signature": signature})


@pytest.mark.parametrize("is_known", [False, True])
@pytest.mark.parametrize("off_s", [200, -60])
def test_a_webhook_that_meets_a_wrong_clock_is_credited_once_it_is_right(
    relay: RelayUnderTest, broker: Broker, off_s: int, is_known: bool
) -> None:
    """Ahead, it would be called late; behind, the broker would keep it beyond its window."""
    payment_id = relay.pay_in_secret(OURS)
    relay.stripe.clock.base = time.time
    relay.clock.ahead_s = off_s
    if is_known:
        assert relay.client.get("/machines/galaga-01/payments", headers=relay.token()).status_code == 503
    with Cabinet("galaga-01", broker) as cabinet:
        answer = signed_by_stripe(relay, reserved(relay, payment_id))
        assert (answer.status_code, answer.json["published"]) == (503, False)
        relay.clock.ahead_s = 0
        assert cabinet.payload()["paymentId"] == payment_id


def test_a_players_own_page_publishes_nothing_by_a_wrong_clock(relay: RelayUnderTest, broker: Broker) -> None:
    """Its very read at Stripe shows that nobody can say how old the payment is."""
    relay.pay_in_secret(OURS)
    sessions = relay.stripe.keeper.turn(lambda book, _: list(book.sessions.values()))
    relay.stripe.clock.base = time.time
    relay.clock.ahead_s = 60
    with Cabinet("galaga-01", broker) as cabinet:
        relay.client.get(f"/thanks/state?s={sessions[-1].id}")
        publish_reason(mqtt_client(broker, RELAY_USERNAME, PASSWORDS[RELAY_USERNAME]), *LAST_WORD)
        wait_until(lambda: cabinet.heard, "the last word")
        assert [message.payload for message in cabinet.heard] == [LAST_WORD[1]]


def test_a_clock_that_is_set_back_meanwhile_makes_no_window_longer(
    relay: RelayUnderTest, broker: Broker
) -> None:
    """What waits for the broker has its time counted by a clock that nobody sets."""
    paid = PaidOrder("pi_Waits", Order("galaga-01", 3, 250, "usd"), 0, int(time.time()))
    with Cabinet("galaga-01", broker) as cabinet:
        assert published(relay.relay, paid, left_s=50.5)
        wait_until(lambda: cabinet.heard, "a coin pulse")
        assert cabinet.heard[0].properties.MessageExpiryInterval == 50 - 30
        assert published(relay.relay, paid, left_s=4.9), "given up"
        assert len(cabinet.heard) == 1


# On Lambda


class Context:
    """What Lambda tells a call of itself."""

    def __init__(self, left_s: float) -> None:
        self._left_s = left_s

    def get_remaining_time_in_millis(self) -> int:
        return int(self._left_s * 1000)


def webhook_event(relay: RelayUnderTest, payment_id: str) -> dict[str, Any]:
    """An event of API Gateway that carries the signed webhook."""
    import stripe

    body = json.dumps(reserved(relay, payment_id))
    signature = stripe.WebhookSignature.generate_signature_header(body, "whsec_relay")
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": "/addCredit",
        "rawQueryString": "",
        "headers": {"stripe-signature": signature, "content-type": "application/json", "host": "x"},
        "requestContext": {
            "http": {"method": "POST", "path": "/addCredit", "protocol": "HTTP/1.1", "sourceIp": "1.2.3.4"},
        },
        "body": body,
        "isBase64Encoded": False,
    }


def test_on_lambda_the_function_calls_itself_until_it_is_published(
    relay: RelayUnderTest, broker: Broker
) -> None:
    """A frozen function has no thread: a call of its own tries, and hands on to another in time."""
    payment_id = relay.pay_in_secret(OURS)
    calls: list[bytes] = []
    answer = handler_for(relay.relay, calls.append)
    broker.stop()
    assert answer(webhook_event(relay, payment_id), Context(60))["statusCode"] == 503
    assert len(calls) == 1
    assert answer(json.loads(calls[0]), Context(left_s=1)) == {"published": False}
    assert (len(calls), calls[0]) == (2, calls[1])
    broker.start()
    with Cabinet("galaga-01", broker) as cabinet:
        assert answer(json.loads(calls[1]), Context(60)) == {"published": True}
        assert cabinet.payload()["paymentId"] == payment_id
    assert len(calls) == 2


def test_on_lambda_a_window_that_has_passed_ends_it(relay: RelayUnderTest, broker: Broker) -> None:
    """Nothing is published late, and nothing is tried for ever."""
    calls: list[bytes] = []
    answer = handler_for(relay.relay, calls.append)
    payment_id = relay.pay_in_secret(OURS)
    broker.stop()
    answer(webhook_event(relay, payment_id), Context(60))
    relay.clock.ahead_s = 200
    assert answer(json.loads(calls[0]), Context(60)) == {"published": True}
    assert len(calls) == 1


MONTH_S = 30 * 24 * 3600


def short_lists(schedule: TidySchedule, from_s: float, for_s: float) -> int:
    """How many short lists are read in that time, where somebody looks each five seconds."""
    read = 0
    for step in range(int(for_s / 5)):
        now_s = from_s + step * 5
        if schedule.is_recent_due(now_s):
            schedule, read = schedule.recent_read(now_s), read + 1
    return read


def test_at_rest_tidy_reads_two_thirds_of_what_stripe_allows() -> None:
    """10,000 reads a month are the least ration; the hourly run adds a page of each of its three lists."""
    at_rest = TidySchedule(180, 60, active_s=-MONTH_S)
    assert short_lists(at_rest, 0, MONTH_S) + 3 * MONTH_S / 3600 == 4320 + 3 * 720


def test_while_somebody_may_be_paying_a_lost_webhook_is_found_in_its_window() -> None:
    """Often while most pay, then each minute for as long as a session lives, then seldom."""
    schedule = TidySchedule(180, 60, active_s=0)
    assert short_lists(schedule, 0, 300) == 20
    assert short_lists(schedule, 301, SESSION_LIFE_S + 180 - 301) == 29
    assert short_lists(schedule.recent_read(2100), 2101, 595) == 0
    assert short_lists(schedule.noticed(5000), 5000, 60) == 4


def test_the_long_list_is_read_hourly() -> None:
    """It has all that can be open, and may have a thousand pages."""
    schedule = TidySchedule(180, 60, active_s=0)
    assert schedule.is_all_due(0)
    assert not schedule.all_read(0).is_all_due(3599)
    assert schedule.all_read(0).is_all_due(3600)


@pytest.mark.parametrize("back_s", [20, 60, 600, 10 * 365 * 24 * 3600])
def test_a_clock_that_is_set_back_keeps_no_list_from_being_read(back_s: int) -> None:
    """What was read in a future that never came was not read; and nobody may be paying for ever."""
    ahead = TidySchedule(180, 60, active_s=0).noticed(back_s).recent_read(back_s).all_read(back_s)
    assert (ahead.is_recent_due(0), ahead.is_all_due(0)) == (True, True)
    assert short_lists(ahead, 0, 3600) <= short_lists(TidySchedule(180, 60, active_s=0), 0, 3600)


class Clock:
    """Time that a test moves."""

    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def test_twenty_who_ask_together_cause_one_read() -> None:
    """Cabinets that boot together after a power cut: one list serves them all."""
    clock, reads, go_on = Clock(), [], threading.Event()

    def read() -> str:
        reads.append(1)
        go_on.wait(60)
        return "list"

    shared, answers = Shared(read, 5.0, clock), []
    threads = [threading.Thread(target=lambda: answers.append(shared.get())) for _ in range(20)]
    for thread in threads:
        thread.start()
    wait_until(lambda: reads, "the first read")
    go_on.set()
    for thread in threads:
        thread.join(60)
    assert (answers, len(reads)) == (["list"] * 20, 1)
    clock.now_s += 5.1
    assert (shared.get(), len(reads)) == ("list", 2)


def test_a_clock_that_is_set_back_keeps_no_answer_alive() -> None:
    """The list of ten minutes ahead would hide every payment made since, and its failure every list."""
    clock, reads = Clock(), []

    def read() -> int:
        reads.append(1)
        if len(reads) == 3:
            raise ConnectionError("down")
        return len(reads)

    shared = Shared(read, 5.0, clock)
    clock.now_s += 600
    assert shared.get() == 1
    clock.now_s -= 600
    assert shared.get() == 2
    clock.now_s += 600
    with pytest.raises(ConnectionError):
        shared.get()
    clock.now_s -= 590
    assert shared.get() == 4


def test_a_failure_is_shared_by_who_waited_and_forgotten_after_that() -> None:
    """Twenty time-outs one after the other would hold every thread."""
    clock, reads, go_on = Clock(), [], threading.Event()

    def read() -> str:
        reads.append(1)
        go_on.wait(60)
        clock.now_s += 1
        raise ConnectionError("down")

    shared, failures = Shared(read, 5.0, clock), []

    def ask() -> None:
        try:
            shared.get()
        except ConnectionError as why:
            failures.append(str(why))

    threads = [threading.Thread(target=ask) for _ in range(5)]
    for thread in threads:
        thread.start()
    wait_until(lambda: reads, "the first read")
    go_on.set()
    for thread in threads:
        thread.join(60)
    assert failures == ["down"] * 5
    assert len(reads) < 5
    with pytest.raises(ConnectionError):
        shared.get()
