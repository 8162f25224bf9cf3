"""What machines said last, while others ask for machines that there are not."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import replace

import pytest
import requests
import stripe
from conftest import wait_until
from relay_parts import WEBHOOK_SECRET, Cabinet, Clock, environment, relay_under_test, served

from cloud_relay.app import app_for
from cloud_relay.broker.connection import Place
from cloud_relay.broker.publisher import STATUS_WITHIN_S, Publisher
from cloud_relay.broker.statuses import MOST_WAITING, Statuses
from cloud_relay.errors import BrokerUnavailable, Busy
from cloud_relay.rules.messages import NO_STATUS, MachineStatus
from cloud_relay.rules.orders import Order
from cloud_relay.settings import MqttSettings, read_settings
from simulator.chain.broker import Broker
from simulator.stripe.serving import THREADS

ACCEPTING = MachineStatus(online=True, accepting=True, state="attract")
SILENT = [f"silent-{number}" for number in range(THREADS)]


class HeldPublisher(Publisher):
    """A publisher whose long waits end when the test lets them go, and which notes who was asked for."""

    def __init__(self, mqtt: MqttSettings) -> None:
        super().__init__(mqtt)
        self.asked: list[str] = []
        self.waiting: list[str] = []
        self.let_go = threading.Event()

    def retained_status(
        self, machine_id: str, *, within_s: float = STATUS_WITHIN_S, place: Place = nullcontext
    ) -> MachineStatus | None:
        """What the broker has, at once or after the wait."""
        self.asked.append(machine_id)

        @contextmanager
        def held() -> Iterator[None]:
            with place():
                self.waiting.append(machine_id)
                assert self.let_go.wait(60)
                yield

        return super().retained_status(machine_id, within_s=0.2, place=held)


@pytest.fixture
def publisher(broker: Broker) -> Iterator[HeldPublisher]:
    """A publisher at a real broker."""
    settings = read_settings(
        environment(MQTT_PORT=str(broker.services_port), MQTT_CA_FILE=str(broker.ca_file))
    )
    made = HeldPublisher(settings.mqtt)
    yield made
    made.let_go.set()
    made.close()


@pytest.fixture
def clock() -> Clock:
    """The clock by which silence is remembered."""
    return Clock()


@pytest.fixture
def statuses(publisher: HeldPublisher, clock: Clock) -> Statuses:
    """The statuses of the machines at that broker."""
    return Statuses(publisher, clock)


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    """As many threads as the relay's server has."""
    with ThreadPoolExecutor(THREADS) as pool:
        yield pool


def all_wait(
    statuses: Statuses, publisher: HeldPublisher, threads: ThreadPoolExecutor
) -> list[Future[MachineStatus]]:
    """Take all the places where callers can wait."""
    asking = [threads.submit(statuses.of, machine_id) for machine_id in SILENT[:MOST_WAITING]]
    wait_until(lambda: len(publisher.waiting) == MOST_WAITING, "all places to be taken")
    return asking


def test_a_machine_that_is_heard_of_is_asked_for_anew_each_time(
    statuses: Statuses, publisher: HeldPublisher, broker: Broker
) -> None:
    """The door must not sell by an old status."""
    with Cabinet("galaga-01", broker) as cabinet:
        cabinet.say()
        before = statuses.of("galaga-01")
        cabinet.say(accepting=False, state="playing")
        after = statuses.of("galaga-01")
    assert (before, after) == (ACCEPTING, MachineStatus(online=True, accepting=False, state="playing"))
    assert publisher.waiting == []


def test_a_status_that_comes_late_is_waited_for(
    statuses: Statuses, publisher: HeldPublisher, threads: ThreadPoolExecutor, broker: Broker
) -> None:
    """A slow broker is no reason to send a player away."""
    with Cabinet("galaga-01", broker) as cabinet:
        asking = threads.submit(statuses.of, "galaga-01")
        wait_until(lambda: publisher.waiting == ["galaga-01"], "the wait")
        cabinet.say()
        publisher.let_go.set()
        assert asking.result() == ACCEPTING


def test_a_silent_machine_is_asked_for_again_only_after_a_few_seconds(
    statuses: Statuses, publisher: HeldPublisher, clock: Clock, broker: Broker
) -> None:
    """One phone that looks again and again holds nobody up, and a machine that comes back is soon seen."""
    publisher.let_go.set()
    seen = [statuses.of("galaga-01") for _ in range(5)]
    assert (seen, publisher.waiting) == ([NO_STATUS] * 5, ["galaga-01"])
    with Cabinet("galaga-01", broker) as cabinet:
        cabinet.say()
        clock.ahead_s = 3
        assert statuses.of("galaga-01") == ACCEPTING


def test_when_enough_wait_the_next_is_turned_away_and_a_machine_that_is_there_is_not(
    statuses: Statuses, publisher: HeldPublisher, threads: ThreadPoolExecutor, broker: Broker
) -> None:
    """Made-up machine ids cannot close the doors of real machines."""
    asking = all_wait(statuses, publisher, threads)
    with pytest.raises(Busy, match=f"{MOST_WAITING} others wait for the broker"):
        statuses.of("silent-too")
    with Cabinet("galaga-01", broker) as cabinet:
        cabinet.say()
        assert statuses.of("galaga-01") == ACCEPTING
    publisher.let_go.set()
    assert [each.result() for each in asking] == [NO_STATUS] * MOST_WAITING
    assert statuses.of("silent-too") == NO_STATUS


def test_a_machine_that_was_heard_of_is_waited_for_whoever_else_waits(
    statuses: Statuses, publisher: HeldPublisher, threads: ThreadPoolExecutor, broker: Broker
) -> None:
    """A slow moment of the broker sends nobody away from a machine that is there."""
    with Cabinet("galaga-01", broker) as cabinet:
        cabinet.say()
        assert statuses.of("galaga-01") == ACCEPTING
        asking = all_wait(statuses, publisher, threads)
        cabinet.say_raw(b"")
        doors = [threads.submit(statuses.of, "galaga-01") for _ in range(MOST_WAITING)]
        wait_until(lambda: publisher.waiting.count("galaga-01") == MOST_WAITING, "all of them to wait")
        cabinet.say()
        publisher.let_go.set()
        assert [door.result() for door in doors] == [ACCEPTING] * MOST_WAITING
        assert [each.result() for each in asking] == [NO_STATUS] * MOST_WAITING


def test_a_machine_that_fell_silent_has_no_more_patience_than_one_that_was_never_heard_of(
    statuses: Statuses, publisher: HeldPublisher, clock: Clock, threads: ThreadPoolExecutor, broker: Broker
) -> None:
    """A machine that was sold last week must not be a way to hold the doors of all others."""
    publisher.let_go.set()
    with Cabinet("galaga-01", broker) as cabinet:
        cabinet.say()
        statuses.of("galaga-01")
        cabinet.say_raw(b"")
        assert statuses.of("galaga-01") == NO_STATUS
    publisher.let_go.clear()
    publisher.waiting.clear()
    clock.ahead_s = 3
    all_wait(statuses, publisher, threads)
    with pytest.raises(Busy, match=f"{MOST_WAITING} others wait for the broker"):
        statuses.of("galaga-01")
    publisher.let_go.set()


def test_a_wait_that_ends_with_the_broker_leaves_its_place_to_others(
    statuses: Statuses, publisher: HeldPublisher, threads: ThreadPoolExecutor, broker: Broker
) -> None:
    """Or the doors would stay busy after an outage. Nor is an outage taken for a machine's silence."""
    asking = all_wait(statuses, publisher, threads)
    broker.stop()
    publisher.let_go.set()
    assert [type(each.exception()) for each in asking] == [BrokerUnavailable] * MOST_WAITING
    broker.start()
    publisher.waiting.clear()
    assert [statuses.of(machine_id) for machine_id in SILENT[:3]] == [NO_STATUS] * 3
    assert publisher.waiting == SILENT[:3]


def test_webhooks_are_answered_while_every_thread_is_asked_for_an_unknown_machine(
    publisher: HeldPublisher, threads: ThreadPoolExecutor, broker: Broker
) -> None:
    """A few of the server's threads wait, the others have told their callers to try again."""
    with (
        relay_under_test(broker) as relay,
        served(app_for(replace(relay.relay, publisher=publisher))) as url,
        Cabinet("galaga-01", broker),
    ):
        asking = [threads.submit(requests.get, f"{url}/p/{each}", timeout=60) for each in SILENT]
        wait_until(lambda: set(publisher.asked) == set(SILENT), "every thread to be asked")
        body, headers = webhook()
        told = requests.post(f"{url}/addCredit", data=body, headers=headers, timeout=60)
        publisher.let_go.set()
        doors = [each.result() for each in asking]
    assert (told.status_code, told.json()) == (200, {"published": True, "paymentId": "pi_1"})
    assert sorted(door.status_code for door in doors) == [200] * MOST_WAITING + [503] * (
        THREADS - MOST_WAITING
    )
    busy = "Too many are asking right now. Try again in a moment. Nothing was charged."
    assert [busy in door.text for door in doors] == [door.status_code == 503 for door in doors]


def webhook() -> tuple[str, dict[str, str]]:
    """Stripe's word that three credits for galaga-01 were reserved: its body and its headers."""
    now_s = int(time.time())
    intent = {
        "id": "pi_1",
        "created": now_s,
        "status": "requires_capture",
        "amount_capturable": 250,
        "currency": "usd",
        "metadata": Order("galaga-01", 3, 250, "usd").metadata(),
    }
    kind = "payment_intent.amount_capturable_updated"
    event = {"object": "event", "type": kind, "created": now_s, "livemode": False, "data": {"object": intent}}
    body = json.dumps(event)
    signature = stripe.WebhookSignature.generate_signature_header(body, WEBHOOK_SECRET)
    return body, {"Stripe-Signature": signature}
