"""What is noted beside a payment: by real webhooks, and listed by the operator's command."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import stripe
from conftest import PASSWORDS, wait_until
from relay_parts import API_KEY, OPERATOR_KEY, RelayUnderTest, relay_beside, relay_under_test, until

from cloud_relay.errors import RefundRefused
from cloud_relay.operator.commands import list_machines, refund_one
from cloud_relay.rules.marks import Dispute, Mark, MarkKind, mark_metadata, marks_in
from cloud_relay.rules.orders import Order
from cloud_relay.rules.refunds import MadeRefund, refund_mark, refusal
from cloud_relay.settling.notes import note_dispute
from cloud_relay.settling.tidy import tidy
from cloud_relay.stripe.events import WANTED_EVENTS
from simulator.chain.broker import Broker
from simulator.stripe.model.objects.table import CheckoutSession, Refund
from simulator.stripe.model.payer import Payer

ORDER = Order("galaga-01", 3, 250, "usd")
OPERATOR = {"Authorization": f"Bearer {OPERATOR_KEY}"}
DAY_S = 24 * 3600


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """One broker for all of these tests."""
    with Broker(tmp_path_factory.mktemp("notes"), PASSWORDS) as running:
        yield running


@pytest.fixture
def relay(broker: Broker) -> Iterator[RelayUnderTest]:
    """A relay that hears just the events that it says it wants."""
    with relay_under_test(broker) as running:
        endpoints = running.stripe.webhooks.endpoints
        endpoints.change(endpoints.first.id, enabled_events=frozenset(WANTED_EVENTS))
        yield running


def sold(relay: RelayUnderTest, *, capture: str = "manual") -> str:
    """A payment that this relay sold; of one charged at once only the session has its metadata."""
    return relay.pay_in_secret(relay.settings.stripe.ownership.mark(ORDER.metadata()), capture=capture)


def delivered(relay: RelayUnderTest) -> str:
    """A payment that was sold, and charged whole."""
    payment_id = sold(relay)
    assert settle(relay, payment_id, 3) == (200, {"result": "settled", "charged": 250})
    return payment_id


def settle(relay: RelayUnderTest, payment_id: str, credits: int) -> tuple[int, object]:
    """Send the cabinet's receipt for so many of three credits."""
    outcome = {0: "undelivered", 3: "delivered"}.get(credits, "partial")
    said = {"paymentId": payment_id, "outcome": outcome, "creditsDelivered": credits, "creditsPaid": 3}
    answer = relay.client.post("/machines/galaga-01/receipts", json=said, headers=relay.token())
    return answer.status_code, {name: answer.json.get(name) for name in ("result", "charged")}


def noted(relay: RelayUnderTest, payment_id: str) -> dict[str, str]:
    """The notes beside a payment, by their kinds."""
    metadata = relay.stripe.book.intents[payment_id].metadata
    return {kind.value: metadata[kind] for kind in MarkKind if kind in metadata}


def machines(relay: RelayUnderTest) -> list[str]:
    """What the operator's command prints, without its head."""
    out = io.StringIO()
    assert list_machines(relay.relay, out, as_json=False) == 0
    return [" ".join(line.split()) for line in out.getvalue().splitlines()[1:]]


def refunded(relay: RelayUnderTest, payment_id: str) -> str:
    """What the operator's refund says."""
    out = io.StringIO()
    assert refund_one(relay.relay, payment_id, out) == 0
    return out.getvalue().rstrip("\n")


def only_refund(relay: RelayUnderTest) -> str:
    """The id of the only refund at Stripe."""
    (refund,) = relay.stripe.book.table(Refund)
    return refund


def test_a_dispute_and_its_end_are_listed_with_their_machine(relay: RelayUnderTest) -> None:
    """Found months after the payment, which no list of the last days has."""
    payment_id = delivered(relay)
    relay.clock.ahead_s = 60 * DAY_S
    dispute = relay.stripe.dispute(payment_id)
    opened = f"needs_response: $2.50, fraudulent ({dispute.id})"
    until(lambda: noted(relay, payment_id), {"dispute": opened}, "the dispute's note")
    relay.clock.ahead_s += 120  # what changed a moment ago is not found by a search
    assert machines(relay) == [
        "galaga-01 Galaga not heard of 0 1 0 0",
        f"dispute: {payment_id} of galaga-01, {opened}",
    ]
    relay.stripe.close_dispute(dispute.id, "lost")
    closed = f"lost: $2.50, fraudulent ({dispute.id})"
    until(lambda: noted(relay, payment_id), {"dispute": closed}, "the end's note")


def test_a_warning_of_fraud_is_listed_and_is_there_for_programs(relay: RelayUnderTest) -> None:
    """A refund in time may spare the dispute."""
    payment_id = delivered(relay)
    warning = relay.stripe.warn_of_fraud(payment_id)
    text = f"made_with_stolen_card ({warning.id})"
    until(lambda: noted(relay, payment_id), {"fraud_warning": text}, "the warning's note")
    out = io.StringIO()
    list_machines(relay.relay, out, as_json=True)
    (machine,) = json.loads(out.getvalue())
    assert machine["notes"] == [{"kind": "fraud_warning", "paymentId": payment_id, "text": text}]
    assert machines(relay)[1:] == [f"fraud warning: {payment_id} of galaga-01, {text}"]


def answers_to_notices(relay: RelayUnderTest) -> list[int | None]:
    """What the relays answered to all that is no sale."""
    sales = WANTED_EVENTS[:3]
    return [each.status_code for each in relay.stripe.webhooks.log if each.event_type not in sales]


def test_what_another_relay_sold_is_not_noted(relay: RelayUnderTest, broker: Broker) -> None:
    """Nor what another shop on the account sold."""
    with relay_beside(relay, broker, UNTAGGED_PAYMENTS="leave") as other:
        other.stripe.webhooks.endpoints.change(
            other.stripe.webhooks.endpoints.all[1].id, enabled_events=frozenset(WANTED_EVENTS)
        )
        ours, foreign = delivered(relay), relay.pay_in_secret({"order": "7"}, capture="automatic")
        for payment_id in (ours, foreign):
            relay.stripe.warn_of_fraud(payment_id)
            relay.stripe.finish_refund(relay.stripe.refund(payment_id, 100), "failed")
            relay.stripe.dispute(payment_id)
        until(lambda: answers_to_notices(relay), [200] * 16, "four events of two payments at two endpoints")
        assert noted(relay, foreign) == {}
        assert relay.stripe.book.intents[ours].metadata["marked_by"] == relay.settings.stripe.ownership.tag
        assert machines(other) == ["galaga-01 Galaga not heard of 0 0 0 0"]
        assert machines(relay)[0] == "galaga-01 Galaga not heard of 0 2 1 0"


def test_an_older_event_does_not_open_a_closed_dispute_again(relay: RelayUnderTest) -> None:
    """Events come in any order."""
    payment_id = delivered(relay)
    won, late = (Dispute("du_1", status, "fraudulent", 250, "usd") for status in ("won", "under_review"))
    assert note_dispute(relay.relay, payment_id, won) == "won: $2.50, fraudulent (du_1)"
    assert note_dispute(relay.relay, payment_id, late) is None
    assert noted(relay, payment_id) == {"dispute": "won: $2.50, fraudulent (du_1)"}
    another = Dispute("du_2", "needs_response", "duplicate", 100, "usd")
    assert note_dispute(relay.relay, payment_id, another) == "needs_response: $1.00, duplicate (du_2)"


def test_an_undelivered_payment_that_its_bank_disputes_is_settled_and_noted(
    relay: RelayUnderTest, caplog: pytest.LogCaptureFixture
) -> None:
    """Asking again would never end: the bank has the money and decides. The operator sees it."""
    payment_id = sold(relay, capture="automatic")
    dispute = relay.stripe.dispute(payment_id)
    wait_until(lambda: noted(relay, payment_id), "the dispute's note")
    with caplog.at_level(logging.INFO):
        assert settle(relay, payment_id, 0) == (200, {"result": "settled", "charged": 0})
    assert settle(relay, payment_id, 0) == (200, {"result": "already", "charged": 0})
    refused = f"refused: {refusal('charge_disputed')}"
    assert noted(relay, payment_id) == {
        "refund": refused,
        "dispute": f"needs_response: $2.50, fraudulent ({dispute.id})",
    }
    assert relay.stripe.money()["refunded"] == 0
    assert f"Did not refund 250 of {payment_id} of galaga-01, {refused}" in caplog.text
    assert machines(relay)[0] == "galaga-01 Galaga not heard of 0 1 1 0"


def test_once_a_dispute_is_won_the_operators_refund_settles_it(relay: RelayUnderTest) -> None:
    """Refused before, in words that are no outage's; done after, and the note is gone."""
    payment_id = sold(relay, capture="automatic")
    dispute = relay.stripe.dispute(payment_id)
    settle(relay, payment_id, 0)
    with pytest.raises(RefundRefused) as refused:
        refunded(relay, payment_id)
    assert str(refused.value) == (
        f"Stripe refuses to refund {payment_id}: charge_disputed: the player's bank disputes it, has the "
        "money and decides. Answer it in Stripe's dashboard; once it is won, refund again"
    )
    relay.stripe.close_dispute(dispute.id, "won")
    assert refunded(relay, payment_id) == f"Refunded $2.50 of {payment_id}; $2.50 had been charged."
    until(
        lambda: noted(relay, payment_id),
        {"dispute": f"won: $2.50, fraudulent ({dispute.id})"},
        "the one note",
    )


def test_a_refund_of_a_receipt_that_is_pending_is_noted_until_it_has_succeeded(relay: RelayUnderTest) -> None:
    """The receipt is settled; what the bank has not confirmed is listed meanwhile."""
    relay.stripe.begin_refunds_as("pending")
    payment_id = sold(relay, capture="automatic")
    assert settle(relay, payment_id, 1) == (200, {"result": "settled", "charged": 83})
    refund_id = only_refund(relay)
    (note,) = noted(relay, payment_id).values()
    assert note.startswith("pending: $1.67")
    assert machines(relay)[1:] == [f"refund: {payment_id} of galaga-01, {note}"]
    relay.stripe.finish_refund(refund_id, "succeeded")
    until(lambda: noted(relay, payment_id), {}, "no note")


def test_a_refund_that_fails_later_is_listed_with_the_banks_reason(relay: RelayUnderTest) -> None:
    """Though Stripe had said that it succeeded; another refund of the same sum makes it good."""
    payment_id = delivered(relay)
    assert refunded(relay, payment_id) == f"Refunded $2.50 of {payment_id}; $2.50 had been charged."
    refund_id = only_refund(relay)
    relay.stripe.finish_refund(refund_id, "failed", "lost_or_stolen_card")
    failed = f"failed: $2.50, lost_or_stolen_card ({refund_id})"
    until(lambda: noted(relay, payment_id), {"refund": failed}, "the failure's note")
    assert machines(relay) == [
        "galaga-01 Galaga not heard of 0 0 1 0",
        f"refund: {payment_id} of galaga-01, {failed}",
    ]
    assert refunded(relay, payment_id) == f"Refunded $2.50 of {payment_id}; $2.50 had been charged."
    assert noted(relay, payment_id) == {}


def test_an_operators_refund_that_is_pending_is_not_told_as_done(relay: RelayUnderTest) -> None:
    """Nor the second time, when nothing is left to refund."""
    relay.stripe.begin_refunds_as("pending")
    payment_id = delivered(relay)
    first = refunded(relay, payment_id)
    assert first.startswith(f"The refund of $2.50 of {payment_id} is not done yet (pending: $2.50")
    assert refunded(relay, payment_id).startswith(
        f"Nothing is left of {payment_id}: all of the $2.50 charged was given back before. "
        "The player does not have it yet (pending: $2.50"
    )


def test_a_refund_in_the_dashboard_is_noted_when_it_fails(relay: RelayUnderTest) -> None:
    """Whoever made it: the player was promised money."""
    payment_id = delivered(relay)
    refund_id = relay.stripe.refund(payment_id, 100)
    relay.stripe.finish_refund(refund_id, "failed")
    failed = f"failed: $1.00, expired_or_canceled_card ({refund_id})"
    until(lambda: noted(relay, payment_id), {"refund": failed}, "the failure's note")
    relay.stripe.begin_refunds_as("pending")
    relay.stripe.finish_refund(relay.stripe.refund(payment_id, 100), "succeeded")
    until(lambda: noted(relay, payment_id), {}, "no note, for the same sum has arrived")


def link(relay: RelayUnderTest, price_id: str) -> str:
    """A link of this relay's for one unit of a price, as one was made that named no currency."""
    metadata = relay.settings.stripe.ownership.mark(Order("galaga-01", 1, 100, "usd").metadata())
    client = stripe.StripeClient(API_KEY, base_addresses={"api": relay.stripe.api_url})
    made = client.v1.payment_links.create(
        {
            "line_items": [{"price": price_id, "quantity": 1}],
            "metadata": metadata,
            "payment_intent_data": {"capture_method": "manual", "metadata": metadata},
        }
    )
    return made.url


@pytest.mark.parametrize(
    ("payer", "why"),
    [
        (Payer("eur"), "paid 90 eur, but 100 usd was ordered"),
        (Payer(tax=19), "paid 119 usd, but 100 usd was ordered"),
        (Payer(quantity=3), "paid 300 usd, but 100 usd was ordered"),
        (Payer(unit_amount=77), "paid 77 usd, but 100 usd was ordered"),
    ],
)
@pytest.mark.parametrize("lost", [False, True], ids=["webhook", "tidy"])
def test_what_can_never_be_credited_goes_back_at_once_and_says_why(
    relay: RelayUnderTest, payer: Payer, why: str, lost: bool
) -> None:
    """At its webhook, or where that was lost at the next tidy; the operator sees the reason."""
    url = link(relay, relay.stripe.create_price(100, "usd", currency_options={"eur": 90}))
    if lost:
        relay.stripe.webhooks.url = None
    payment_id = relay.stripe.pay(url, payer)
    if lost:
        relay.clock.ahead_s = 30
        assert [one.why for one in tidy(relay.relay)] == [why]
    until(lambda: noted(relay, payment_id), {"unsellable": why}, "the note")
    assert relay.payment(payment_id).status == "canceled"
    assert machines(relay) == [
        "galaga-01 Galaga not heard of 0 0 0 1",
        f"unsellable: {payment_id} of galaga-01, {why}",
    ]


def test_the_player_of_such_a_payment_is_told_the_reason(relay: RelayUnderTest) -> None:
    """By the page to which Stripe sends them."""
    payment_id = relay.stripe.pay(link(relay, relay.stripe.create_price(100, "usd")), Payer(tax=19))
    wait_until(lambda: noted(relay, payment_id), "the note")
    (session,) = relay.stripe.book.table(CheckoutSession)
    state = relay.client.get("/thanks/state", query_string={"s": session}).json
    assert (state["title"], state["lines"][0]) == (
        "You have not been charged.",
        "The reservation of $1.19 was cancelled, because the machine sells nothing at that price.",
    )


def test_an_older_links_order_that_cannot_be_read_is_left_to_its_cabinet(relay: RelayUnderTest) -> None:
    """It may be somebody else's: reported in its window, and not once a minute after it."""
    relay.stripe.webhooks.url = None
    payment_id = relay.pay_in_secret(ORDER.metadata() | {"amount": "251"})
    relay.clock.ahead_s = 30
    (in_window,) = tidy(relay.relay)
    assert (in_window.outcome, in_window.why) == (
        "failed",
        "paid 250 usd, but 251 usd was ordered",
    )
    relay.clock.ahead_s = 300
    assert [one.outcome for one in tidy(relay.relay)] == ["waiting"]
    assert (relay.payment(payment_id).status, noted(relay, payment_id)) == ("requires_capture", {})


def test_a_reason_that_could_not_be_noted_is_asked_for_again(relay: RelayUnderTest) -> None:
    """The money is back, and Stripe repeats its webhook until the note is there."""
    relay.stripe.webhooks.url = None
    payment_id = relay.stripe.pay(link(relay, relay.stripe.create_price(100, "usd")), Payer(tax=19))
    kind = "payment_intent.amount_capturable_updated"
    (event,) = (each for each in relay.stripe.book.events.values() if each.type == kind)
    relay.stripe.cancel(payment_id)
    relay.stripe.fail_next(1, status=500, path_prefix=f"/v1/payment_intents/{payment_id}", method="POST")
    answers = [relay.post_event(event.as_json()) for _ in range(2)]
    assert [(answer.status_code, answer.json["givenBack"]) for answer in answers] == [
        (503, "retry"),
        (200, "already"),
    ]
    assert noted(relay, payment_id) == {"unsellable": "paid 119 usd, but 100 usd was ordered"}


def refund(refund_id: str, amount: int, status: str, reason: str = "") -> MadeRefund:
    """A refund in dollars."""
    return MadeRefund(refund_id, amount, "usd", status, reason)


@pytest.mark.parametrize(
    ("refunds", "before", "all_is_back", "mark"),
    [
        ([], "", False, ""),
        ([refund("re_1", 250, "succeeded")], "", True, ""),
        ([refund("re_1", 250, "pending", "processing")], "", True, "pending: $2.50, processing (re_1)"),
        ([refund("re_1", 250, "requires_action")], "", True, "pending: $2.50 (re_1)"),
        ([refund("re_1", 250, "canceled")], "", False, "failed: $2.50 (re_1)"),
        ([refund("re_1", 250, "failed", "declined")], "", False, "failed: $2.50, declined (re_1)"),
        ([refund("re_1", 250, "failed"), refund("re_2", 250, "succeeded")], "", True, ""),
        ([refund("re_1", 100, "failed"), refund("re_2", 100, "succeeded")], "", False, ""),
        ([refund("re_1", 100, "failed"), refund("re_2", 50, "succeeded")], "", False, "failed: $1.00 (re_1)"),
        ([refund("re_1", 50, "succeeded"), refund("re_2", 50, "failed")], "", False, "failed: $0.50 (re_2)"),
        ([refund("re_1", 50, "failed"), refund("re_2", 50, "failed"), refund("re_3", 50, "succeeded")],
         "", False, "failed: $0.50 (re_2)"),
        ([refund("re_1", 100, "failed"), refund("re_2", 250, "pending")], "", True, "pending: $2.50 (re_2)"),
        ([], "refused: why", False, "refused: why"),
        ([refund("re_1", 250, "succeeded")], "refused: why", True, ""),
        ([], "pending: $1.00 (re_1)", False, ""),
    ],
)  # fmt: skip
def test_a_note_says_what_is_left_to_do_about_refunds(
    refunds: list[MadeRefund], before: str, all_is_back: bool, mark: str
) -> None:
    """A failure stays until it is made good, and a refusal until nothing is left of the charge."""
    assert refund_mark(refunds, before, all_is_back=all_is_back) == mark


@pytest.mark.parametrize(
    ("metadata", "marks"),
    [
        ({}, []),
        (
            {"conflict": "delivered 3", "machine_id": "m"},
            [Mark(MarkKind.CONFLICT, "pi_1", "m", "delivered 3")],
        ),
        (
            {"refund": "a\x1b[2J", "machine_id": "../m"},
            [Mark(MarkKind.REFUND, "pi_1", "", "'a\\x1b[2J'")],
        ),
        (
            mark_metadata(MarkKind.DISPUTE, "x" * 600, "tag", "m", 5.9),
            [Mark(MarkKind.DISPUTE, "pi_1", "m", "x" * 500)],
        ),
        (
            mark_metadata(MarkKind.DISPUTE, "lost", "tag", "a/b", 5.9),
            [Mark(MarkKind.DISPUTE, "pi_1", "", "lost")],
        ),
        (mark_metadata(MarkKind.REFUND, "", "tag", "m", 5.9), []),
        ({"refund": "late", "marked_s": "soon"}, [Mark(MarkKind.REFUND, "pi_1", "", "late")]),
    ],
)
def test_notes_are_read_back_from_metadata_that_anybody_may_have_edited(
    metadata: dict[str, str], marks: list[Mark]
) -> None:
    """In the dashboard, or by an older relay."""
    assert list(marks_in("pi_1", metadata, 0, 30 * DAY_S)) == marks


@pytest.mark.parametrize(("now_s", "shown"), [(30 * DAY_S + 5, 1), (30 * DAY_S + 6, 0)])
def test_a_note_is_news_for_thirty_days_after_it_was_made(now_s: float, shown: int) -> None:
    """However old its payment is."""
    metadata = mark_metadata(MarkKind.DISPUTE, "lost", "tag", "m", 5)
    assert len(list(marks_in("pi_1", metadata, 0, now_s))) == shown


def test_the_readme_names_every_event_that_the_relay_wants() -> None:
    """Whoever sets up the endpoint reads it there."""
    readme = (Path(__file__).parent.parent / "cloud_relay" / "README.md").read_text(encoding="utf-8")
    assert [event for event in WANTED_EVENTS if f"`{event}`" not in readme] == []
