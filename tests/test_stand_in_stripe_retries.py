from __future__ import annotations

from collections.abc import Iterator
from email.utils import parsedate_to_datetime

import pytest
import requests
from conftest import wait_until
from stand_in_stripe_help import API_KEY, Desk, Receiver, desk, receiving

from simulator.stripe.pace import STRIPES_PACE, Pace, Retries, quick_retries

UPDATED = "payment_intent.amount_capturable_updated"
MINUTE_S, HOUR_S = 60, 3600


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A webhook endpoint."""
    with receiving() as running:
        yield running


@pytest.fixture
def at_work(receiver: Receiver) -> Iterator[Desk]:
    """A stand-in at Stripe's own pace, whose clock stands still; it sends only word of reservations."""
    with desk(webhook_url=receiver.url, enabled_events=frozenset({UPDATED}), pace=STRIPES_PACE) as running:
        yield running


def attempts(at_work: Desk, count: int) -> list[int | None]:
    """The answers to so many attempts, once they were made."""
    wait_until(lambda: len(at_work.stand_in.webhooks.log) >= count, f"{count} attempts")
    return [each.status_code for each in at_work.stand_in.webhooks.log]


def test_stripe_repeats_after_minutes(at_work: Desk, receiver: Receiver) -> None:
    """Not a second before its time, by Stripe's own clock, and no more once it was taken."""
    receiver.statuses = [503, 500]
    at_work.reserved()
    assert attempts(at_work, 1) == [503]
    at_work.clock.now_s += 5 * MINUTE_S - 1
    assert at_work.stand_in.webhooks.undelivered_within(0) == 0
    at_work.clock.now_s += 1
    assert attempts(at_work, 2) == [503, 500]
    at_work.clock.now_s += 30 * MINUTE_S
    assert attempts(at_work, 3) == [503, 500, 200]
    wait_until(lambda: not at_work.stand_in.webhooks.undelivered, "all deliveries")


def test_stripe_gives_up_after_three_days() -> None:
    """Ever longer waits, none of them beyond 72 hours behind the first attempt."""
    at_s, times_h = 0.0, list[float]()
    while (wait_s := STRIPES_PACE.retries.wait_s(len(times_h) + 1, at_s)) is not None:
        at_s += wait_s
        times_h.append(round(at_s / HOUR_S, 2))
    assert times_h == [0.08, 0.58, 2.58, 7.58, 17.58, 29.58, 41.58, 53.58, 65.58]


def test_what_was_given_up_is_sent_again_by_hand_only(receiver: Receiver) -> None:
    """Until somebody presses Resend."""
    once = Pace(Retries((1.0,), up_to_s=0.5), list_page_s=0.0)
    receiver.statuses = [500]
    with desk(webhook_url=receiver.url, enabled_events=frozenset({UPDATED}), pace=once) as at_work:
        at_work.reserved()
        assert attempts(at_work, 1) == [500]
        wait_until(lambda: not at_work.stand_in.webhooks.undelivered, "it to be given up")
        at_work.stand_in.deliver_again(at_work.stand_in.webhooks.log[0].event_id)
        assert attempts(at_work, 2) == [500, 200]


def test_repeats_can_be_brought_forward(at_work: Desk, receiver: Receiver) -> None:
    """For a test that is about what a late one does."""
    receiver.statuses = [503]
    at_work.reserved()
    assert attempts(at_work, 1) == [503]
    wait_until(lambda: at_work.stand_in.webhooks.undelivered == 1, "its repeat to wait")
    at_work.stand_in.webhooks.retry_now()
    assert attempts(at_work, 2) == [503, 200]


def test_a_quicker_world_doubles_its_waits() -> None:
    """Up to five seconds, and then every five."""
    assert quick_retries(1.0) == Retries((1.0, 2.0, 4.0, 5.0))
    assert [quick_retries(1.0).wait_s(attempt, 0) for attempt in (1, 4, 9)] == [1.0, 5.0, 5.0]


def test_each_answer_says_what_time_stripe_has(at_work: Desk) -> None:
    """Also when that is wrong, or when the asker's is; a refusal says it too."""
    for path, status in (("account", 200), ("nothing", 404)):
        for ahead_s in (0, 600):
            at_work.stand_in.clock.ahead_s = ahead_s
            answer = requests.get(f"{at_work.stand_in.api_url}/v1/{path}", auth=(API_KEY, ""), timeout=60)
            told_s = parsedate_to_datetime(answer.headers["Date"]).timestamp()
            assert (answer.status_code, told_s) == (status, at_work.clock.now_s + ahead_s)


def test_a_seal_bears_stripes_time(at_work: Desk, receiver: Receiver) -> None:
    """And what happens is created at that time."""
    at_work.stand_in.clock.ahead_s = 600
    at_work.reserved()
    wait_until(lambda: receiver.received, "a webhook")
    _, seal = receiver.received[0]
    assert seal.startswith(f"t={at_work.clock.now_s + 600},v1=")
    assert [event.created for event in at_work.events(UPDATED)] == [at_work.clock.now_s + 600]
