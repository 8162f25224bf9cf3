"""GET /metrics: what one process has counted, for whoever has the operator's key."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import stripe
from conftest import PASSWORDS, wait_until
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families
from relay_parts import OPERATOR_KEY, Cabinet, RelayUnderTest, environment, relay_under_test
from test_lambda_handler import api_gateway
from test_relay_webhook import reservation

from cloud_relay.lambda_handler import handler_for
from cloud_relay.memory.tally import Spread, Spreads, Tally
from cloud_relay.rules.door_states import DOOR_STATES
from cloud_relay.rules.log_events import OUTCOMES
from cloud_relay.settling.tidy import tidy_recent
from simulator.chain.broker import Broker

ROOT = Path(__file__).parent.parent
KEY = {"Authorization": f"Bearer {OPERATOR_KEY}"}
Labels = tuple[tuple[str, str], ...]


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """One broker for all of these tests."""
    with Broker(tmp_path_factory.mktemp("metrics"), PASSWORDS) as running:
        yield running


@pytest.fixture
def relay(broker: Broker) -> Iterator[RelayUnderTest]:
    """A relay that has counted nothing yet."""
    with relay_under_test(broker) as running:
        yield running


@pytest.fixture
def cabinet(broker: Broker) -> Iterator[Cabinet]:
    """A cabinet that accepts payments, and leaves no status behind."""
    with Cabinet("galaga-01", broker) as connected:
        connected.say()
        yield connected
        connected.say_raw(b"")


def figures(relay: RelayUnderTest) -> dict[str, dict[Labels, float]]:
    """Every sample by its name and labels, as Prometheus reads them."""
    answer = relay.client.get("/metrics", headers=KEY)
    assert (answer.status_code, answer.content_type) == (200, "text/plain; version=0.0.4; charset=utf-8")
    found: dict[str, dict[Labels, float]] = {}
    for family in text_string_to_metric_families(answer.text):
        for sample in family.samples:
            labels = tuple(sorted(sample.labels.items()))
            found.setdefault(sample.name.removeprefix("arcade_relay_"), {})[labels] = sample.value
    return found


def only(values: dict[Labels, float]) -> dict[tuple[str, ...], float]:
    """What is not 0, by the values of its labels in the order of their names."""
    return {tuple(value for _, value in labels): count for labels, count in values.items() if count}


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, 401),
        ({"Authorization": "Bearer "}, 401),
        ({"Authorization": "Bearer wrong-key-of-at-least-32-characters"}, 401),
        ({"Authorization": f"Basic {OPERATOR_KEY}"}, 401),
        ({"Authorization": b"Bearer \xff\xfe".decode("latin-1")}, 401),
    ],
)
def test_without_the_operators_key_there_are_no_figures(
    relay: RelayUnderTest, headers: dict[str, str], code: int
) -> None:
    """Nor with a machine's token."""
    for sent in (headers, relay.token()):
        answer = relay.client.get("/metrics", headers=sent)
        assert (answer.status_code, answer.json) == (
            code,
            {"error": "Authorization: Bearer <the OPERATOR_KEY> is missing or wrong"},
        )


def test_a_relay_without_an_operators_key_has_no_such_page(broker: Broker) -> None:
    """An empty key opens nothing."""
    with relay_under_test(broker, OPERATOR_KEY=None) as relay:
        for headers in ({}, {"Authorization": "Bearer "}):
            assert relay.client.get("/metrics", headers=headers).status_code == 404


def test_on_lambda_there_are_no_figures(relay: RelayUnderTest) -> None:
    """They would be those of whichever process is asked."""
    event = api_gateway("GET", "/metrics", {"authorization": f"Bearer {OPERATOR_KEY}"}, None, False)
    answer = handler_for(relay.relay)(event, None)
    assert (answer["statusCode"], json.loads(answer["body"])) == (
        404,
        {"error": "Each process counts for itself, and there are many: watch the log's events instead"},
    )


def test_no_start_of_the_relay_pays_for_prometheus_library() -> None:
    """It is imported when somebody asks for figures; on Lambda nobody can."""
    code = (
        "import sys; from cloud_relay import app, lambda_handler; app.create_app_from_environment(); "
        "print([name for name in sys.modules if name.startswith('prometheus')])"
    )
    variables = {"PATH": os.environ["PATH"], **environment(TIDY_EVERY_S="0")}
    command = [sys.executable, "-c", code]
    ran = subprocess.run(command, env=variables, cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"


def test_a_sale_is_counted_from_its_door_to_its_receipt(relay: RelayUnderTest, cabinet: Cabinet) -> None:
    """Each event once, by its outcome; what has not happened is there and 0."""
    before = figures(relay)
    assert set(before["payments_total"].values()) == {0}
    assert len(before["payments_total"]) == sum(
        len(each) for name, each in OUTCOMES.items() if name != "tidied"
    )
    bought = relay.client.post("/p/galaga-01", data={"offer": "3-250-usd"})
    payment_id = relay.stripe.pay(bought.headers["Location"])
    assert cabinet.payload()["paymentId"] == payment_id
    receipt = {"paymentId": payment_id, "outcome": "delivered", "creditsDelivered": 3, "creditsPaid": 3}
    for _ in range(2):
        relay.client.post("/machines/galaga-01/receipts", json=receipt, headers=relay.token())
    wait_until(lambda: only(figures(relay)["event_to_puback_seconds_count"]), "the webhook's answer")
    after = figures(relay)
    assert only(after["payments_total"]) == {("published", "first"): 1, ("settled", "delivered"): 2}
    assert only(after["paid_to_puback_seconds_count"]) == {("first",): 1}
    requests = only(after["requests_total"])
    assert requests[("POST", "/p/<machine_id>", "303")] == 1
    assert requests[("POST", "/machines/<machine_id>/receipts", "200")] == 2
    calls = only(after["stripe_calls_total"])
    assert calls[("2xx", "write", "checkout")] == 1
    assert calls[("2xx", "write", "payment_intents")] == 1  # the capture
    assert calls[("2xx", "read", "payment_intents")] == 2  # each receipt reads its payment


def test_strangers_make_no_figures_of_their_own(relay: RelayUnderTest) -> None:
    """Whatever addresses, methods and machines they make up."""
    before = {name: len(values) for name, values in figures(relay).items()}
    for number in range(50):
        if number < 3:  # each door waits for what a broker might still send of its machine
            relay.client.get(f"/p/made-up-{number}")
        relay.client.get(f"/made-up-{number}")
        relay.client.open("/status", method=f"MADEUP{number}")
        relay.client.post(f"/machines/made-up-{number}/receipts", json={})
    after = {name: len(values) for name, values in figures(relay).items()}
    assert sum(after.values()) - sum(before.values()) < 100
    page = relay.client.get("/metrics", headers=KEY).text
    assert re.findall(r"(?i)made-?up", page) == []


def test_what_failed_and_what_was_tried_again_is_counted(relay: RelayUnderTest) -> None:
    """A broker without a subscriber, and a Stripe that answers the third time."""
    relay.post_event(reservation())
    relay.stripe.fail_next(2, status=500)
    tidy_recent(relay.relay)
    found = figures(relay)
    assert only(found["payments_total"])[("publish_failed", "nobody_subscribed")] == 1
    assert found["retries_total"][(("what", "stripe"),)] == 2
    assert only(found["stripe_calls_total"])[("5xx", "read", "payment_intents")] == 2
    assert only(found["tidy_runs_total"]) == {("recent", "done"): 1}
    wait_until(lambda: figures(relay)["retries_total"][(("what", "publish"),)] > 0, "another try")


def test_a_stripe_that_cannot_be_reached_is_counted(relay: RelayUnderTest) -> None:
    """Its calls have no answer."""
    relay.stripe.fail_next(3, status="timeout")
    with pytest.raises(ConnectionError):
        relay.relay.stripe().payment("pi_3Abc")
    assert only(figures(relay)["stripe_calls_total"])[("none", "read", "payment_intents")] == 3


def test_the_broker_tidy_and_the_key_are_told_as_they_are(relay: RelayUnderTest) -> None:
    """What is not known has no value, or 0 where an alert has to see that."""
    first = figures(relay)
    assert ("broker_up" in first, first["tidy_last_run_timestamp_seconds"][()], first["sells"][()]) == (
        False,
        0,
        1,
    )
    tidy_recent(relay.relay)
    now = figures(relay)
    assert now["broker_up"][()] == 1
    assert abs(now["tidy_last_run_timestamp_seconds"][()] - relay.clock()) < 60


def test_doors_are_counted_by_what_they_say(relay: RelayUnderTest, broker: Broker) -> None:
    """Beside the scrape, which has what the last look has shown; galaga-01 is in OFFERS."""
    assert "doors" not in figures(relay)
    with Cabinet("pacman-02", broker) as pacman:
        pacman.say(accepting=False, state="made up by a thief")
        wait_until(lambda: "doors" in figures(relay), "the look at the doors")
        pacman.say_raw(b"")
    assert only(figures(relay)["doors"]) == {("not_heard_of",): 1, ("other",): 1}
    assert len(figures(relay)["doors"]) == len(DOOR_STATES)


@given(st.lists(st.floats(0, 20)))
def test_times_are_sorted_under_their_bounds(values: list[float]) -> None:
    """As Prometheus has it: each bound counts all that are no longer, and the last all of them."""
    bounds = (0.1, 1.0, 10.0)
    spreads = Spreads(bounds)
    for value in values:
        spreads.add(value)
    expected = tuple(sum(value <= bound for value in values) for bound in (*bounds, float("inf")))
    assert spreads.spreads() == ({(): Spread(expected, sum(values))} if values else {})


def test_counts_are_kept_by_key() -> None:
    """What was read does not change any more."""
    tally = Tally()
    tally.count("a", "b")
    read: dict[Any, int] = tally.counts()
    tally.count("a", "b")
    assert (read, tally.counts()) == ({("a", "b"): 1}, {("a", "b"): 2})


def test_the_library_still_asks_us_before_it_tries_again() -> None:
    """We count its retries by a method of its own that is no part of its interface."""
    assert callable(stripe.RequestsClient._sleep_time_seconds)
