"""What links of an older relay charge at once: credited in time, or given back, and listed meanwhile."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from conftest import PASSWORDS, wait_until
from relay_parts import API_KEY, Cabinet, RelayUnderTest, relay_under_test, until
from stand_in_stripe_help import client_of, receiving

from cloud_relay.operator.commands import list_open
from cloud_relay.rules.immediate import COMPLETED, MONEY_CAME
from cloud_relay.rules.orders import Order
from cloud_relay.settling.tidy import LongTidy, tidy, tidy_recent
from simulator.chain.broker import Broker
from simulator.stripe.model import shop
from simulator.stripe.pace import Pace

HOUR_S, DAY_S = 3600, 24 * 3600
OURS = Order("galaga-01", 3, 250, "usd").metadata()


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """One broker for all of these tests; none of them leaves anything in it."""
    with Broker(tmp_path_factory.mktemp("immediate"), PASSWORDS) as running:
        yield running


@pytest.fixture
def relay(broker: Broker) -> Iterator[RelayUnderTest]:
    """A relay with a Stripe of its own, which calls its webhook."""
    with relay_under_test(broker) as running:
        yield running


@pytest.fixture
def cabinet(broker: Broker) -> Iterator[Cabinet]:
    """The cabinet galaga-01, which hears its coin pulses."""
    with Cabinet("galaga-01", broker) as connected:
        yield connected


def link(relay: RelayUnderTest, metadata: dict[str, str] = OURS) -> str:
    """The address of an older relay's link: its metadata reaches the session, and not the payment."""
    price = {"currency": "usd", "unit_amount": 250, "product_data": {"name": "3 credits"}}
    params: Any = {"line_items": [{"price_data": price, "quantity": 1}], "metadata": metadata}
    return client_of(relay.stripe, API_KEY).v1.payment_links.create(params).url


def delivered(relay: RelayUnderTest, kind: str = COMPLETED) -> None:
    """Wait until Stripe has had an answer to a webhook of this kind."""
    wait_until(lambda: kind in [each.event_type for each in relay.stripe.webhooks.log], kind)


def listed(relay: RelayUnderTest) -> list[tuple[str, str]]:
    """What `open` tells: each payment and why it is open."""
    out = io.StringIO()
    assert list_open(relay.relay, out, as_json=True) == 0
    return [(row["paymentId"], row["why"].partition(",")[0]) for row in json.loads(out.getvalue())]


def receipt(relay: RelayUnderTest, payment_id: str, outcome: str, credits: int) -> tuple[int, dict[str, Any]]:
    """The cabinet reports; what the relay answers."""
    body = {"paymentId": payment_id, "outcome": outcome, "creditsDelivered": credits, "creditsPaid": 3}
    answer = relay.client.post("/machines/galaga-01/receipts", json=body, headers=relay.token())
    return answer.status_code, answer.json


def money(relay: RelayUnderTest, payment_id: str) -> tuple[int, int]:
    """What was charged of a payment, and what of it was refunded."""
    found = relay.payment(payment_id)
    return found.received, found.refunded


def refunds(relay: RelayUnderTest, payment_id: str) -> list[int]:
    """The refunds of a payment at Stripe, one by one."""
    made = relay.stripe.keeper.turn(lambda book, _: list(book.refunds.values()))
    return [each.amount for each in made if each.payment_intent == payment_id]


# A cabinet that is off, or a webhook that is late


def test_what_a_cabinet_that_is_off_does_not_report_is_listed_and_refunded_once(
    relay: RelayUnderTest,
) -> None:
    """After RELEASE_AFTER, as a reservation would be; and what the cabinet says after that is a conflict."""
    payment_id = relay.stripe.pay(link(relay))
    delivered(relay)
    assert listed(relay) == [(payment_id, "in its credit window")]
    relay.clock.ahead_s = 71 * HOUR_S
    assert [one.why for one in tidy(relay.relay)] == ["waiting for its receipt"]
    assert (listed(relay), money(relay, payment_id)) == ([(payment_id, "waiting for its receipt")], (250, 0))
    relay.clock.ahead_s = 72 * HOUR_S + 1
    assert listed(relay) == [(payment_id, "the next tidy refunds it")]
    assert [(one.outcome, one.why) for one in tidy(relay.relay)] == [("released", "no receipt came")]
    assert (listed(relay), tidy(relay.relay), refunds(relay, payment_id)) == ([], [], [250])
    assert receipt(relay, payment_id, "undelivered", 0) == (200, {"result": "already", "charged": 0})
    assert receipt(relay, payment_id, "partial", 0) == (200, {"result": "already", "charged": 0})
    assert receipt(relay, payment_id, "delivered", 3) == (409, {"result": "conflict"})
    assert (refunds(relay, payment_id), money(relay, payment_id)) == ([250], (250, 250))


def test_a_cabinet_that_comes_back_after_the_window_is_reminded_and_its_word_refunds(
    relay: RelayUnderTest, cabinet: Cabinet
) -> None:
    """A webhook after the window publishes nothing; tidy has the cabinet ask, and it never heard of it."""
    relay.stripe.webhooks.hold_back()
    payment_id = relay.stripe.pay(link(relay))
    relay.clock.ahead_s = 240
    relay.stripe.webhooks.let_go()
    delivered(relay)
    assert (listed(relay), cabinet.heard) == ([(payment_id, "waiting for its receipt")], [])
    tidy_recent(relay.relay)
    assert cabinet.payload()["paymentId"] == payment_id
    assert cabinet.heard[0].properties.MessageExpiryInterval == 1  # type: ignore[union-attr]
    assert open_at_its_machine(relay) == [(payment_id, 3, 0)]
    assert receipt(relay, payment_id, "undelivered", 0) == (200, {"result": "settled", "charged": 0})
    assert (refunds(relay, payment_id), listed(relay)) == ([250], [])
    before = len(relay.stripe.webhooks.log)
    (late,) = [each for each in relay.stripe.webhooks.log if each.event_type == COMPLETED]
    relay.stripe.deliver_again(late.event_id)
    wait_until(lambda: len(relay.stripe.webhooks.log) > before, "the webhook once more")
    assert "immediate" not in relay.stripe.book.intents[payment_id].metadata, "or it is searched for ever"


def open_at_its_machine(relay: RelayUnderTest) -> list[tuple[str, int, int]]:
    """What the machine hears when it asks: payment, credits, seconds left."""
    relay.clock.ahead_s += 6  # lists are shared for five seconds
    rows = relay.client.get("/machines/galaga-01/payments", headers=relay.token()).json
    return [(row["paymentId"], row["credits"], row["secondsLeft"]) for row in rows]


def test_a_message_that_the_broker_lost_is_published_again_to_the_byte(
    relay: RelayUnderTest, cabinet: Cabinet
) -> None:
    """Tidy's short list has it, so that it is credited in its window; a new ledger finds it there too."""
    code = link(relay).rpartition("/")[2]
    session = relay.stripe.keeper.turn(lambda book, now_s: shop.open_link(book, code, None, now_s))
    relay.clock.ahead_s = 40
    payment_id = relay.stripe.pay(session.id)
    delivered(relay)
    until(lambda: len(cabinet.heard), 1, "the webhook's message")
    relay.clock.ahead_s = 70
    ((found, credits, left_s),) = open_at_its_machine(relay)
    assert (found, credits, 140 < left_s <= 144) == (payment_id, 3, True)
    tidy_recent(relay.relay)
    until(lambda: len(cabinet.heard), 2, "tidy's message")
    assert cabinet.heard[0].payload == cabinet.heard[1].payload


def test_a_partial_receipt_refunds_the_difference_once(relay: RelayUnderTest) -> None:
    """Also when Stripe's answer to the refund is lost, and the receipt and tidy come again."""
    payment_id = relay.stripe.pay(link(relay))
    delivered(relay)
    relay.stripe.fail_next(3, path_prefix="/v1/refunds", status="timeout", after_work=True)
    assert receipt(relay, payment_id, "partial", 2) == (503, {"result": "retry"})
    relay.clock.ahead_s = 120
    assert receipt(relay, payment_id, "partial", 2) == (200, {"result": "settled", "charged": 166})
    assert receipt(relay, payment_id, "partial", 2) == (200, {"result": "already", "charged": 166})
    relay.clock.ahead_s = 73 * HOUR_S
    assert (tidy(relay.relay), refunds(relay, payment_id)) == ([], [84])


def test_what_was_refunded_in_part_by_hand_is_given_back_to_the_exact_remainder(
    relay: RelayUnderTest,
) -> None:
    """Never more than was charged."""
    payment_id = relay.stripe.pay(link(relay))
    delivered(relay)
    relay.stripe.refund(payment_id, 100)
    relay.clock.ahead_s = 73 * HOUR_S
    tidy(relay.relay)
    assert refunds(relay, payment_id) == [100, 150]


def test_a_refund_that_stripe_did_not_make_is_made_by_the_next_tidy(relay: RelayUnderTest) -> None:
    """It stays listed meanwhile."""
    payment_id = relay.stripe.pay(link(relay))
    delivered(relay)
    relay.clock.ahead_s = 73 * HOUR_S
    relay.stripe.fail_next(3, path_prefix="/v1/refunds")
    assert [one.outcome for one in tidy(relay.relay)] == ["failed"]
    assert (listed(relay), refunds(relay, payment_id)) == ([(payment_id, "the next tidy refunds it")], [])
    relay.stripe.faults.forget()
    relay.clock.ahead_s += 60
    assert [one.outcome for one in tidy(relay.relay)] == ["released"]
    assert refunds(relay, payment_id) == [250]


# Methods whose money comes later


def test_money_that_comes_after_the_window_goes_back_at_once(relay: RelayUnderTest, cabinet: Cabinet) -> None:
    """Nobody can have heard of it: there is nothing to wait for."""
    payment_id = relay.stripe.pay_later(link(relay), "sepa_debit")
    delivered(relay)
    assert (listed(relay), cabinet.heard) == ([], []), "no money is held yet"
    relay.clock.ahead_s = 13 * DAY_S
    relay.stripe.money_came(payment_id)
    wait_until(lambda: refunds(relay, payment_id), "the refund")
    assert (refunds(relay, payment_id), cabinet.heard) == ([250], [])
    delivered(relay, MONEY_CAME)
    assert (listed(relay), tidy(relay.relay)) == ([], [])


def test_money_that_comes_within_the_window_becomes_credits(relay: RelayUnderTest, cabinet: Cabinet) -> None:
    """Some debits are done in a minute. The window counts from the order."""
    payment_id = relay.stripe.pay_later(link(relay), "us_bank_account")
    delivered(relay)
    relay.clock.ahead_s = 60
    relay.stripe.money_came(payment_id)
    assert cabinet.payload()["paymentId"] == payment_id
    assert 80 <= cabinet.heard[0].properties.MessageExpiryInterval <= 90  # type: ignore[union-attr]
    assert receipt(relay, payment_id, "delivered", 3) == (200, {"result": "settled", "charged": 250})
    relay.clock.ahead_s = 80 * HOUR_S
    assert (tidy(relay.relay), money(relay, payment_id)) == ([], (250, 0))


def paid_in_a_shop(relay: RelayUnderTest, payment_id: str) -> None:
    """Have the money of a voucher come: its charge is made only now."""

    def charge_now(book: Any, now_s: int) -> None:
        charge = book.charges[book.intents[payment_id].latest_charge]
        book.save(replace(charge, created=now_s), now_s)

    relay.stripe.keeper.turn(charge_now)
    relay.stripe.money_came(payment_id)


@pytest.mark.parametrize("lost", [COMPLETED, MONEY_CAME])
def test_a_voucher_that_is_paid_days_later_gives_no_coin_to_a_stranger(
    relay: RelayUnderTest, cabinet: Cabinet, lost: str
) -> None:
    """Its charge is as new as its payment; the window counts from the order, or the session without that."""
    first = relay.stripe.webhooks.endpoints.first
    kinds = {COMPLETED, MONEY_CAME} - {lost}
    relay.stripe.webhooks.endpoints.change(first.id, enabled_events=frozenset(kinds))
    payment_id = relay.stripe.pay_later(link(relay), "sepa_debit")
    wait_until(lambda: relay.stripe.webhooks.undelivered == 0, "the webhook of the order")
    relay.clock.ahead_s = 2 * DAY_S
    paid_in_a_shop(relay, payment_id)
    wait_until(lambda: relay.stripe.webhooks.undelivered == 0, "the webhook of the money")
    if lost == MONEY_CAME:
        assert listed(relay) == [(payment_id, "waiting for its receipt")]
        tidy(relay.relay)
        assert cabinet.payload()["paymentId"] == payment_id
        assert cabinet.heard[0].properties.MessageExpiryInterval == 1  # type: ignore[union-attr]
        relay.clock.ahead_s = 73 * HOUR_S
        tidy(relay.relay)
    assert (refunds(relay, payment_id), listed(relay)) == ([250], [])
    assert len(cabinet.heard) == (1 if lost == MONEY_CAME else 0)


def test_money_that_never_comes_is_nothing_to_settle(relay: RelayUnderTest, cabinet: Cabinet) -> None:
    """Neither listed, nor published, nor refunded."""
    payment_id = relay.stripe.pay_later(link(relay), "us_bank_account")
    delivered(relay)
    relay.stripe.money_never_came(payment_id)
    relay.clock.ahead_s = 80 * HOUR_S
    assert (listed(relay), tidy(relay.relay), refunds(relay, payment_id), cabinet.heard) == ([], [], [], [])


@pytest.mark.parametrize("came_after_s", [3 * HOUR_S, 13 * DAY_S])
def test_money_whose_coming_nobody_told_us_goes_back_all_the_same(
    relay: RelayUnderTest, came_after_s: int
) -> None:
    """An endpoint of before has no subscription to that event; the order's own webhook is enough."""
    first = relay.stripe.webhooks.endpoints.first
    relay.stripe.webhooks.endpoints.change(first.id, enabled_events=frozenset({COMPLETED}))
    payment_id = relay.stripe.pay_later(link(relay), "us_bank_account")
    delivered(relay)
    relay.clock.ahead_s = came_after_s
    relay.stripe.money_came(payment_id)
    relay.clock.ahead_s += 2 * HOUR_S  # what has just changed, a search does not find
    assert [found for found, _ in listed(relay)] == [payment_id]
    relay.clock.ahead_s = max(relay.clock.ahead_s, 73 * HOUR_S)
    assert [one.outcome for one in tidy(relay.relay)] == ["released"]
    assert refunds(relay, payment_id) == [250]


@pytest.mark.parametrize("stripe_is_down_for", ["/v1/payment_intents", "/v1/refunds"])
def test_money_that_could_not_go_back_at_once_goes_back_with_the_next_webhook_or_tidy(
    broker: Broker, stripe_is_down_for: str
) -> None:
    """Whatever Stripe did not do; its own next attempt comes after minutes, and is not needed."""
    with relay_under_test(broker, pace=Pace(list_page_s=0.0)) as relay:
        payment_id = relay.stripe.pay_later(link(relay), "us_bank_account")
        delivered(relay)
        relay.clock.ahead_s = DAY_S
        relay.stripe.fail_next(3, path_prefix=stripe_is_down_for)
        relay.stripe.money_came(payment_id)
        delivered(relay, MONEY_CAME)
        answers = {each.event_type: each.status_code for each in relay.stripe.webhooks.log}
        assert answers[MONEY_CAME] == 503
        relay.stripe.faults.forget()
        relay.clock.ahead_s += 61
        assert [found for found, _ in listed(relay)] == [payment_id]
        for _ in range(2):
            tidy(relay.relay)
        assert (refunds(relay, payment_id), listed(relay)) == ([250], [])


# Webhooks that never came


@pytest.mark.parametrize("down_for_s", [74 * HOUR_S, 20 * DAY_S])
def test_what_was_sold_while_the_relay_was_down_is_found_and_refunded(
    relay: RelayUnderTest, down_for_s: int
) -> None:
    """Stripe gives up after three days; it still tells what it could not deliver."""
    relay.stripe.webhooks.url = None
    payment_id = relay.stripe.pay(link(relay))
    relay.clock.ahead_s = 20
    assert listed(relay) == [(payment_id, "in its credit window")]
    relay.clock.ahead_s = down_for_s
    assert [one.outcome for one in tidy(relay.relay)] == ["released"]
    assert (refunds(relay, payment_id), listed(relay)) == ([250], [])


def test_the_hourly_list_finds_a_lost_webhook_once_and_reminds_its_cabinet(
    relay: RelayUnderTest, cabinet: Cabinet
) -> None:
    """Looking for it again costs one read, and writes nothing."""
    relay.stripe.webhooks.url = None
    payment_id = relay.stripe.pay(link(relay))
    relay.clock.ahead_s = 2 * HOUR_S
    hourly = LongTidy(relay.relay)
    assert [one.payment.payment_id for one in hourly.go_on(60)] == [payment_id]
    assert cabinet.payload()["paymentId"] == payment_id
    before = Counter(relay.stripe.reads.counts)
    relay.clock.ahead_s += HOUR_S + 1
    relay.stripe.fail_next(99, method="POST")
    assert [one.why for one in hourly.go_on(60)] == ["waiting for its receipt"]
    assert Counter(relay.stripe.reads.counts) - before == {
        ("list", "payment_intents"): 1,
        ("search", "payment_intents"): 1,
        ("list", "events"): 1,
    }
    relay.stripe.faults.forget()
    assert receipt(relay, payment_id, "undelivered", 0)[0] == 200
    written = relay.stripe.book.intents[payment_id].metadata
    relay.clock.ahead_s += HOUR_S + 1
    assert hourly.go_on(60) == []
    assert relay.stripe.book.intents[payment_id].metadata == written


def test_the_hourly_list_finds_that_money_came_too_late(relay: RelayUnderTest) -> None:
    """The webhook of the order was taken, and that of the money was lost: it need not wait for a receipt."""
    payment_id = relay.stripe.pay_later(link(relay), "us_bank_account")
    delivered(relay)
    relay.stripe.webhooks.url = None
    relay.clock.ahead_s = 3 * HOUR_S
    relay.stripe.money_came(payment_id)
    assert [one.why for one in tidy(relay.relay)] == ["waiting for its receipt"]
    assert listed(relay) == [(payment_id, "the next tidy refunds it")]
    assert [one.why for one in tidy(relay.relay)] == ["its money came after its credit window"]
    assert refunds(relay, payment_id) == [250]


def test_what_is_older_than_the_long_list_is_still_found(relay: RelayUnderTest, cabinet: Cabinet) -> None:
    """A hall and its relay that were shut for a month, just after a sale."""
    payment_id = relay.stripe.pay(link(relay))
    delivered(relay)
    relay.clock.ahead_s = 40 * DAY_S
    assert listed(relay) == [(payment_id, "the next tidy refunds it")]
    assert [one.outcome for one in tidy(relay.relay)] == ["released"]
    assert (refunds(relay, payment_id), listed(relay)) == ([250], [])
    assert "immediate" not in relay.stripe.book.intents[payment_id].metadata, "or it is searched for ever"


def test_the_players_own_page_publishes_what_no_webhook_told(relay: RelayUnderTest, cabinet: Cabinet) -> None:
    """It has just read the payment; one that is settled is not published again."""
    relay.stripe.webhooks.url = None
    payment_id = relay.stripe.pay(link(relay))
    session = relay.stripe.keeper.turn(lambda book, _: list(book.sessions.values()))[-1]
    relay.clock.ahead_s = 25
    relay.client.get(f"/thanks/state?s={session.id}")
    assert cabinet.payload()["paymentId"] == payment_id
    assert receipt(relay, payment_id, "delivered", 3)[0] == 200
    relay.clock.ahead_s = 60
    assert relay.client.get(f"/thanks/state?s={session.id}").json["state"] == "charged"
    assert relay.client.get(f"/thanks/state?s={session.id}").json["state"] == "charged"
    relay.relay.publisher.publish("arcade/machine/galaga-01/coinpulse", b"the end")
    wait_until(lambda: cabinet.heard[-1].payload == b"the end", "the end")
    assert len(cabinet.heard) == 2


# What is not this relay's to give back


def test_what_an_older_relay_took_is_left_alone(relay: RelayUnderTest) -> None:
    """On the day of the change a week's sales lie there, and nobody but its cabinets knows their end."""
    with receiving() as older:
        relay.stripe.webhooks.url = older.url
        payment_id = relay.stripe.pay(link(relay))
        delivered(relay)
    relay.stripe.webhooks.url = f"{relay.url}/addCredit"
    relay.clock.ahead_s = 80 * HOUR_S
    assert (listed(relay), tidy(relay.relay), refunds(relay, payment_id)) == ([], [], [])


def test_what_another_relay_sold_is_not_taken_up(relay: RelayUnderTest) -> None:
    """Whether its webhook came or not."""
    relay.stripe.webhooks.url = None
    payment_id = relay.stripe.pay(link(relay, OURS | {"relay": "another"}))
    relay.clock.ahead_s = 80 * HOUR_S
    assert (listed(relay), tidy(relay.relay), refunds(relay, payment_id)) == ([], [], [])


@pytest.mark.parametrize("is_lost", [False, True])
def test_another_shops_charge_for_a_machine_is_not_taken_up(relay: RelayUnderTest, is_lost: bool) -> None:
    """Metadata of a payment that no session of ours has; or a session whose order cannot be believed."""
    relay.stripe.webhooks.url = None if is_lost else relay.stripe.webhooks.url
    price = {"currency": "usd", "unit_amount": 250, "product_data": {"name": "A wash"}}
    params: Any = {
        "mode": "payment",
        "line_items": [{"price_data": price, "quantity": 1}],
        "payment_intent_data": {"metadata": {"machine_id": "washer"}},
        "success_url": relay.settings.thanks_url,
    }
    made = client_of(relay.stripe, API_KEY).v1.checkout.sessions.create(params)
    paid = [relay.stripe.pay(made.id), relay.stripe.pay(link(relay, {"machine_id": "washer no. 4"}))]
    wait_until(lambda: is_lost or relay.stripe.webhooks.undelivered == 0, "all webhooks")
    relay.clock.ahead_s = 80 * HOUR_S
    assert (listed(relay), tidy(relay.relay)) == ([], [])
    assert [refunds(relay, payment_id) for payment_id in paid] == [[], []]


def test_a_key_that_may_not_read_events_or_search_still_tidies(
    relay: RelayUnderTest, caplog: pytest.LogCaptureFixture
) -> None:
    """What needs no such right goes on, and the log says what is missing."""
    payment_id = relay.stripe.pay(link(relay))
    delivered(relay)
    relay.stripe.api_keys.allow(API_KEY, {"event": "none"})
    relay.stripe.fail_next(3, path_prefix="/v1/payment_intents/search")
    relay.clock.ahead_s = 73 * HOUR_S
    assert [one.outcome for one in tidy(relay.relay)] == ["released"]
    assert refunds(relay, payment_id) == [250]
    assert "Cannot look for immediate payments whose webhook was lost: list events" in caplog.text
    assert "Cannot look for immediate payments of more than a week ago: search payments" in caplog.text
