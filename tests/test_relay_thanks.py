"""The page after paying, through everything that can become of a payment."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from relay_parts import API_KEY, OFFERS, WEBHOOK_SECRET, environment
from stand_in_stripe_help import Clock, client_of
from werkzeug.test import TestResponse

from cloud_relay.app import create_app
from cloud_relay.memory.recent import Recent
from cloud_relay.rules.purchase import Purchase
from cloud_relay.rules.thanks_page import State, page_text
from cloud_relay.settings import Settings, read_settings
from simulator.stripe.model.objects.table import Refund
from simulator.stripe.pace import QUICK
from simulator.stripe.server import StandInStripe, stand_in_stripe

WINDOW_S = 180
RESERVED = ["$2.50 is reserved, nothing is charged yet.", "You are only charged for credits that arrive."]
PAID = ["You paid $2.50.", "Credits that do not arrive are refunded."]
ASK_THE_STAFF = "Please ask the staff: they can give it back another way."
ORDER = {"machine_id": "galaga-01", "quantity": "3", "credits_per_unit": "1", "currency": "usd"}


@dataclass
class Shop:
    """A relay and a stand-in Stripe by one clock, which stands still; no broker is needed here."""

    app: Flask
    settings: Settings
    stripe: StandInStripe
    clock: Clock

    def sell(self, amount: int = 250, *, capture: str = "manual", **order: str) -> str:
        """A new session's id; of an immediate one, as with an old link, the payment has no metadata."""
        metadata = ORDER | {"amount": str(amount)} | order
        intent = {"capture_method": "manual", "metadata": metadata} if capture == "manual" else {}
        price = {"currency": "usd", "unit_amount": amount, "product_data": {"name": "Credits"}}
        params: Any = {
            "mode": "payment",
            "line_items": [{"price_data": price, "quantity": 1}],
            "metadata": metadata,
            "success_url": self.settings.thanks_url,
            **({"payment_intent_data": intent} if intent else {}),
        }
        return client_of(self.stripe, API_KEY).v1.checkout.sessions.create(params=params).id

    def settle(self, payment_id: str, delivered: int, paid: int = 3, result: str = "settled") -> None:
        """The cabinet's receipt and the relay's answer; then the second that the page's answers are kept."""
        outcome = {0: "undelivered", paid: "delivered"}.get(delivered, "partial")
        receipt = {
            "paymentId": payment_id,
            "outcome": outcome,
            "creditsDelivered": delivered,
            "creditsPaid": paid,
        }
        token = {"Authorization": f"Bearer {self.settings.tokens.issue('galaga-01')}"}
        answer = self.app.test_client().post("/machines/galaga-01/receipts", json=receipt, headers=token)
        assert answer.json["result"] == result
        self.clock.now_s += 1

    def refund(self, payment_id: str, amount: int) -> None:
        """What the operator gives back in Stripe's own pages."""
        client_of(self.stripe, API_KEY).v1.refunds.create(
            params={"payment_intent": payment_id, "amount": amount}
        )

    def page(self, session_id: str) -> TestResponse:
        """What the phone opens."""
        return self.app.test_client().get("/thanks", query_string={"s": session_id})

    def state(self, session_id: str) -> TestResponse:
        """What the page asks for."""
        return self.app.test_client().get("/thanks/state", query_string={"s": session_id})


@pytest.fixture
def shop() -> Iterator[Shop]:
    """A shop with an empty book."""
    clock = Clock()
    with stand_in_stripe(
        api_key=API_KEY, webhook_url=None, webhook_secret=WEBHOOK_SECRET, pace=QUICK, clock=clock
    ) as stripe:
        settings = read_settings(environment(STAND_IN_STRIPE_URL=stripe.api_url))
        yield Shop(create_app(settings, clock=clock), settings, stripe, clock)


def told(state: str, title: str, *lines: str, final: bool) -> dict[str, object]:
    """All that the page may be told, and nothing else."""
    return {"state": state, "title": title, "lines": list(lines), "final": final}


@pytest.mark.parametrize(
    ("capture", "after_s", "says"),
    [
        ("manual", 0, told("reserved", "Your payment has arrived.", *RESERVED, final=False)),
        ("manual", 4, told("reserved", "Your payment has arrived.", *RESERVED, final=False)),
        (
            "manual",
            5,
            told(
                "on_its_way",
                "Your credits are on their way.",
                "Keep an eye on the machine.",
                *RESERVED,
                final=False,
            ),
        ),
        (
            "manual",
            WINDOW_S,
            told(
                "checking",
                "We are checking with the machine.",
                *RESERVED,
                "Its answer can take a day or more. You need not keep this page open.",
                final=False,
            ),
        ),
        ("automatic", 0, told("reserved", "Your payment has arrived.", *PAID, final=False)),
        (
            "automatic",
            WINDOW_S - 1,
            told(
                "on_its_way",
                "Your credits are on their way.",
                "Keep an eye on the machine.",
                *PAID,
                final=False,
            ),
        ),
    ],
)
def test_without_a_word_from_the_machine_the_time_since_the_charge_decides(
    shop: Shop, capture: str, after_s: int, says: dict[str, object]
) -> None:
    """Reserved, on its way, and after the credit window no promise any more."""
    session_id = shop.sell(capture=capture)
    shop.stripe.pay(session_id)
    shop.clock.now_s += after_s
    answer = shop.state(session_id)
    assert (answer.status_code, answer.json) == (200, says)


@pytest.mark.parametrize(
    ("capture", "delivered", "says"),
    [
        ("manual", 3, told("charged", "Your credits are on the machine.", "Charged $2.50.", final=True)),
        (
            "manual",
            2,
            told(
                "partial",
                "2 of 3 credits reached the machine.",
                "Charged $1.66, the rest was released.",
                final=True,
            ),
        ),
        (
            "manual",
            0,
            told(
                "not_charged",
                "You have not been charged.",
                "The reservation of $2.50 was cancelled, because the machine did not confirm your credits.",
                "Your bank may still show it as pending for a few days.",
                final=True,
            ),
        ),
        ("automatic", 3, told("charged", "Your credits are on the machine.", "Charged $2.50.", final=True)),
        (
            "automatic",
            1,
            told(
                "partial",
                "1 of 3 credits reached the machine.",
                "Charged $0.83, the rest was refunded.",
                final=True,
            ),
        ),
        (
            "automatic",
            0,
            told(
                "refunded",
                "Your payment was refunded.",
                "You get $2.50 back.",
                "Your bank may take a few days to show it.",
                final=True,
            ),
        ),
    ],
)
def test_a_receipt_is_told_as_it_moved_the_money(
    shop: Shop, capture: str, delivered: int, says: dict[str, object]
) -> None:
    """What was charged, released or refunded, to the cent."""
    session_id = shop.sell(capture=capture)
    shop.settle(shop.stripe.pay(session_id), delivered)
    assert shop.state(session_id).json == says


def test_a_release_that_the_machine_contradicts_later_is_told_without_its_reason(shop: Shop) -> None:
    """It did confirm the credits, only too late."""
    session_id = shop.sell()
    payment_id = shop.stripe.pay(session_id)
    shop.settle(payment_id, 0)
    shop.settle(payment_id, 3, result="conflict")
    assert shop.state(session_id).json == told(
        "not_charged",
        "You have not been charged.",
        "The reservation of $2.50 was cancelled.",
        "Your bank may still show it as pending for a few days.",
        final=True,
    )


def test_the_page_says_what_its_state_says(shop: Shop) -> None:
    """The first answer is complete by itself, for whoever runs no script."""
    session_id = shop.sell()
    shop.settle(shop.stripe.pay(session_id), 2)
    page = shop.page(session_id)
    assert (page.status_code, words(page)) == (
        200,
        "Test mode - no real money Galaga 2 of 3 credits reached the machine. "
        "Charged $1.66, the rest was released. Play again",
    )


def test_one_credit_is_spoken_of_as_one(shop: Shop) -> None:
    """On its way and arrived."""
    session_id = shop.sell(100, quantity="1")
    payment_id = shop.stripe.pay(session_id)
    shop.clock.now_s += 10
    before = shop.state(session_id).json
    shop.settle(payment_id, 1, paid=1)
    after = shop.state(session_id).json
    assert before is not None
    assert after is not None
    assert (before["title"], after["title"]) == (
        "Your credit is on its way.",
        "Your credit is on the machine.",
    )


def test_money_given_back_after_the_game_is_told_too(shop: Shop) -> None:
    """In part, and then all of it; a final page is looked up anew after a minute."""
    session_id = shop.sell()
    payment_id = shop.stripe.pay(session_id)
    shop.settle(payment_id, 2)
    shop.refund(payment_id, 100)
    in_part = shop.state(session_id).json
    shop.refund(payment_id, 66)
    shop.clock.now_s += 59
    within_the_minute = shop.state(session_id).json
    shop.clock.now_s += 1
    assert (
        in_part
        == within_the_minute
        == told(
            "partial",
            "2 of 3 credits reached the machine.",
            "Charged $1.66, the rest was released.",
            "$1.00 of it was refunded since.",
            final=True,
        )
    )
    assert shop.state(session_id).json == told(
        "refunded",
        "Your payment was refunded.",
        "You get $1.66 back.",
        "Your bank may take a few days to show it.",
        final=True,
    )


@pytest.mark.parametrize(
    ("outcome", "state", "title", "lines"),
    [
        (
            None,
            "refunding",
            "Your refund is on its way.",
            ("You get $2.50 back.", "Your bank has not confirmed it yet."),
        ),
        (
            "succeeded",
            "refunded",
            "Your payment was refunded.",
            ("You get $2.50 back.", "Your bank may take a few days to show it."),
        ),
        (
            "failed",
            "not_refunded",
            "Your refund did not reach you.",
            (
                "You paid $2.50, which should have come back to you.",
                ASK_THE_STAFF,
            ),
        ),
    ],
)
def test_a_refund_is_told_as_far_as_it_has_come(
    shop: Shop, outcome: Any, state: str, title: str, lines: tuple[str, ...]
) -> None:
    """Pending, done, or failed later: never as done what is not."""
    shop.stripe.begin_refunds_as("pending")
    session_id = shop.sell(capture="automatic")
    shop.settle(shop.stripe.pay(session_id), 0)
    if outcome is not None:
        (refund,) = shop.stripe.book.table(Refund)
        shop.stripe.finish_refund(refund, outcome)
    assert shop.state(session_id).json == told(state, title, *lines, final=True)


@pytest.mark.parametrize(
    ("outcome", "lines"),
    [
        (None, ("Charged $0.83, the rest is being refunded.",)),
        ("succeeded", ("Charged $0.83, the rest was refunded.",)),
        (
            "failed",
            (
                "Charged $2.50.",
                "A refund of $1.67 did not reach you. " + ASK_THE_STAFF,
            ),
        ),
    ],
)
def test_the_refund_of_a_part_is_told_as_far_as_it_has_come(
    shop: Shop, outcome: Any, lines: tuple[str, ...]
) -> None:
    """One of three credits arrived, by a link that charges at once."""
    shop.stripe.begin_refunds_as("pending")
    session_id = shop.sell(capture="automatic")
    shop.settle(shop.stripe.pay(session_id), 1)
    if outcome is not None:
        (refund,) = shop.stripe.book.table(Refund)
        shop.stripe.finish_refund(refund, outcome)
    title = "1 of 3 credits reached the machine."
    assert shop.state(session_id).json == told("partial", title, *lines, final=True)


def test_a_refund_by_the_staff_that_failed_is_told_until_it_is_made_good(shop: Shop) -> None:
    """Of a game that was played: first pending, then failed, then given once more."""
    shop.stripe.begin_refunds_as("pending")
    session_id = shop.sell()
    payment_id = shop.stripe.pay(session_id)
    shop.settle(payment_id, 3)
    refund_id = shop.stripe.refund(payment_id, 100)
    arrived = ("charged", "Your credits are on the machine.", "Charged $2.50.")
    pending = "$1.00 of it is being refunded."
    assert shop.state(session_id).json == told(*arrived, pending, final=True)
    shop.stripe.finish_refund(refund_id, "failed")
    shop.clock.now_s += 60
    failed = "A refund of $1.00 did not reach you. " + ASK_THE_STAFF
    assert shop.state(session_id).json == told(*arrived, failed, final=True)
    shop.stripe.begin_refunds_as("succeeded")
    shop.stripe.refund(payment_id, 100)
    shop.clock.now_s += 60
    given = "$1.00 of it was refunded since."
    assert shop.state(session_id).json == told(*arrived, given, final=True)


def test_a_disputed_payment_is_told_as_the_banks_matter(shop: Shop) -> None:
    """Not delivered, and the bank has the money; delivered, and the bank decides."""
    owed, played = shop.sell(capture="automatic"), shop.sell()
    payments = [shop.stripe.pay(session_id) for session_id in (owed, played)]
    shop.stripe.dispute(payments[0])
    shop.settle(payments[0], 0)
    shop.settle(payments[1], 3)
    shop.stripe.dispute(payments[1])
    decides = "It is disputed at your bank, which decides about the money."
    assert shop.state(owed).json == told(
        "not_refunded", "Your bank decides about this payment.", "You paid $2.50.", decides, final=True
    )
    assert shop.state(played).json == told(
        "charged", "Your credits are on the machine.", "Charged $2.50.", decides, final=True
    )


def test_a_session_that_nobody_paid_waits_for_its_payment(shop: Shop) -> None:
    """Also after a card was declined."""
    session_id = shop.sell()
    unpaid = told("unpaid", "You have not paid yet.", "The payment page is still open.", final=False)
    before = shop.state(session_id).json
    shop.stripe.decline(session_id)
    shop.clock.now_s += 1
    assert (before, shop.state(session_id).json) == (unpaid, unpaid)


def test_a_session_that_closed_unpaid_took_nothing(shop: Shop) -> None:
    """The player went away from the payment page."""
    session_id = shop.sell()
    shop.clock.now_s += 24 * 3600 + 1
    assert shop.state(session_id).json == told(
        "expired", "Nothing was charged.", "The payment page closed before a payment was made.", final=True
    )


def test_a_page_that_waits_may_run_its_own_script_and_ask_the_relay_and_nothing_else(shop: Shop) -> None:
    """A nonce for each answer, on this page only, and no second policy beside it."""
    session_id = shop.sell()
    shop.stripe.pay(session_id)
    pages = [shop.page(session_id) for _ in range(2)]
    nonces = [re.findall(r'<script nonce="([\w-]{22})">', page.text) for page in pages]
    assert nonces[0] != nonces[1]
    for page, (nonce,) in zip(pages, nonces, strict=True):
        assert page.headers.getlist("Content-Security-Policy") == [
            "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'; "
            f"script-src 'nonce-{nonce}'; connect-src 'self'"
        ]


def test_a_final_page_runs_nothing_and_leads_back_to_the_door(shop: Shop) -> None:
    """There is nothing more to wait for."""
    session_id = shop.sell()
    payment_id = shop.stripe.pay(session_id)
    waiting = shop.page(session_id).text
    shop.settle(payment_id, 3)
    final = shop.page(session_id)
    assert 'href="/p/galaga-01" hidden>' in waiting
    assert 'href="/p/galaga-01">Play again</a>' in final.text
    assert ("<script" in final.text, "refresh" in final.text) == (False, False)
    assert "script-src" not in final.headers["Content-Security-Policy"]


@pytest.mark.parametrize(("after_s", "reload_s"), [(0, 2), (5, 2), (WINDOW_S, 15)])
def test_without_javascript_the_page_reloads(shop: Shop, after_s: int, reload_s: int) -> None:
    """Seldom, once it can take a day."""
    session_id = shop.sell()
    shop.stripe.pay(session_id)
    shop.clock.now_s += after_s
    reload = f'<noscript><meta http-equiv="refresh" content="{reload_s}"></noscript>'
    assert reload in shop.page(session_id).text


def test_neither_answer_names_the_payment_or_is_kept_by_the_browser(shop: Shop) -> None:
    """A page that is shown around shows nobody's payment, and no old one comes back."""
    session_id = shop.sell()
    payment_id = shop.stripe.pay(session_id)
    for answer in (shop.page(session_id), shop.state(session_id)):
        assert answer.headers["Cache-Control"] == "no-store"
        assert (payment_id in answer.text, session_id in answer.text) == (False, False)


@pytest.mark.parametrize(
    "session_id", ["", "cs_1", "cs_test_", "cs_test_/../x", "cs_test_A\n", "pi_1", "cs_test_Unknown"]
)
def test_an_unknown_session_is_a_404_page(shop: Shop, session_id: str) -> None:
    """On the page and for its script alike."""
    answers = [shop.page(session_id), shop.state(session_id)]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert "This payment is not known here." in words(answers[0])


@pytest.mark.parametrize(
    "session_id",
    ["", "cs_1", "cs_test_", "cs_test_/../x", "cs_test_A\n", "cs_test_é", "pi_1", f"cs_test_{'A' * 129}"],
)
def test_what_cannot_be_a_session_is_not_asked_for(shop: Shop, session_id: str) -> None:
    """Stripe never sees what somebody typed into the address."""
    shop.stripe.fail_next(status=500)
    assert shop.page(session_id).status_code == 404
    assert shop.page("cs_test_A").status_code == 503  # the failure was still to come


@pytest.mark.parametrize("metadata", [{"order": "7"}, {"machine_id": "a/b"}, {}])
def test_a_session_that_is_not_ours_is_unknown(shop: Shop, metadata: dict[str, str]) -> None:
    """The account's other customers are none of this page's business."""
    price = {"currency": "usd", "unit_amount": 250, "product_data": {"name": "A hat"}}
    session = client_of(shop.stripe, API_KEY).v1.checkout.sessions.create(
        params={
            "mode": "payment",
            "line_items": [{"price_data": price, "quantity": 1}],  # type: ignore[typeddict-item]
            "metadata": metadata,
            "success_url": shop.settings.thanks_url,
        }
    )
    shop.stripe.pay(session.id)
    assert (shop.page(session.id).status_code, shop.state(session.id).status_code) == (404, 404)


@pytest.mark.parametrize("failure", [500, 429, "timeout"])
def test_when_stripe_is_away_the_page_says_so_and_looks_again(shop: Shop, failure: Any) -> None:
    """It neither promises nor denies; the next second it knows."""
    session_id = shop.sell()
    shop.stripe.pay(session_id)
    shop.stripe.fail_next(status=failure, path_prefix="/v1/checkout")
    page, state = shop.page(session_id), shop.state(session_id)
    assert (page.status_code, state.status_code) == (503, 503)
    assert "The payment service does not answer right now." in words(page)
    assert ("<script" in page.text, 'http-equiv="refresh"' in page.text) == (True, True)
    assert state.json == told(
        "unsure",
        "One moment.",
        "The payment service does not answer right now.",
        "This page looks again by itself.",
        final=False,
    )
    shop.clock.now_s += 1
    assert shop.state(session_id).json == told(
        "reserved", "Your payment has arrived.", *RESERVED, final=False
    )


def test_stripe_is_asked_once_a_second_for_a_session_however_many_look(shop: Shop) -> None:
    """Its limit of calls is for webhooks' and receipts' sake too."""
    session_id = shop.sell()
    shop.stripe.pay(session_id)
    shop.state(session_id)
    shop.stripe.fail_next(status=500)
    within = [shop.state(session_id).status_code, shop.page(session_id).status_code]
    shop.clock.now_s += 1
    assert (within, shop.state(session_id).status_code) == ([200, 200], 503)


def test_what_is_kept_is_kept_for_its_session_only(shop: Shop) -> None:
    """Two phones, two payments."""
    mine, theirs = shop.sell(), shop.sell(100, quantity="1")
    shop.stripe.pay(mine)
    shop.settle(shop.stripe.pay(theirs), 1, paid=1)
    answers = [shop.state(session_id).json for session_id in (mine, theirs)]
    assert answers == [
        told("reserved", "Your payment has arrived.", *RESERVED, final=False),
        told("charged", "Your credit is on the machine.", "Charged $1.00.", final=True),
    ]


def test_a_machines_name_is_text_and_not_markup(shop: Shop) -> None:
    """Names come from a settings file, and pages are escaped all the same."""
    offers = json.dumps(OFFERS | {"machines": {"galaga-01": {"name": "<b>Galaga</b>"}}})
    settings = read_settings(environment(STAND_IN_STRIPE_URL=shop.stripe.api_url, OFFERS=offers))
    session_id = shop.sell()
    app = create_app(settings, clock=shop.clock)
    page = app.test_client().get("/thanks", query_string={"s": session_id}).text
    assert ("&lt;b&gt;Galaga&lt;/b&gt;" in page, "<b>Galaga" in page) == (True, False)


def words(answer: TestResponse) -> str:
    """A page's text without its tags, styles and scripts."""
    body = re.sub(r"<(style|title|script)\b.*?</\1>", "", answer.text, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]*>", " ", body).split())


def purchase(**changes: Any) -> Purchase:
    """Three credits, delivered and charged, with `changes`."""
    fields: dict[str, Any] = {
        "machine_id": "galaga-01",
        "session_status": "complete",
        "payment_status": "succeeded",
        "immediate": False,
        "amount": 250,
        "currency": "usd",
        "credits": 3,
        "received": 250,
        "refunded": 0,
        "settled": None,
        "disputed": False,
        "charged_s": 1000,
    }
    return Purchase(**fields | changes)


@pytest.mark.parametrize(
    ("changes", "state", "title"),
    [
        (
            {"credits": None, "received": 166, "settled": "partial"},
            State.PARTIAL,
            "Not all of your credits reached the machine.",
        ),
        (
            {"amount": 60, "credits": 100, "received": 58, "settled": "partial"},
            State.PARTIAL,
            "Not all of your credits reached the machine.",
        ),
        (
            {"received": 200, "settled": "partial"},
            State.PARTIAL,
            "Not all of your credits reached the machine.",
        ),
        ({}, State.CHARGED, "You were charged $2.50."),
        ({"received": 200}, State.CHARGED, "You were charged $2.00."),
        (
            {"payment_status": "processing", "received": 0},
            State.PROCESSING,
            "Your payment is being processed.",
        ),
        (
            {"payment_status": "requires_capture", "charged_s": None},
            State.PROCESSING,
            "Your payment is being processed.",
        ),
        ({"payment_status": None, "charged_s": None}, State.PROCESSING, "Your payment is being processed."),
        (
            {"payment_status": "requires_capture", "charged_s": 2000},
            State.RESERVED,
            "Your payment has arrived.",
        ),
        ({"session_status": "expired", "payment_status": "canceled"}, State.EXPIRED, "Nothing was charged."),
        ({"immediate": True, "settled": None}, State.RESERVED, "Your payment has arrived."),
        (
            {"immediate": True, "settled": "undelivered 0"},
            State.NOT_REFUNDED,
            "Your payment was not refunded.",
        ),
        ({"immediate": True, "refunded": 100}, State.RESERVED, "Your payment has arrived."),
    ],
)
def test_what_cannot_be_known_is_not_claimed(changes: dict[str, Any], state: State, title: str) -> None:
    """Credits that the price does not tell, clocks that differ, a refund that has not happened."""
    text = page_text(purchase(**changes), 1000, WINDOW_S)
    assert (text.state, text.title) == (state, title)


def test_credits_are_counted_as_the_receipt_said_where_the_price_does_not_tell() -> None:
    """An amount so small that several counts cost the same."""
    text = page_text(
        purchase(immediate=True, settled="partial 98", amount=60, refunded=2, received=60, credits=100),
        1000,
        WINDOW_S,
    )
    assert (text.title, text.lines) == (
        "98 of 100 credits reached the machine.",
        ("Charged $0.58, the rest was refunded.",),
    )


@pytest.mark.parametrize(
    ("changes", "title", "line"),
    [
        (
            {},
            "You were charged $2.50.",
            "The machine said two different things about your credits. Please ask the staff.",
        ),
        (
            {"payment_status": "canceled", "received": 0},
            "You have not been charged.",
            "The reservation of $2.50 was cancelled.",
        ),
        (
            {"payment_status": "canceled", "received": 0, "unsellable": True},
            "You have not been charged.",
            "The reservation of $2.50 was cancelled.",
        ),
    ],
)
def test_where_the_machine_contradicted_itself_only_the_money_is_told(
    changes: dict[str, Any], title: str, line: str
) -> None:
    """A receipt that came after the money had gone the other way."""
    text = page_text(purchase(disputed=True, **changes), 1000, WINDOW_S)
    assert (text.title, text.lines[0]) == (title, line)


def test_a_reservation_that_could_never_be_credited_is_not_laid_at_the_machines_door() -> None:
    """Added tax, or another currency: the machine was never asked."""
    text = page_text(purchase(payment_status="canceled", received=0, unsellable=True), 1000, WINDOW_S)
    why = "The reservation of $2.50 was cancelled, because the machine sells nothing at that price."
    assert (text.state, text.lines[0]) == (State.NOT_CHARGED, why)


def test_an_immediate_payment_that_was_refunded_in_part_since_is_still_delivered() -> None:
    """The receipt tells the credits apart from the operator's kindness."""
    text = page_text(purchase(immediate=True, settled="delivered 3", refunded=100), 1000, WINDOW_S)
    assert (text.title, text.lines) == (
        "Your credits are on the machine.",
        ("Charged $2.50.", "$1.00 of it was refunded since."),
    )


def test_what_is_kept_is_bounded() -> None:
    """The oldest goes for the newest, and what is kept anew counts as new."""
    recent = Recent[str](2)
    for key in ("a", "b", "a", "c"):
        recent.keep(key, key.upper(), 1000, 1)
    assert [recent.get(key, 1000) for key in ("a", "b", "c")] == ["A", None, "C"]


@pytest.mark.parametrize(("now_s", "found"), [(999.9, None), (1000, "A"), (1000.9, "A"), (1001, None)])
def test_what_is_kept_is_given_for_its_time_only(now_s: float, found: str | None) -> None:
    """A clock that was set back makes nothing immortal."""
    recent = Recent[str](2)
    recent.keep("a", "A", 1000, 1)
    assert recent.get("a", now_s) == found
