"""A relay that could not settle what it sells closes its doors: a wrong clock, a key that may not."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import pytest
from conftest import PASSWORDS, wait_until
from relay_parts import API_KEY, Cabinet, RelayUnderTest, relay_under_test

from cloud_relay.errors import NotAtStripe, StripeUnavailable, TooLittleToCharge
from cloud_relay.lambda_handler import handler_for
from cloud_relay.rules.orders import Order
from cloud_relay.settling.fitness_thread import FitnessThread
from cloud_relay.stripe.fitness import AGAIN_EVERY_S, LEAST_S, LOOK_EVERY_S, Fitness
from cloud_relay.stripe.probes import key_found
from simulator.chain.broker import Broker
from simulator.stripe.faults import Failure
from simulator.stripe.model.permissions import Permissions

UNFIT = "Payments do not work here at the moment. Sorry! Please tell the staff."
NTP = "set it, best by NTP (sudo timedatectl set-ntp true)"
EDIT_KEY = "give it in Stripe's Dashboard, Developers, API keys, Edit key"
OURS = Order("galaga-01", 3, 250, "usd").metadata()
BUY = {"offer": "1-100-usd"}


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """One broker for all of these tests."""
    with Broker(tmp_path_factory.mktemp("fitness"), PASSWORDS) as running:
        yield running


@pytest.fixture
def relay(broker: Broker) -> Iterator[RelayUnderTest]:
    """A relay before a cabinet that accepts payments."""
    with relay_under_test(broker) as running, Cabinet("galaga-01", broker) as cabinet:
        running.stripe.webhooks.url = None
        cabinet.say()
        yield running


def door(relay: RelayUnderTest) -> tuple[int, int, bool]:
    """What a phone gets: the page's status, the button's, and whether the page says that nothing works."""
    page = relay.client.get("/p/galaga-01")
    return page.status_code, relay.client.post("/p/galaga-01", data=BUY).status_code, UNFIT in page.text


OPEN, CLOSED = (200, 303, False), (200, 409, True)


def offer(relay: RelayUnderTest) -> tuple[int, str | None]:
    """What the cabinet gets: the offer's status, and the reason if there is none."""
    answer = relay.client.get("/machines/galaga-01/offer", headers=relay.token())
    return answer.status_code, answer.json.get("error")


def ask_stripe(relay: RelayUnderTest) -> None:
    """Have Stripe answer anything."""
    with pytest.raises(NotAtStripe):
        relay.payment("pi_no")


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What the log says of the doors."""
    return [record.getMessage() for record in caplog.records if record.name == "cloud_relay.stripe.fitness"]


@pytest.mark.parametrize(
    ("permissions", "lacks"),
    [
        ({"payment_intent": "read"}, "PaymentIntents: Write"),
        ({"payment_intent": "none"}, "PaymentIntents: Write"),
        ({"charge": "read"}, "Charges and Refunds: Write"),
        ({"charge": "none"}, "Charges and Refunds: Write"),
        ({"checkout_session": "read"}, "Checkout Sessions: Write"),
        (
            {"payment_intent": "none", "charge": "none", "checkout_session": "none"},
            "PaymentIntents: Write and Charges and Refunds: Write and Checkout Sessions: Write",
        ),
    ],
)
def test_a_key_that_lacks_a_permission_is_found_before_the_first_sale(
    relay: RelayUnderTest, caplog: pytest.LogCaptureFixture, permissions: Permissions, lacks: str
) -> None:
    """Door, offer and links are closed, the row is named as the Dashboard does, and no read is used up."""
    relay.stripe.api_keys.allow(API_KEY, permissions)
    reason = f"the Stripe key lacks {lacks}: {EDIT_KEY}"
    relay.relay.fitness.look_if_due()
    assert (door(relay), offer(relay)) == (CLOSED, (409, f"the relay sells nothing: {reason}"))
    link = relay.client.post("/create-payment-link", json={"machine_id": "galaga-01"}, headers=relay.token())
    assert (link.status_code, link.json) == (409, {"error": f"the relay sells nothing: {reason}"})
    assert said(caplog) == [f"Sell nothing: {reason}"]
    assert (relay.stripe.reads.total, relay.stripe.book.sessions) == (0, {})


def test_a_key_that_may_do_all_is_tried_without_a_trace(
    relay: RelayUnderTest, caplog: pytest.LogCaptureFixture
) -> None:
    """No read, no session, no payment, no refund, no line of the log; and the door is open."""
    caplog.set_level(logging.INFO)
    relay.relay.fitness.look_if_due()
    assert refusals(caplog) == []
    book = relay.stripe.book
    assert (relay.stripe.reads.total, book.sessions, book.intents, book.refunds) == (0, {}, {}, {})
    assert (door(relay), offer(relay)) == (OPEN, (200, None))


def test_a_key_that_was_rolled_closes_the_doors(relay: RelayUnderTest) -> None:
    """Its remedy is another one."""
    relay.stripe.api_keys.forget(API_KEY)
    relay.relay.fitness.look_if_due()
    reason = "Stripe refuses the key: write a key that is valid into the relay's STRIPE_API_KEY"
    assert (door(relay), offer(relay)) == (CLOSED, (409, f"the relay sells nothing: {reason}"))


@dataclass
class Steady:
    """A steady clock in the test's hand."""

    now_s: float = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_a_refusal_of_any_call_has_the_key_tried_soon(relay: RelayUnderTest) -> None:
    """And once it may again, that is seen within 15 s; while all is well it is tried once an hour."""
    steady = Steady()
    fitness = Fitness(partial(key_found, relay.settings.stripe), relay.clock, steady)
    fitness.look_if_due()
    relay.stripe.api_keys.allow(API_KEY, {"payment_intent": "read"})
    steady.now_s += LOOK_EVERY_S - 1
    fitness.look_if_due()
    assert fitness.troubles == ()
    fitness.suspect()
    fitness.look_if_due()
    (trouble,) = fitness.troubles
    assert trouble.text == "the Stripe key lacks PaymentIntents: Write"
    relay.stripe.api_keys.allow(API_KEY)
    steady.now_s += AGAIN_EVERY_S - 0.1
    fitness.look_if_due()
    assert fitness.troubles == (trouble,)
    steady.now_s += 0.1
    fitness.look_if_due()
    assert fitness.troubles == ()
    relay.stripe.api_keys.forget(API_KEY)
    steady.now_s += LEAST_S
    fitness.look_if_due()
    assert fitness.troubles == ()


def test_a_capture_that_is_forbidden_closes_the_door(relay: RelayUnderTest) -> None:
    """The next player meets a closed door, two seconds after the last look at the latest."""
    relay.relay.fitness.look_if_due()
    payment_id = relay.pay_in_secret(relay.settings.stripe.ownership.mark(OURS))
    relay.stripe.api_keys.allow(API_KEY, {"payment_intent": "read"})
    receipt = {"paymentId": payment_id, "outcome": "delivered", "creditsDelivered": 3, "creditsPaid": 3}
    answer = relay.client.post("/machines/galaga-01/receipts", json=receipt, headers=relay.token())
    assert answer.status_code == 503
    wait_until(lambda: door(relay) == CLOSED, "the door to close", LEAST_S + 3)


def test_a_stripe_that_does_not_answer_changes_no_opinion_of_the_key(relay: RelayUnderTest) -> None:
    """What was known of it stays, and it is tried again 15 s later."""
    steady = Steady()
    fitness = Fitness(partial(key_found, relay.settings.stripe), relay.clock, steady)
    relay.stripe.fail_next(method="POST")
    fitness.look_if_due()
    assert fitness.troubles == ()
    relay.stripe.api_keys.allow(API_KEY, {"charge": "none"})
    steady.now_s += AGAIN_EVERY_S
    fitness.look_if_due()
    (trouble,) = fitness.troubles
    relay.stripe.api_keys.allow(API_KEY)
    relay.stripe.fail_next(method="POST")
    steady.now_s += AGAIN_EVERY_S
    fitness.look_if_due()
    assert fitness.troubles == (trouble,)
    steady.now_s += AGAIN_EVERY_S
    fitness.look_if_due()
    assert fitness.troubles == ()


@pytest.mark.parametrize(
    ("ahead_s", "words"), [(25.0, "25 s behind"), (-25.0, "25 s ahead of"), (86400.0, "86400 s behind")]
)
def test_a_clock_that_differs_from_stripes_closes_the_doors_until_it_is_set(
    relay: RelayUnderTest, caplog: pytest.LogCaptureFixture, ahead_s: float, words: str
) -> None:
    """By how much is said once, and any answer shows that it was set."""
    relay.stripe.clock.ahead_s = ahead_s
    for _ in range(3):
        ask_stripe(relay)
    told = "; ".join(trouble.words for trouble in relay.relay.fitness.troubles)
    assert said(caplog) == [f"Sell nothing: {told}"]
    seconds = abs(ahead_s)
    assert told in {
        f"the relay's clock is {near:.0f} s {words.split(' ', 2)[2]} Stripe's: {NTP}"
        for near in (seconds - 1, seconds, seconds + 1)
    }
    assert (door(relay), offer(relay)) == (CLOSED, (409, f"the relay sells nothing: {told}"))
    relay.stripe.clock.ahead_s = 0
    ask_stripe(relay)
    assert (door(relay), offer(relay)) == (OPEN, (200, None))
    assert said(caplog)[1:] == ["Sell again: Stripe takes the key, and the clock agrees with Stripe's"]


def test_a_session_whose_answer_shows_a_wrong_clock_is_not_handed_out(relay: RelayUnderTest) -> None:
    """Until then all seemed well: nobody has seen its page, so that nobody can pay."""
    relay.relay.fitness.look_if_due()
    relay.stripe.clock.ahead_s = 25
    answer = relay.client.post("/p/galaga-01", data=BUY)
    assert (answer.status_code, "Location" in answer.headers, len(relay.stripe.book.sessions)) == (
        409,
        False,
        1,
    )


@pytest.mark.parametrize(
    ("status", "words"),
    [(429, "429, code rate_limit"), ("lock_timeout", "429, code lock_timeout"), (500, "500")],
)
def test_each_refusal_is_in_the_log_with_its_code(
    relay: RelayUnderTest, caplog: pytest.LogCaptureFixture, status: Failure, words: str
) -> None:
    """The library itself leaves the code of a 429 out."""
    relay.stripe.fail_next(3, status=status)
    with pytest.raises(StripeUnavailable) as refused:
        relay.payment("pi_no")
    assert refusals(caplog)[0] == f"Stripe refused GET /v1/payment_intents/pi_no: {words} (req)"
    assert words.replace(",", "") in str(refused.value)


def test_a_refusal_is_logged_with_its_param_and_not_its_message(
    relay: RelayUnderTest, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever becomes of it further on."""
    payment_id = relay.pay_in_secret(OURS)
    with pytest.raises(TooLittleToCharge):
        relay.relay.stripe().capture(payment_id, 1, "delivered 1 of 1")
    with pytest.raises(StripeUnavailable, match=r"InvalidRequestError 400 .*param amount_to_capture"):
        relay.relay.stripe().capture(payment_id, 10**6, "delivered 1 of 1")
    asked = f"POST /v1/payment_intents/{payment_id}/capture"
    assert refusals(caplog) == [
        f"Stripe refused {asked}: 400, code amount_too_small, param amount_to_capture (req)",
        f"Stripe refused {asked}: 400, code amount_too_large, param amount_to_capture (req)",
    ]


def test_a_forbidden_call_is_logged_with_what_the_key_lacks(
    relay: RelayUnderTest, caplog: pytest.LogCaptureFixture
) -> None:
    """By its row; what only old links need closes no door."""
    relay.stripe.api_keys.allow(API_KEY, {"plan": "none"})
    with pytest.raises(StripeUnavailable, match=r"403 lacks Prices: Read \(req_"):
        relay.relay.stripe().price("price_1")
    assert refusals(caplog) == ["Stripe refused GET /v1/prices/price_1: 403, lacks Prices: Read (req)"]
    relay.relay.fitness.look_if_due()
    assert door(relay) == OPEN


def refusals(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What the log says that Stripe refused, without the ids of the requests."""
    told = [each.getMessage() for each in caplog.records if each.name == "cloud_relay.stripe.client"]
    return [re.sub(r"req_\w+", "req", each) for each in told]


def test_on_lambda_a_schedule_tries_the_key(relay: RelayUnderTest) -> None:
    """No thread runs there between two answers."""
    relay.stripe.api_keys.allow(API_KEY, {"payment_intent": "read"})
    handler_for(relay.relay)({"source": "aws.events", "detail-type": "Scheduled Event"}, None)
    assert door(relay) == CLOSED


def test_on_lambda_the_first_sale_of_a_process_tries_the_key(relay: RelayUnderTest) -> None:
    """Another process may have answered the schedule."""
    relay.stripe.api_keys.allow(API_KEY, {"charge": "none"})
    assert relay.client.post("/p/galaga-01", data=BUY).status_code == 409
    assert relay.stripe.book.sessions == {}


def test_where_a_thread_tries_the_key_no_request_does(relay: RelayUnderTest) -> None:
    """A Stripe that hangs holds no door and no cabinet up."""
    fitness = Fitness(partial(key_found, relay.settings.stripe), relay.clock, steady := Steady())
    thread = FitnessThread(fitness)
    thread.start()
    wait_until(lambda: fitness.offset, "the first look")
    thread.stop()
    relay.stripe.api_keys.allow(API_KEY, {"charge": "none"})
    steady.now_s += LOOK_EVERY_S
    fitness.look_on_request()
    assert fitness.troubles == ()
    fitness.look_if_due()
    assert len(fitness.troubles) == 1


def test_a_thread_finds_what_the_key_lacks_by_itself(relay: RelayUnderTest) -> None:
    """From its start."""
    relay.stripe.api_keys.allow(API_KEY, {"charge": "none"})
    thread = FitnessThread(relay.relay.fitness, 0.01)
    thread.start()
    wait_until(lambda: door(relay) == CLOSED, "the door to close")
    thread.stop()
