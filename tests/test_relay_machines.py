"""What cabinets ask and tell over HTTPS, with Stripe failing in every way it can."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from conftest import PASSWORDS
from relay_parts import OFFERS, RelayUnderTest, mqtt_client, relay_under_test, until
from werkzeug.test import TestResponse

from cloud_relay.app import app_for
from cloud_relay.errors import TooLittleToCharge
from cloud_relay.rules.open_payment import OpenPayment
from cloud_relay.rules.orders import Order
from cloud_relay.rules.settlement import Answer, Result
from cloud_relay.rules.tokens import machine_token, relay_tag
from cloud_relay.settling.receipts import settle
from cloud_relay.stripe.open_book import OpenBook
from cloud_relay.stripe.payments import StripePayments
from simulator.chain.broker import Broker
from simulator.stripe.model.objects.table import PaymentIntent

RELAY_SECRET = "relay-secret-of-at-least-32-characters"
OURS = Order("galaga-01", 3, 250, "usd").metadata()


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """One broker for all of these tests, with an operator who hears the game overs."""
    rules = "user test.operator\ntopic read arcade/machine/+/gameover\n"
    passwords = PASSWORDS | {"test.operator": "operator-password"}
    with Broker(tmp_path_factory.mktemp("machines"), passwords, extra_rules=rules) as running:
        yield running


@pytest.fixture(scope="module")
def relay(broker: Broker) -> Iterator[RelayUnderTest]:
    """A relay whose machine pacman-02 has had its first token revoked."""
    offers = OFFERS | {"machines": {"galaga-01": {"name": "Galaga"}}}
    with relay_under_test(broker, OFFERS=json.dumps(offers), MIN_TOKEN_NUMBERS='{"pacman-02": 2}') as running:
        running.stripe.webhooks.url = None
        yield running


def receipt(payment_id: str, outcome: str = "delivered", **changes: Any) -> dict[str, Any]:
    """A receipt for three paid credits."""
    delivered = {"delivered": 3, "undelivered": 0}.get(outcome, 2)
    return {
        "paymentId": payment_id,
        "outcome": outcome,
        "creditsDelivered": delivered,
        "creditsPaid": 3,
    } | changes


def said_of(outcome: str) -> str:
    """How Stripe's metadata keeps such a receipt."""
    return f"{outcome} {receipt('pi_1', outcome)['creditsDelivered']}"


def send(relay: RelayUnderTest, said: object, machine_id: str = "galaga-01") -> TestResponse:
    """Send a receipt, with the machine's own token."""
    return relay.client.post(f"/machines/{machine_id}/receipts", json=said, headers=relay.token(machine_id))


def said(answer: TestResponse) -> tuple[int, str]:
    """The status and the result of an answer to a receipt."""
    return answer.status_code, answer.json["result"]


def test_the_offer_is_everything_that_the_screen_needs(relay: RelayUnderTest) -> None:
    """The door's address, the machine's name, what it sells and for how long a payment is good."""
    answer = relay.client.get("/machines/galaga-01/offer", headers=relay.token())
    assert (answer.status_code, answer.json) == (
        200,
        {
            "machineId": "galaga-01",
            "name": "Galaga",
            "door": "http://localhost:8080/p/galaga-01",
            "offers": [
                {"credits": 1, "amount": 100, "currency": "usd"},
                {"credits": 3, "amount": 250, "currency": "usd"},
            ],
            "creditWindowS": 180,
        },
    )


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/machines/pacman-02/offer"),
        ("GET", "/machines/pacman-02/payments"),
        ("POST", "/machines/pacman-02/receipts"),
        ("POST", "/gameover"),
        ("POST", "/create-payment-link"),
    ],
)
@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Bearer",
        "Bearer nonsense",
        "Bearer é",
        f"Basic {machine_token(RELAY_SECRET, 'pacman-02', 2)}",
        f"Bearer {machine_token(RELAY_SECRET, 'galaga-01', 1)}",
        f"Bearer {machine_token(RELAY_SECRET, 'pacman-02', 1)}",
        f"Bearer {machine_token('another-secret', 'pacman-02', 2)}",
    ],
)
def test_no_machine_endpoint_opens_without_the_machines_own_valid_token(
    relay: RelayUnderTest, method: str, path: str, authorization: str | None
) -> None:
    """None, another machine's, a revoked one: 401, and nothing is done."""
    headers = {} if authorization is None else {"Authorization": authorization.encode().decode("latin-1")}
    answer = relay.client.open(
        path, method=method, headers=headers, json={"machine_id": "pacman-02"} | receipt("pi_1")
    )
    error = "Authorization: Bearer <token of pacman-02> is missing, wrong or revoked"
    assert (answer.status_code, answer.json) == (401, {"error": error})


def test_a_token_of_a_higher_number_opens(relay: RelayUnderTest) -> None:
    """The machine got its new token before the old one was revoked."""
    header = {"Authorization": f"Bearer {machine_token(RELAY_SECRET, 'pacman-02', 3)}"}
    assert relay.client.get("/machines/pacman-02/offer", headers=header).status_code == 200


@pytest.mark.parametrize("machine_id", ["+", "%23", "x" * 65])
def test_a_machine_id_that_is_none_is_refused_by_name(relay: RelayUnderTest, machine_id: str) -> None:
    """Before any token is looked at."""
    answer = relay.client.get(f"/machines/{machine_id}/offer")
    assert answer.status_code == 400
    assert answer.json["error"].startswith("machine_id is '")


def open_payments(relay: RelayUnderTest, machine_id: str, *paid: str) -> TestResponse:
    """Ask as the machine does, about `paid` by their ids."""
    return relay.client.get(
        f"/machines/{machine_id}/payments", query_string={"paid": paid}, headers=relay.token(machine_id)
    )


def test_open_payments_are_those_of_this_machine_that_nobody_settled(broker: Broker) -> None:
    """With the seconds left of their windows, 0 included, over as many pages as it takes."""
    with relay_under_test(broker) as relay:
        relay.stripe.webhooks.url = None
        orders = [Order("galaga-01", n, 100 * n, "usd") for n in range(1, 4)]
        paid = [relay.pay_in_secret(order.metadata(), amount=order.amount) for order in orders]
        relay.pay_in_secret(Order("pacman-02", 1, 250, "usd").metadata())
        relay.pay_in_secret({"order": "7"})
        relay.pay_in_secret(OURS, amount=100)  # the amount is not what was ordered
        assert said(send(relay, receipt(paid[2]))) == (200, "settled")
        relay.clock.ahead_s = 100
        first = open_payments(relay, "galaga-01")
        assert first.status_code == 200
        assert [(one["paymentId"], one["credits"], one["amount"], one["currency"]) for one in first.json] == [
            (paid[1], 2, 200, "usd"),
            (paid[0], 1, 100, "usd"),
        ]
        assert all(70 <= one["secondsLeft"] <= 80 for one in first.json)
        relay.clock.ahead_s = 1000
        assert [one["secondsLeft"] for one in open_payments(relay, "galaga-01").json] == [0, 0]


def test_open_payments_are_found_on_every_page(broker: Broker) -> None:
    """Stripe lists a hundred at a time."""
    with relay_under_test(broker) as relay:
        relay.stripe.webhooks.url = None
        paid = {relay.pay_in_secret(OURS) for _ in range(105)}
        assert {one["paymentId"] for one in open_payments(relay, "galaga-01").json} == paid


def test_open_payments_are_a_503_and_never_an_empty_list_when_stripe_does_not_answer(
    relay: RelayUnderTest,
) -> None:
    """A new ledger would take an empty list for "nothing to release"."""
    relay.stripe.fail_next(3, status=500, path_prefix="/v1/payment_intents")
    answer = open_payments(relay, "galaga-01")
    assert (answer.status_code, list(answer.json)) == (503, ["error"])


IMMEDIATE = {"machine_id": "galaga-01"}


@pytest.fixture
def fresh(broker: Broker) -> Iterator[RelayUnderTest]:
    """A relay of its own, at whose Stripe nothing was paid yet."""
    with relay_under_test(broker) as relay:
        relay.stripe.webhooks.url = None
        yield relay


def named(relay: RelayUnderTest, *paid: str) -> list[tuple[str, int, int]]:
    """The payments of the answer: id, credits, and seconds left to the next ten."""
    answer = open_payments(relay, "galaga-01", *paid)
    assert answer.status_code == 200
    return [(one["paymentId"], one["credits"], -(-one["secondsLeft"] // 10) * 10) for one in answer.json]


def test_an_open_payment_that_the_list_lacks_is_found_by_its_id(fresh: RelayUnderTest) -> None:
    """With its true seconds left, and once, however often it was named."""
    payment_id = fresh.pay_in_secret(OURS)
    fresh.clock.ahead_s = 1000
    stripe = ListsNothing(fresh.settings.stripe)
    book = OpenBook(fresh.settings, lambda: stripe, fresh.clock, fresh.relay.fitness)
    app = app_for(replace(fresh.relay, stripe=lambda: stripe, book=book))
    path = f"/machines/galaga-01/payments?paid={payment_id}&paid={payment_id}"
    answer = app.test_client().get(path, headers=fresh.token())
    assert answer.json == [
        {"paymentId": payment_id, "credits": 3, "amount": 250, "currency": "usd", "secondsLeft": 0}
    ]


class ListsNothing(StripePayments):
    """Stripe, whose list lacks every payment."""

    def open_payments_since(self, made_since_s: float) -> Iterator[list[OpenPayment]]:
        return iter(())


def test_a_clock_that_is_set_right_meanwhile_tells_the_right_seconds(fresh: RelayUnderTest) -> None:
    """It was a minute ahead when the question came, and is right when Stripe's list comes."""
    fresh.pay_in_secret(OURS)
    fresh.stripe.clock.base = time.time
    fresh.clock.ahead_s = 60

    class SetsTheClock(StripePayments):
        def open_payments_since(self, made_since_s: float) -> Iterator[list[OpenPayment]]:
            fresh.clock.ahead_s = 0
            return super().open_payments_since(made_since_s)

    stripe = SetsTheClock(fresh.settings.stripe)
    book = OpenBook(fresh.settings, lambda: stripe, fresh.clock, fresh.relay.fitness)
    app = app_for(replace(fresh.relay, stripe=lambda: stripe, book=book))
    (listed,) = app.test_client().get("/machines/galaga-01/payments", headers=fresh.token()).json
    assert 170 < listed["secondsLeft"] <= 180


def test_a_payment_that_is_listed_is_not_read_again(relay: RelayUnderTest) -> None:
    """Stripe is not asked twice, and the answer has it once."""
    payment_id = relay.pay_in_secret(OURS)
    relay.stripe.fail_next(3, status=500, path_prefix=f"/v1/payment_intents/{payment_id}")
    listed = named(relay, payment_id)
    relay.stripe.faults.forget()
    assert [one for one in listed if one[0] == payment_id] == [(payment_id, 3, 180)]


def test_an_immediate_payment_is_open_until_its_receipt(fresh: RelayUnderTest) -> None:
    """No list has it; its credits are counted from its amount, as its link sold them."""
    payment_id = fresh.pay_in_secret(IMMEDIATE, capture="automatic")
    assert named(fresh) == []
    assert named(fresh, payment_id) == [(payment_id, 2, 180)]
    fresh.clock.ahead_s = 1000
    assert named(fresh, payment_id) == [(payment_id, 2, 0)]
    send(fresh, receipt(payment_id))
    assert named(fresh, payment_id) == []


def test_an_immediate_payment_is_open_while_something_of_it_is_left(fresh: RelayUnderTest) -> None:
    """What was refunded by hand in part is still to be settled; what was in full is not."""
    payment_id = fresh.pay_in_secret(IMMEDIATE, capture="automatic")
    fresh.relay.stripe().refund(payment_id, 50, 0, 1_000_000)
    assert named(fresh, payment_id) == [(payment_id, 2, 180)]
    fresh.relay.stripe().refund_rest(payment_id)
    assert named(fresh, payment_id) == []


@pytest.mark.parametrize("outcome", ["delivered", "undelivered"])
def test_a_settled_reservation_is_not_open(fresh: RelayUnderTest, outcome: str) -> None:
    """Captured or released."""
    payment_id = fresh.pay_in_secret(OURS)
    send(fresh, receipt(payment_id, outcome))
    assert named(fresh, payment_id) == []


@pytest.mark.parametrize("capture", ["manual", "automatic"])
def test_a_payment_of_another_machine_is_as_one_that_stripe_does_not_have(
    fresh: RelayUnderTest, capture: str
) -> None:
    """Nothing is told of it, not even that it is there."""
    others = fresh.pay_in_secret(Order("pacman-02", 3, 250, "usd").metadata(), capture=capture)
    nobodys = fresh.pay_in_secret({"order": "7"}, capture=capture)
    assert named(fresh, others, nobodys) == []
    assert named(fresh, "pi_MadeUp") == []


def test_more_names_than_may_be_read_at_once_are_answered_bit_by_bit(fresh: RelayUnderTest) -> None:
    """Reads are rationed: one question causes three calls at most, and never a shorter list."""
    paid = [fresh.pay_in_secret(IMMEDIATE, capture="automatic") for _ in range(5)]
    answers = [open_payments(fresh, "galaga-01", *paid) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [503, 503, 200]
    assert [one["paymentId"] for one in answers[-1].json] == paid


def test_a_payment_that_cannot_be_read_makes_the_whole_answer_a_503(fresh: RelayUnderTest) -> None:
    """A shorter list would end it at its cabinet."""
    fresh.pay_in_secret(OURS)
    payment_id = fresh.pay_in_secret(IMMEDIATE, capture="automatic")
    fresh.stripe.fail_next(3, status=500, path_prefix=f"/v1/payment_intents/{payment_id}")
    answer = open_payments(fresh, "galaga-01", payment_id)
    assert (answer.status_code, list(answer.json)) == (503, ["error"])


@pytest.mark.parametrize(
    ("paid", "error"),
    [
        (["pi_1"] * 21, "paid names 21 payments: 20 at most"),
        (["pi_1", "../prices"], "paid is '../prices': write a PaymentIntent id such as pi_3Abc"),
        ([""], "paid is '': write a PaymentIntent id such as pi_3Abc"),
    ],
)
def test_a_name_that_is_no_payments_is_a_400_that_says_so(
    relay: RelayUnderTest, paid: list[str], error: str
) -> None:
    """Nothing is asked of Stripe for it."""
    answer = open_payments(relay, "galaga-01", *paid)
    assert (answer.status_code, answer.json) == (400, {"error": error})


@pytest.mark.parametrize(
    ("outcome", "status", "received"),
    [("delivered", "succeeded", 250), ("undelivered", "canceled", 0), ("partial", "succeeded", 166)],
)
def test_a_receipt_settles_a_reservation_once(
    relay: RelayUnderTest, outcome: str, status: str, received: int
) -> None:
    """Captured, released or captured in part; the same receipt again changes nothing."""
    payment_id = relay.pay_in_secret(OURS)
    answers = [said(send(relay, receipt(payment_id, outcome))) for _ in range(2)]
    payment = relay.payment(payment_id)
    assert answers == [(200, "settled"), (200, "already")]
    assert (payment.status, payment.received) == (status, received)


def test_a_share_under_stripes_minimum_is_released(relay: RelayUnderTest) -> None:
    """Stripe could not charge it, and the cabinet is told so."""
    payment_id = relay.pay_in_secret(Order("galaga-01", 3, 100, "usd").metadata(), amount=100)
    answer = send(relay, receipt(payment_id, "partial", creditsDelivered=1))
    assert answer.json == {"result": "settled", "charged": 0}
    assert relay.payment(payment_id).status == "canceled"


@pytest.mark.parametrize(
    ("first", "then"),
    [("delivered", "undelivered"), ("undelivered", "delivered"), ("partial", "delivered")],
)
def test_a_receipt_against_what_has_happened_is_a_conflict(
    relay: RelayUnderTest, first: str, then: str
) -> None:
    """Final, and the money stays where it is."""
    payment_id = relay.pay_in_secret(OURS)
    send(relay, receipt(payment_id, first))
    before = relay.payment(payment_id)
    assert said(send(relay, receipt(payment_id, then))) == (409, "conflict")
    assert relay.payment(payment_id) == before


def test_a_conflict_tells_both_sides_in_the_log_and_stays_at_stripe(
    relay: RelayUnderTest, caplog: pytest.LogCaptureFixture
) -> None:
    """The operator decides what the player is owed; repeating the receipt changes nothing."""
    payment_id = relay.pay_in_secret(OURS)
    relay.relay.stripe().release(payment_id)
    assert [said(send(relay, receipt(payment_id))) for _ in range(2)] == [(409, "conflict")] * 2
    errors = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert (
        errors
        == [
            f"Conflict on {payment_id}: galaga-01 says delivered 3 of 3, "
            "and Stripe has it as canceled, 0 of 250 usd charged"
        ]
        * 2
    )
    noted = dict(relay.stripe.book.intents[payment_id].metadata)
    assert abs(int(noted.pop("marked_s")) - relay.clock()) < 60
    assert noted == OURS | {
        "conflict": "delivered 3",
        "marked_by": relay_tag(RELAY_SECRET),
        "marked_machine_id": "galaga-01",
    }


def test_a_conflict_that_cannot_be_marked_is_final_all_the_same(
    relay: RelayUnderTest, caplog: pytest.LogCaptureFixture
) -> None:
    """The log has it; the cabinet need not repeat its receipt for a mark."""
    payment_id = relay.pay_in_secret(OURS)
    relay.relay.stripe().release(payment_id)
    path = f"/v1/payment_intents/{payment_id}"
    relay.stripe.fail_next(3, status=500, path_prefix=path, method="POST")
    assert said(send(relay, receipt(payment_id))) == (409, "conflict")
    relay.stripe.faults.forget()
    assert f"Did not mark the conflict on {payment_id} at Stripe" in caplog.text


def test_a_share_that_stripe_refuses_as_too_little_is_released(relay: RelayUnderTest) -> None:
    """Its least charge depends on the account's own currency too; a repeated receipt is no conflict."""
    payment_id = relay.pay_in_secret(OURS)
    with pytest.raises(TooLittleToCharge, match="does not charge as little as 49"):
        relay.relay.stripe().capture(payment_id, 49, "partial 2")
    stripe = ChargesOnlyWholes(relay.settings.stripe)
    picky = replace(relay.relay, stripe=lambda: stripe)
    answers = [settle(picky, "galaga-01", receipt(payment_id, "partial")) for _ in range(2)]
    assert answers == [Answer(Result.SETTLED, 0), Answer(Result.ALREADY, 0)]
    assert relay.payment(payment_id).status == "canceled"


@pytest.mark.parametrize("capture", ["manual", "automatic"])
@pytest.mark.parametrize(
    ("delivered", "charged"), [(3, 250), (2, 166), (0, 0)], ids=["delivered", "partial", "undelivered"]
)
def test_the_answer_says_what_is_charged(
    relay: RelayUnderTest, capture: str, delivered: int, charged: int
) -> None:
    """The same when the receipt comes again: the first answer may have been lost."""
    payment_id = relay.pay_in_secret(OURS, capture=capture)
    outcome = {3: "delivered", 2: "partial", 0: "undelivered"}[delivered]
    answers = [send(relay, receipt(payment_id, outcome)).json for _ in range(2)]
    assert answers == [{"result": "settled", "charged": charged}, {"result": "already", "charged": charged}]


class ChargesOnlyWholes(StripePayments):
    """Stripe for an account whose currency makes every part of a payment too little."""

    def capture(self, payment_id: str, amount: int, receipt: str) -> None:
        if amount < 250:
            raise TooLittleToCharge(f"Stripe does not charge as little as {amount}")
        super().capture(payment_id, amount, receipt)


def test_two_copies_of_a_receipt_at_once_refund_once(relay: RelayUnderTest) -> None:
    """A cabinet repeats a receipt whose answer is late, and the first may still be under way."""
    payment_id = relay.pay_in_secret({"machine_id": "galaga-01"}, capture="automatic")
    for _ in range(2):
        relay.relay.stripe().refund(payment_id, 84, 0, 1_000_000)
    assert relay.payment(payment_id).refunded == 84


def test_a_receipt_that_says_otherwise_after_a_reboot_does_not_refund_again(relay: RelayUnderTest) -> None:
    """The first word of an immediate payment has moved the money, and stays."""
    payment_id = relay.pay_in_secret({"machine_id": "galaga-01"}, capture="automatic")
    answers = [said(send(relay, receipt(payment_id, outcome))) for outcome in ("partial", "undelivered")]
    assert answers == [(200, "settled"), (409, "conflict")]
    assert relay.payment(payment_id).refunded == 84


def test_what_was_refunded_by_hand_is_not_refunded_again(relay: RelayUnderTest) -> None:
    """Two of three credits of an immediate payment stay charged, whoever gave the rest back."""
    payment_id = relay.pay_in_secret({"machine_id": "galaga-01"}, capture="automatic")
    relay.relay.stripe().refund(payment_id, 50, 0, 1_000_000)
    assert said(send(relay, receipt(payment_id, "partial"))) == (200, "settled")
    assert relay.payment(payment_id).refunded == 84


@pytest.mark.parametrize(("outcome", "refunded"), [("delivered", 0), ("undelivered", 250), ("partial", 84)])
def test_a_receipt_settles_an_immediate_payment_once(
    relay: RelayUnderTest, outcome: str, refunded: int
) -> None:
    """What was not delivered is refunded to the exact remainder, and the payment is marked."""
    payment_id = relay.pay_in_secret({"machine_id": "galaga-01"}, capture="automatic")
    answers = [said(send(relay, receipt(payment_id, outcome))) for _ in range(2)]
    payment = relay.payment(payment_id)
    assert answers == [(200, "settled"), (200, "already")]
    assert (payment.refunded, payment.settled) == (refunded, said_of(outcome))


def test_a_refund_whose_mark_was_lost_is_not_made_twice(relay: RelayUnderTest) -> None:
    """The repeated receipt refunds the remainder of nothing, and marks."""
    payment_id = relay.pay_in_secret({"machine_id": "galaga-01"}, capture="automatic")
    relay.stripe.fail_next(status=500, path_prefix=f"/v1/payment_intents/{payment_id}", method="POST")
    answers = [said(send(relay, receipt(payment_id, "undelivered"))) for _ in range(2)]
    assert answers == [(503, "retry"), (200, "settled")]
    assert relay.payment(payment_id).refunded == 250


@pytest.mark.parametrize("status", [500, "timeout"])
@pytest.mark.parametrize(("outcome", "now"), [("delivered", "succeeded"), ("undelivered", "canceled")])
def test_when_stripe_did_the_work_and_its_answer_was_lost_the_payment_itself_decides(
    relay: RelayUnderTest, outcome: str, now: str, status: Any
) -> None:
    """Nothing is done twice, and the cabinet gets a final answer."""
    payment_id = relay.pay_in_secret(OURS)
    relay.stripe.fail_next(
        1, status=status, path_prefix=f"/v1/payment_intents/{payment_id}/", method="POST", after_work=True
    )
    code, result = said(send(relay, receipt(payment_id, outcome)))
    assert (code, result in ("settled", "already")) == (200, True)
    assert relay.payment(payment_id).status == now


def test_a_stripe_that_does_nothing_is_a_retry(relay: RelayUnderTest) -> None:
    """The cabinet keeps the receipt; the reservation stays."""
    payment_id = relay.pay_in_secret(OURS)
    relay.stripe.fail_next(status=500, path_prefix=f"/v1/payment_intents/{payment_id}/")
    assert said(send(relay, receipt(payment_id))) == (503, "retry")
    assert relay.payment(payment_id).status == "requires_capture"
    assert said(send(relay, receipt(payment_id))) == (200, "settled")


def test_a_stripe_that_cannot_be_read_is_a_retry(relay: RelayUnderTest) -> None:
    """Without the payment's state nothing is decided."""
    payment_id = relay.pay_in_secret(OURS)
    relay.stripe.fail_next(status=429, path_prefix="/v1/payment_intents", method="GET")
    assert said(send(relay, receipt(payment_id))) == (503, "retry")


@pytest.mark.parametrize("metadata", [Order("pacman-02", 3, 250, "usd").metadata(), {"order": "7"}])
def test_a_payment_of_another_machine_or_of_nobody_is_unknown(
    relay: RelayUnderTest, metadata: dict[str, str]
) -> None:
    """A cabinet cannot touch money that is not its own."""
    payment_id = relay.pay_in_secret(metadata)
    assert said(send(relay, receipt(payment_id))) == (404, "unknown")
    assert relay.payment(payment_id).status == "requires_capture"


def test_a_payment_that_stripe_does_not_have_is_unknown(relay: RelayUnderTest) -> None:
    """Made up, or made with another key."""
    assert said(send(relay, receipt("pi_MadeUp"))) == (404, "unknown")


@pytest.mark.parametrize("body", [b"", b"[]", b'"pi_1"', b"not json", b"[" * 100_000])
def test_a_body_that_is_no_object_is_a_400(relay: RelayUnderTest, body: bytes) -> None:
    """It can never be settled, so it is no retry."""
    answer = relay.client.post("/machines/galaga-01/receipts", data=body, headers=relay.token())
    assert (answer.status_code, answer.json) == (400, {"error": "the body must be a JSON object"})


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"outcome": None}, "outcome is None: write one of ['delivered', 'undelivered', 'partial']"),
        ({"creditsDelivered": None}, "creditsDelivered is None: write a whole number of credits"),
        ({"creditsDelivered": 2}, "delivered contradicts creditsDelivered 2 of 3"),
        ({"paymentId": None}, "paymentId is None: write a PaymentIntent id such as pi_3Abc"),
    ],
)
def test_a_malformed_receipt_is_a_400_that_says_what_is_wrong(
    relay: RelayUnderTest, changes: dict[str, Any], error: str
) -> None:
    """Nothing else is wrong with it, and its payment stays as it was."""
    payment_id = relay.pay_in_secret(OURS)
    answer = send(relay, receipt(payment_id, **changes))
    assert (answer.status_code, answer.json) == (400, {"error": error})
    assert relay.payment(payment_id).status == "requires_capture"


def test_a_payment_id_leads_to_no_other_place_of_stripes(relay: RelayUnderTest) -> None:
    """A path to a real payment is no payment's id, though Stripe would find it there."""
    payment_id = relay.pay_in_secret(OURS)
    answer = send(relay, receipt(f"pi_1/../{payment_id}"))
    error = f"paymentId is 'pi_1/../{payment_id}': write a PaymentIntent id such as pi_3Abc"
    assert (answer.status_code, answer.json) == (400, {"error": error})
    assert relay.payment(payment_id).status == "requires_capture"


def test_a_game_over_is_published_for_a_cabinet_that_cannot_speak_mqtt(
    relay: RelayUnderTest, broker: Broker
) -> None:
    """In the ancestor's words."""
    operator = mqtt_client(broker, "test.operator", "operator-password")
    heard: list[dict[str, Any]] = []
    ready: list[object] = []
    operator.on_message = lambda _c, _u, message: heard.append(json.loads(message.payload))
    operator.on_subscribe = lambda *_: ready.append(1)
    operator.subscribe("arcade/machine/+/gameover", qos=1)
    until(lambda: len(ready), 1, "SUBACK")
    answer = relay.client.post("/gameover", json={"machine_id": "galaga-01"}, headers=relay.token())
    assert (answer.status_code, answer.json) == (200, {"message": "Game over signal sent"})
    until(lambda: [(m["machineId"], m["status"]) for m in heard], [("galaga-01", "game_over")], "it")
    operator.disconnect()
    operator.loop_stop()


def test_a_game_over_is_a_503_when_the_broker_is_away(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The caller may try again."""
    with (
        Broker(tmp_path_factory.mktemp("away"), PASSWORDS) as broker,
        relay_under_test(broker) as relay,
    ):
        broker.stop()
        answer = relay.client.post("/gameover", json={"machine_id": "galaga-01"}, headers=relay.token())
    assert (answer.status_code, list(answer.json)) == (503, ["error"])
    assert answer.json["error"].startswith(
        f"the game over was not sent: cannot reach localhost:{broker.services_port}: "
    )


@pytest.mark.parametrize(("method", "path", "code"), [("GET", "/nothing", 404), ("GET", "/addCredit", 405)])
def test_what_is_not_there_is_a_json_error(relay: RelayUnderTest, method: str, path: str, code: int) -> None:
    """Machines read it."""
    answer = relay.client.open(path, method=method)
    assert (answer.status_code, list(answer.json)) == (code, ["error"])


def test_a_stand_in_intent_is_what_the_tests_take_it_for(relay: RelayUnderTest) -> None:
    """As at Stripe, an immediate payment's metadata stays on its session."""
    payment_id = relay.pay_in_secret({"machine_id": "galaga-01"}, capture="automatic")
    assert relay.stripe.book.table(PaymentIntent)[payment_id].metadata == {}
