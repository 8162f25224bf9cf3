"""POST /addCredit: signed by Stripe's own library, published to a real broker."""

from __future__ import annotations

import itertools
import json
import logging
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import stripe
from conftest import PASSWORDS
from relay_parts import (
    API_KEY,
    OPERATOR_KEY,
    RELAY_SECRET,
    WEBHOOK_SECRET,
    Cabinet,
    RelayUnderTest,
    relay_under_test,
    until,
)
from werkzeug.test import TestResponse

from cloud_relay.rules.messages import signature
from cloud_relay.rules.orders import Order
from simulator.chain.broker import Broker

OLD_SECRET = "whsec_old"
OURS = Order("galaga-01", 3, 250, "usd").metadata()
sign = stripe.WebhookSignature.generate_signature_header
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """One broker for all of these tests; none of them leaves anything in it."""
    with Broker(tmp_path_factory.mktemp("webhook"), PASSWORDS) as running:
        yield running


@pytest.fixture(scope="module")
def relay(broker: Broker) -> Iterator[RelayUnderTest]:
    """A relay in the middle of a secret's rotation, called by nobody but the tests."""
    with relay_under_test(broker, STRIPE_WEBHOOK_SECRET=f"{WEBHOOK_SECRET},{OLD_SECRET}") as running:
        running.stripe.webhooks.url = None
        yield running


@pytest.fixture
def cabinet(broker: Broker) -> Iterator[Cabinet]:
    """The cabinet galaga-01, which hears its coin pulses."""
    with Cabinet("galaga-01", broker) as connected:
        yield connected


def reservation(age_s: float = 0, **changes: Any) -> dict[str, Any]:
    """The event that says that a payment was reserved, `age_s` ago."""
    intent = {
        "object": "payment_intent",
        "id": f"pi_{next(_numbers)}",
        "created": int(time.time() - age_s),
        "status": "requires_capture",
        "amount": 250,
        "amount_capturable": 250,
        "currency": "usd",
        "metadata": OURS,
    } | changes
    return event("payment_intent.amount_capturable_updated", intent, age_s)


def immediate(metadata: dict[str, str], amount: int = 299, **changes: Any) -> dict[str, Any]:
    """The event that says that a session was paid at once."""
    session = {
        "object": "checkout.session",
        "id": f"cs_test_{next(_numbers)}",
        "created": int(time.time()),
        "payment_status": "paid",
        "payment_intent": f"pi_{next(_numbers)}",
        "amount_total": amount,
        "currency": "usd",
        "metadata": metadata,
    } | changes
    return event("checkout.session.completed", session)


def event(kind: str, about: dict[str, Any], age_s: float = 0) -> dict[str, Any]:
    """An event as Stripe sends it."""
    return {
        "object": "event",
        "id": f"evt_{next(_numbers)}",
        "type": kind,
        "livemode": False,
        "created": int(time.time() - age_s),
        "data": {"object": about},
    }


def deliver(relay: RelayUnderTest, body: bytes, signature_header: str | None) -> TestResponse:
    """Post these bytes to the webhook, with this header or without any."""
    headers = {} if signature_header is None else {"Stripe-Signature": signature_header}
    return relay.client.post("/addCredit", data=body, headers=headers)


def test_a_reservation_becomes_a_signed_coin_pulse(relay: RelayUnderTest, cabinet: Cabinet) -> None:
    """Stripe gets its 200 only after the broker's PUBACK."""
    said = reservation()
    answer = relay.post_event(said)
    payment_id = said["data"]["object"]["id"]
    assert (answer.status_code, answer.json) == (200, {"published": True, "paymentId": payment_id})
    pulse = cabinet.payload()
    created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(said["data"]["object"]["created"]))
    assert pulse == {
        "machineId": "galaga-01",
        "credits": 3,
        "timestamp": created,
        "paymentId": payment_id,
        "amount": 250,
        "currency": "usd",
        "windowS": 180,
    }
    (message,) = cabinet.heard
    token = relay.settings.tokens.issue("galaga-01")
    assert message.properties.UserProperty == [("sig", signature(token, message.payload))]
    assert 140 <= message.properties.MessageExpiryInterval <= 150


def test_the_same_webhook_twice_is_the_same_message_twice(relay: RelayUnderTest, cabinet: Cabinet) -> None:
    """The cabinet knows it by its payment id, and an old cabinet by its bytes."""
    said = reservation()
    assert [relay.post_event(said).status_code for _ in range(2)] == [200, 200]
    until(lambda: len(cabinet.heard), 2, "both messages")
    assert cabinet.heard[0].payload == cabinet.heard[1].payload


def test_a_secret_on_its_way_out_still_counts(relay: RelayUnderTest, cabinet: Cabinet) -> None:
    """During a rotation Stripe may sign with either."""
    assert relay.post_event(reservation(), secret=OLD_SECRET).status_code == 200


NO_SIGNATURE = "the header Stripe-Signature is missing: Stripe sends one, and proxies may drop it"


def not_stripes(body: str) -> str:
    """How many bytes arrived is told: whoever sent them sees whether a proxy changed them."""
    return (
        f"the signature is not Stripe's for these {len(body.encode())} bytes and this STRIPE_WEBHOOK_SECRET"
    )


def now_s() -> int:
    """Unix seconds, as a signature has them."""
    return int(time.time())


@pytest.mark.parametrize(
    "signed",
    [
        lambda body: None,
        lambda body: "",
        lambda body: "nonsense",
        lambda body: f"t={now_s()},v1=0",
        lambda body: f"t={now_s()},v1=é",
        lambda body: sign(body, WEBHOOK_SECRET).replace("t=", "t=x"),
        lambda body: sign(body, WEBHOOK_SECRET).replace("v1=", "v0="),
        lambda body: sign(f"{body} ", WEBHOOK_SECRET),
        lambda body: sign(body, "whsec_other"),
        lambda body: sign(body, f"{WEBHOOK_SECRET},{OLD_SECRET}"),
    ],
    ids=[
        "no header",
        "empty",
        "nonsense",
        "no signature",
        "not ASCII",
        "no time",
        "another scheme",
        "other bytes",
        "other secret",
        "both secrets as one",
    ],
)
def test_a_reservation_without_stripes_own_signature_is_refused(
    relay: RelayUnderTest, cabinet: Cabinet, signed: Callable[[str], str | None]
) -> None:
    """Nothing but its signature is wrong with it, and signed rightly it becomes a credit."""
    body = json.dumps(reservation())
    signature_header = signed(body)
    refused = deliver(relay, body.encode(), signature_header)
    said = not_stripes(body) if signature_header else NO_SIGNATURE
    assert (refused.status_code, refused.json, cabinet.heard) == (400, {"error": said}, [])
    assert deliver(relay, body.encode(), sign(body, WEBHOOK_SECRET)).status_code == 200


def test_a_signature_counts_for_five_minutes(relay: RelayUnderTest, cabinet: Cabinet) -> None:
    """As long as Stripe's own library takes it; a second more is left for a slow test."""
    body = json.dumps(reservation())
    header = sign(body, WEBHOOK_SECRET, timestamp=now_s() - 298)
    assert deliver(relay, body.encode(), header).status_code == 200


def test_an_old_signature_is_told_as_a_matter_of_clocks(relay: RelayUnderTest, cabinet: Cabinet) -> None:
    """Not as a wrong secret. It proves nothing of the clock: whoever kept the bytes can send them again."""
    body = json.dumps(reservation())
    refused = deliver(relay, body.encode(), sign(body, WEBHOOK_SECRET, timestamp=now_s() - 3600))
    assert refused.status_code == 400
    assert re.sub("360[01]", "3600", refused.json["error"]) == (
        "Stripe signed it 3600 s ago by the relay's clock, and more than 300 s is refused: the secret is "
        "right; the clock is ahead of Stripe's, or somebody sends an old webhook again"
    )
    assert (cabinet.heard, relay.relay.fitness.troubles) == ([], ())


def test_a_signature_of_the_future_proves_the_clock_behind(relay: RelayUnderTest, cabinet: Cabinet) -> None:
    """Nothing is sold or published until an answer of Stripe's shows it set; then the payment is credited."""
    body = json.dumps(reservation())
    assert deliver(relay, body.encode(), sign(body, WEBHOOK_SECRET, now_s() + 60)).status_code == 503
    assert cabinet.heard == []
    (trouble,) = relay.relay.fitness.troubles
    assert re.sub("5[89]|60", "60", trouble.text) == "the relay's clock is 60 s behind Stripe's"
    assert cabinet.payload()["credits"] == 3
    assert relay.relay.fitness.troubles == ()


def test_a_thin_event_names_the_payload_style(relay: RelayUnderTest) -> None:
    """An event destination may be set to send no more than the id of what has happened."""
    thin = json.dumps(
        {"id": "evt_1", "object": "v2.core.event", "type": "v1.charge.refunded", "context": None}
    )
    refused = deliver(relay, thin.encode(), sign(thin, WEBHOOK_SECRET))
    assert (refused.status_code, refused.json) == (
        400,
        {"error": "the body is a thin event: give the destination at Stripe the payload style Snapshot"},
    )


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"", "the body is not JSON: Expecting value: line 1 column 1 (char 0)"),
        (b"not json", "the body is not JSON: Expecting value: line 1 column 1 (char 0)"),
        (b"[]", "the body is no Stripe event"),
        (b"{}", "the body is no Stripe event"),
        *[
            (json.dumps(reservation() | change).encode(), "the body is no Stripe event")
            for change in (
                {"object": "payment_intent"},
                {"type": None},
                {"created": "now"},
                {"data": {}},
                {"data": {"object": "pi_1"}},
            )
        ],
    ],
)
def test_a_signed_body_that_is_no_event_is_refused(
    relay: RelayUnderTest, cabinet: Cabinet, body: bytes, error: str
) -> None:
    """Whoever holds the secret: what cannot be read is never a credit."""
    answer = deliver(relay, body, sign(body.decode(), WEBHOOK_SECRET))
    assert (answer.status_code, answer.json, cabinet.heard) == (400, {"error": error}, [])


def test_bytes_that_are_no_text_are_refused(relay: RelayUnderTest) -> None:
    """Stripe's library cannot even look at them."""
    answer = deliver(relay, b"\xff\xfe", f"t={now_s()},v1=0")
    assert (answer.status_code, answer.json) == (400, {"error": not_stripes("??")})


def test_a_signature_from_a_clock_ahead_of_ours_counts(relay: RelayUnderTest, cabinet: Cabinet) -> None:
    """It is believed, and kept until our own clock, which may be behind, is known to be right."""
    body = json.dumps(reservation())
    header = sign(body, WEBHOOK_SECRET, timestamp=now_s() + 3600)
    assert deliver(relay, body.encode(), header).status_code == 503
    assert cabinet.payload()["paymentId"] == json.loads(body)["data"]["object"]["id"]


def test_a_body_of_five_megabytes_is_not_even_read(relay: RelayUnderTest) -> None:
    """Nobody can fill the memory, signed or not."""
    body = json.dumps(reservation(description="x" * 5_000_000))
    answer = deliver(relay, body.encode(), sign(body, WEBHOOK_SECRET))
    assert (answer.status_code, answer.json) == (
        413,
        {"error": "The data value transmitted exceeds the capacity limit."},
    )


def test_an_event_of_the_other_mode_is_refused(relay: RelayUnderTest, cabinet: Cabinet) -> None:
    """A test payment must not buy a credit from a relay that takes real money, nor the reverse."""
    answer = relay.post_event(reservation() | {"livemode": True})
    assert (answer.status_code, cabinet.heard) == (400, [])
    assert answer.json == {"error": "the event's livemode is not that of this relay's key"}


@pytest.mark.parametrize(
    ("said", "ignored"),
    [
        (event("customer.created", {}), "customer.created"),
        (reservation(metadata={}), "not a reservation of ours"),
        (reservation(metadata={"order": "7"}), "not a reservation of ours"),
        (reservation(status="canceled"), "not a reservation of ours"),
        (immediate(OURS, payment_status="unpaid"), "not an immediate payment of ours"),
        (immediate({}), "not an immediate payment of ours"),
    ],
)
def test_what_is_not_ours_is_left_alone(
    relay: RelayUnderTest, cabinet: Cabinet, said: dict[str, Any], ignored: str
) -> None:
    """The account may sell other things too."""
    answer = relay.post_event(said)
    assert (answer.status_code, answer.json, cabinet.heard) == (200, {"ignored": ignored}, [])


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"machine_id": "+"}, "machine_id is '+'"),
        ({"machine_id": "#"}, "machine_id is '#'"),
        ({"machine_id": "a/b"}, "machine_id is 'a/b'"),
        ({"machine_id": "x" * 500}, "machine_id is 'xxx"),
        ({"quantity": "three"}, "quantity is 'three'"),
        ({"quantity": "-1"}, "quantity is '-1'"),
        ({"quantity": "1e9"}, "quantity is '1e9'"),
        ({"credits_per_unit": "-1"}, "credits_per_unit is '-1'"),
        ({"amount": "1"}, "paid 250 usd, but 1 usd was ordered"),
        ({"currency": "eur"}, "paid 250 usd, but 250 eur was ordered"),
    ],
)
def test_metadata_that_cannot_be_believed_is_reported_and_not_published(
    relay: RelayUnderTest,
    cabinet: Cabinet,
    caplog: pytest.LogCaptureFixture,
    change: dict[str, str],
    says: str,
) -> None:
    """Repeating cannot mend it, so Stripe is told 200; the operator finds the payment id in the log."""
    said = reservation(metadata=OURS | change)
    answer = relay.post_event(said)
    assert (answer.status_code, cabinet.heard) == (200, [])
    assert says in answer.json["reported"]
    errors = [r.getMessage() for r in caplog.records if r.levelno == logging.ERROR]
    assert len(errors) == 1
    assert said["data"]["object"]["id"] in errors[0]


@pytest.mark.parametrize("change", [{"quantity": "0"}, {"credits_per_unit": "0.1"}, {"quantity": "101"}])
def test_money_that_buys_no_whole_credit_or_too_many_is_released(
    relay: RelayUnderTest, cabinet: Cabinet, change: dict[str, str]
) -> None:
    """The player gets the reservation back at once, and a repeated webhook changes nothing."""
    payment_id = relay.pay_in_secret(OURS | change)
    answers = [relay.post_event(reservation(id=payment_id, metadata=OURS | change)) for _ in range(2)]
    assert [(answer.status_code, answer.json["givenBack"]) for answer in answers] == [
        (200, "settled"),
        (200, "already"),
    ]
    assert (relay.payment(payment_id).status, cabinet.heard) == ("canceled", [])


def test_an_immediate_payment_that_buys_no_whole_credit_is_refunded(
    relay: RelayUnderTest, cabinet: Cabinet
) -> None:
    """In full, and once."""
    metadata = {"machine_id": "galaga-01"}
    payment_id = relay.pay_in_secret(metadata, amount=99, capture="automatic")
    said = immediate(metadata, 99, payment_intent=payment_id)
    answers = [relay.post_event(said) for _ in range(2)]
    assert [answer.json["givenBack"] for answer in answers] == ["settled", "already"]
    assert (relay.payment(payment_id).refunded, cabinet.heard) == (99, [])


def test_a_release_that_stripe_did_not_do_is_asked_for_again(relay: RelayUnderTest) -> None:
    """503: Stripe repeats the webhook, and the release with it."""
    metadata = OURS | {"quantity": "0"}
    payment_id = relay.pay_in_secret(metadata)
    said = reservation(id=payment_id, metadata=metadata)
    relay.stripe.fail_next(status=429, path_prefix="/v1/payment_intents/", method="GET")
    assert [relay.post_event(said).status_code for _ in range(2)] == [503, 200]


@pytest.mark.parametrize("age_s", [176, 172_800])
def test_a_late_webhook_publishes_nothing(relay: RelayUnderTest, cabinet: Cabinet, age_s: float) -> None:
    """A credit that arrives after its player has left is worse than none, and none is not charged."""
    said = reservation(age_s)
    answer = relay.post_event(said)
    late = {"late": True, "paymentId": said["data"]["object"]["id"]}
    assert (answer.status_code, answer.json, cabinet.heard) == (200, late, [])


@pytest.mark.parametrize(
    ("metadata", "amount", "credits"),
    [
        ({"machine_id": "galaga-01"}, 299, 2),
        ({"machine_id": "galaga-01", "quantity": "3", "credits_per_unit": "2"}, 300, 6),
        (OURS, 250, 3),
    ],
)
def test_an_immediate_payment_is_published_by_its_payment_intent(
    relay: RelayUnderTest, cabinet: Cabinet, metadata: dict[str, str], amount: int, credits: int
) -> None:
    """Links of the ancestor's name the machine only, and sell by the amount."""
    said = immediate(metadata, amount)
    assert relay.post_event(said).status_code == 200
    pulse = cabinet.payload()
    payment_id = said["data"]["object"]["payment_intent"]
    assert (pulse["paymentId"], pulse["credits"], pulse["amount"]) == (payment_id, credits, amount)


def test_nobody_subscribed_is_a_503_so_that_stripe_repeats(relay: RelayUnderTest) -> None:
    """The cabinet may come back within the window."""
    said = reservation(metadata=OURS | {"machine_id": "pacman-02"})  # which is never connected here
    answer = relay.post_event(said)
    assert (answer.status_code, answer.json) == (
        503,
        {
            "published": False,
            "paymentId": said["data"]["object"]["id"],
            "error": "nobody is subscribed to arcade/machine/pacman-02/coinpulse",
        },
    )


def test_a_broker_that_was_away_gets_the_credit_from_stripes_repetition(
    relay: RelayUnderTest, broker: Broker
) -> None:
    """503 while it is away, 200 once it is back."""
    said = reservation()
    broker.stop()
    assert relay.post_event(said).status_code == 503
    broker.start()
    with Cabinet("galaga-01", broker) as cabinet:
        assert relay.post_event(said).status_code == 200
        assert cabinet.payload()["paymentId"] == said["data"]["object"]["id"]


def test_no_secret_and_no_payload_reaches_the_log(
    relay: RelayUnderTest, cabinet: Cabinet, caplog: pytest.LogCaptureFixture
) -> None:
    """Logs are read by many."""
    caplog.set_level(logging.DEBUG, "cloud_relay")
    relay.post_event(reservation(shipping="Baker Street"))
    relay.post_event(reservation(shipping="Baker Street"), secret="whsec_other")
    token = relay.settings.tokens.issue("galaga-01")
    hidden = (API_KEY, WEBHOOK_SECRET, RELAY_SECRET, OPERATOR_KEY, token, "relay-password", "Baker")
    assert caplog.text
    assert [word for word in hidden if word in caplog.text] == []
