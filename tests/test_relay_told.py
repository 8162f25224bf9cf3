"""What happens to money is told once, by its event and its outcome: each of them, made to happen."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from conftest import PASSWORDS, wait_until
from relay_parts import OFFERS, Cabinet, RelayUnderTest, relay_under_test
from test_immediate_payments import delivered, link
from test_relay_webhook import reservation

from cloud_relay.app import app_for
from cloud_relay.broker.publisher import Publisher
from cloud_relay.errors import BrokerUnavailable, ClockWrong, PublishRefused
from cloud_relay.rules.immediate import MONEY_CAME
from cloud_relay.rules.log_events import FIELDS, OUTCOMES, EventName, LogEvent
from cloud_relay.rules.orders import Order
from cloud_relay.rules.phones.free_tickets import FreeTicket, ticket_now
from cloud_relay.rules.selling.periods import FreePlay
from cloud_relay.settling.tidy import LongTidy, tidy, tidy_recent
from simulator.chain.broker import Broker

HOUR_S = 3600
OURS = Order("galaga-01", 3, 250, "usd").metadata()
UNSELLABLE = OURS | {"quantity": "0"}


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """One broker for all of these tests; none of them leaves anything in it."""
    with Broker(tmp_path_factory.mktemp("told"), PASSWORDS) as running:
        yield running


@dataclass
class World:
    """A relay whose webhooks are lost unless a test delivers them, and its cabinet, if that is on."""

    relay: RelayUnderTest
    broker: Broker
    cabinets: list[Cabinet] = field(default_factory=list)

    def cabinet_on(self) -> None:
        """The cabinet is there."""
        cabinet = Cabinet("galaga-01", self.broker)
        self.cabinets.append(cabinet)
        cabinet.__enter__()

    def reserve(self, metadata: dict[str, str] = OURS) -> str:
        """Somebody has paid, and the relay has not heard of it."""
        return self.relay.pay_in_secret(metadata)

    def hear(self, metadata: dict[str, str] = OURS, **event: Any) -> str:
        """Somebody has paid, and the relay hears of it."""
        payment_id = self.reserve(metadata)
        self.relay.post_event(reservation(id=payment_id, metadata=metadata, **event))
        return payment_id

    def hear_without_a_broker(self, why: Exception) -> str:
        """The same, while the broker answers so."""
        payment_id = self.reserve()
        failing = replace(self.relay.relay, publisher=Failing(why))
        app = app_for(failing, NoRetries())
        beside = replace(self.relay, relay=failing, app=app)
        beside.post_event(reservation(id=payment_id))
        return payment_id

    def pay_at_once(self, metadata: dict[str, str] = OURS) -> str:
        """Somebody has paid by an older relay's link, and the relay hears of it."""
        self.relay.stripe.webhooks.url = f"{self.relay.url}/addCredit"
        payment_id = self.relay.stripe.pay(link(self.relay, metadata))
        delivered(self.relay)
        return payment_id

    def report(self, payment_id: str, outcome: str, credits: int) -> str:
        """The cabinet sends its receipt."""
        body = {"paymentId": payment_id, "outcome": outcome, "creditsDelivered": credits, "creditsPaid": 3}
        self.relay.client.post("/machines/galaga-01/receipts", json=body, headers=self.relay.token())
        return payment_id

    def later(self, hours: float) -> None:
        """Time passes."""
        self.relay.clock.ahead_s = hours * HOUR_S


class Failing(Publisher):
    """A broker that takes nothing."""

    def __init__(self, why: Exception) -> None:
        self._why = why

    def publish(self, *_: Any, **__: Any) -> None:
        """Refuse it."""
        raise self._why


class NoRetries:
    """Nothing is tried again."""

    def keep(self, paid: object) -> None:
        """Forget it."""


@pytest.fixture
def world(broker: Broker) -> Iterator[World]:
    """Nobody has paid yet, nor has to."""
    free = {"periods": [{"free": {"credits": 3, "minutes": 10}}]}
    with relay_under_test(broker, OFFERS=json.dumps(OFFERS | free)) as relay:
        relay.stripe.webhooks.url = None
        made = World(relay, broker)
        try:
            yield made
        finally:
            for cabinet in made.cabinets:
                cabinet.__exit__(None, None, None)


def first(world: World) -> str:
    world.cabinet_on()
    return world.hear()


def retried(world: World) -> str:
    payment_id = world.hear()
    world.cabinet_on()
    wait_until(lambda: world.cabinets[0].heard, "the coin pulse at last")
    return payment_id


def repeated(world: World) -> str:
    world.cabinet_on()
    payment_id = world.reserve()
    world.later(60 / HOUR_S)
    tidy_recent(world.relay.relay)
    return payment_id


def nobody_subscribed_in_tidy(world: World) -> str:
    payment_id = world.reserve()
    world.later(60 / HOUR_S)
    tidy_recent(world.relay.relay)
    return payment_id


def too_late(world: World) -> str:
    payment_id = world.reserve()
    world.relay.post_event(reservation(age_s=400, id=payment_id))
    return payment_id


def bad_order(world: World) -> str:
    return world.hear(OURS, currency="eur")


def conflict(outcome: str, credits: int) -> Callable[[World], str]:
    def happens(world: World) -> str:
        payment_id = world.reserve()
        if credits:
            world.relay.relay.stripe().release(payment_id)
        else:
            world.report(payment_id, "delivered", 3)
        return world.report(payment_id, outcome, credits)

    return happens


def no_receipt(world: World) -> str:
    payment_id = world.reserve()
    world.later(73)
    tidy(world.relay.relay)
    return payment_id


def refunded_without_receipt(world: World) -> str:
    world.cabinet_on()
    payment_id = world.pay_at_once()
    world.later(73)
    tidy(world.relay.relay)
    return payment_id


def refunded_late(world: World) -> str:
    world.relay.stripe.webhooks.url = f"{world.relay.url}/addCredit"
    payment_id = world.relay.stripe.pay_later(link(world.relay), "sepa_debit")
    delivered(world.relay)
    world.later(3)
    world.relay.stripe.money_came(payment_id)
    delivered(world.relay, MONEY_CAME)
    return payment_id


def release_failed(world: World) -> str:
    payment_id = world.reserve()
    world.later(73)
    world.relay.stripe.fail_next(3, status=500, path_prefix=f"/v1/payment_intents/{payment_id}")
    tidy(world.relay.relay)
    return payment_id


def giving_back_failed(world: World) -> str:
    payment_id = world.reserve(UNSELLABLE)
    world.relay.stripe.fail_next(3, status=500, path_prefix=f"/v1/payment_intents/{payment_id}")
    world.relay.post_event(reservation(id=payment_id, metadata=UNSELLABLE))
    return payment_id


def receipt_failed(world: World) -> str:
    payment_id = world.reserve()
    world.relay.stripe.fail_next(3, status=500, path_prefix=f"/v1/payment_intents/{payment_id}")
    return world.report(payment_id, "delivered", 3)


def capture_failed(world: World) -> str:
    payment_id = world.reserve()
    world.relay.stripe.fail_next(3, status=500, path_prefix=f"/v1/payment_intents/{payment_id}/capture")
    return world.report(payment_id, "delivered", 3)


def held_for_hours(world: World) -> str:
    world.cabinet_on()
    payment_id = world.hear()
    world.later(2)
    LongTidy(world.relay.relay).go_on(60)
    return payment_id


def settled(outcome: str, credits: int) -> Callable[[World], str]:
    return lambda world: world.report(world.reserve(), outcome, credits)


def free_ticket(world: World) -> FreeTicket:
    """A phone's right to free credits."""
    return ticket_now("galaga-01", "p" * 22, FreePlay(3, 10), world.relay.clock())


def press_free(world: World, *, leaves: bool = False) -> str:
    """The phone presses the button for them; the name of its credits."""
    ticket, secret = free_ticket(world), world.relay.settings.tokens.relay_secret
    world.cabinet_on()
    (cabinet,) = world.cabinets
    cabinet.say()
    if leaves:
        cabinet.__exit__()
    world.relay.client.post("/p/galaga-01", data={"free": ticket.sealed(secret)})
    if leaves:
        cabinet.__enter__()
    cabinet.say_raw(b"")
    return ticket.payment_id(secret)


def settled_free(outcome: str, credits: int) -> Callable[[World], str]:
    def happens(world: World) -> str:
        name = free_ticket(world).payment_id(world.relay.settings.tokens.relay_secret)
        return world.report(name, outcome, credits)

    return happens


# What happens, and what is told of that payment, in order.
HAPPENS: dict[str, tuple[Callable[[World], str], list[tuple[str, str]]]] = {
    "first": (first, [("published", "first")]),
    "retried": (retried, [("publish_failed", "nobody_subscribed"), ("published", "retried")]),
    "repeated": (repeated, [("published", "repeated")]),
    "nobody there for tidy": (nobody_subscribed_in_tidy, [("publish_failed", "nobody_subscribed")]),
    "away": (
        lambda world: world.hear_without_a_broker(BrokerUnavailable("away")),
        [("publish_failed", "broker_away")],
    ),
    "refused": (
        lambda world: world.hear_without_a_broker(PublishRefused("no")),
        [("publish_failed", "refused")],
    ),
    "clock": (
        lambda world: world.hear_without_a_broker(ClockWrong("fast")),
        [("publish_failed", "clock_wrong")],
    ),
    "too late": (too_late, [("publish_failed", "too_late")]),
    "bad order": (bad_order, [("publish_failed", "bad_order")]),
    "delivered": (settled("delivered", 3), [("settled", "delivered")]),
    "partial": (settled("partial", 1), [("settled", "partial")]),
    "undelivered": (settled("undelivered", 0), [("settled", "undelivered")]),
    "free": (press_free, [("published", "free")]),
    "free, nobody there": (
        lambda world: press_free(world, leaves=True),
        [("publish_failed", "nobody_subscribed")],
    ),
    "free, delivered": (settled_free("delivered", 3), [("settled", "free_delivered")]),
    "free, in part": (settled_free("partial", 1), [("settled", "free_partial")]),
    "free, undelivered": (settled_free("undelivered", 0), [("settled", "free_undelivered")]),
    "conflict": (conflict("delivered", 3), [("conflict", "delivered")]),
    "conflict in part": (conflict("partial", 2), [("conflict", "partial")]),
    "conflict of nothing": (
        conflict("undelivered", 0),
        [("settled", "delivered"), ("conflict", "undelivered")],
    ),
    "no receipt": (no_receipt, [("released", "no_receipt")]),
    "unsellable": (lambda world: world.hear(UNSELLABLE), [("released", "unsellable")]),
    "charged, no receipt": (
        refunded_without_receipt,
        [("published", "first"), ("refunded", "no_receipt")],
    ),
    "charged, unsellable": (lambda world: world.pay_at_once(UNSELLABLE), [("refunded", "unsellable")]),
    "charged too late": (refunded_late, [("refunded", "came_too_late")]),
    "release failed": (release_failed, [("held", "release_failed")]),
    "giving back failed": (giving_back_failed, [("held", "giving_back_failed")]),
    "receipt failed": (receipt_failed, [("held", "receipt_failed")]),
    "capture failed": (capture_failed, [("held", "receipt_failed")]),
    "held": (held_for_hours, [("published", "first"), ("held", "no_receipt")]),
}


def events(caplog: pytest.LogCaptureFixture) -> list[LogEvent]:
    """What was told, in order."""
    return [record.event for record in caplog.records if isinstance(getattr(record, "event", None), LogEvent)]


@pytest.mark.parametrize(("happen", "told"), HAPPENS.values(), ids=list(HAPPENS))
def test_what_happens_to_money_is_told_once(
    world: World,
    caplog: pytest.LogCaptureFixture,
    happen: Callable[[World], str],
    told: list[tuple[str, str]],
) -> None:
    """With the payment, the machine, and the fields that are its event's own."""
    caplog.set_level(logging.INFO, "cloud_relay")
    payment_id = happen(world)
    wait_until(lambda: len(of(payment_id, events(caplog))) >= len(told), "what is told")
    found = of(payment_id, events(caplog))
    assert [(event.name, event.fields["outcome"]) for event in found] == told
    for event in found:
        assert tuple(event.fields) == FIELDS[event.name]
        if event.fields["outcome"] != "giving_back_failed":  # Stripe did not say whose it is
            assert event.fields["machine"] == "galaga-01"
        assert 0 <= int(event.fields["ms"]) < 60_000


def of(payment_id: str, told: list[LogEvent]) -> list[LogEvent]:
    """What was told of one payment."""
    return [event for event in told if event.fields.get("payment") == payment_id]


def test_every_outcome_is_among_what_happens_here() -> None:
    """A new one needs its own way to happen."""
    here = {each for _, told in HAPPENS.values() for each in told}
    there = {(name.value, outcome) for name, outcomes in OUTCOMES.items() for outcome in outcomes}
    assert there - here == {("tidied", "done"), ("tidied", "failed")}
    assert here - there == set()


def test_what_waits_for_its_receipt_is_told_each_hour_and_not_before(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """A cabinet may have lost its power for a moment."""
    world.cabinet_on()
    payment_id = world.hear()
    long = LongTidy(world.relay.relay)
    for hours in (0.7, 1.1, 1.8, 2.2, 2.9):
        world.later(hours)
        tidy_recent(world.relay.relay)
        long.go_on(60)
    said = [
        record.getMessage()
        for record in caplog.records
        if record.levelno == logging.WARNING and payment_id in record.getMessage()
    ]
    assert said == [f"Still holds {payment_id} of galaga-01: no receipt for {hours} h" for hours in (1, 2)]


def test_a_request_is_told_after_what_it_did(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """Its time is the whole of it."""
    caplog.set_level(logging.INFO, "cloud_relay")
    world.cabinet_on()
    began_s = time.monotonic()
    world.hear()
    took_ms = (time.monotonic() - began_s) * 1000
    published, request = events(caplog)[-2:]
    assert (published.name, request.name) == (EventName.PUBLISHED, EventName.REQUEST)
    assert (request.fields["method"], request.fields["route"], request.fields["status"]) == (
        *("POST", "/addCredit"),
        200,
    )
    assert int(published.fields["ms"]) <= int(request.fields["ms"]) <= took_ms + 1


def test_free_credits_are_counted_apart_from_sales(world: World) -> None:
    """Nobody paid: they have no time since, and raise no ration of reads at Stripe."""
    press_free(world)
    settled_free("delivered", 3)(world)
    tell = world.relay.relay.tell
    assert tell.payments.counts() == {("published", "free"): 1, ("settled", "free_delivered"): 1}
    assert (tell.paid_s.spreads(), tell.puback_s.spreads()) == ({}, {})
