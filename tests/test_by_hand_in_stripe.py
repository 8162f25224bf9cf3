"""What staff do in Stripe's dashboard, and what a machine's receipt then does: every row of the page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from conftest import PASSWORDS, wait_until
from relay_parts import Cabinet, RelayUnderTest, relay_under_test

from cloud_relay.rules.orders import Order
from cloud_relay.rules.prices import price
from cloud_relay.settling.tidy import tidy
from simulator.chain.broker import Broker

PAGE = Path(__file__).parent.parent / "docs" / "by-hand-in-stripe.md"
OURS = Order("galaga-01", 3, 250, "usd").metadata()
RELEASE_AFTER_S = 72 * 3600
RESERVED, AT_ONCE = "reserved", "charged at once"
NOTHING = "nothing for 72 h"
REPORTS = {"3 of 3": ("delivered", 3), "1 of 3": ("partial", 1), "none of 3": ("undelivered", 0)}
BY_HAND = {
    RESERVED: (
        "captured",
        "captured $1.00",
        "cancelled",
        "captured, refunded",
        "captured, refunded $1.00",
    ),
    AT_ONCE: ("refunded", "refunded $1.00"),
}


@dataclass(frozen=True)
class Row:
    """One row of the page's table."""

    payment: str
    by_hand: str
    reports: str
    relay: str
    paid: str
    page: str


def rows() -> list[Row]:
    """The table of the page."""
    lines = [line for line in PAGE.read_text().splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]
    return [Row(*each) for each in cells]


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """One broker for all of these tests."""
    with Broker(tmp_path_factory.mktemp("by-hand"), PASSWORDS) as running:
        yield running


@pytest.fixture(scope="module")
def relay(broker: Broker) -> Iterator[RelayUnderTest]:
    """One relay for all rows: each is about a payment of its own. Its cabinet is there."""
    with relay_under_test(broker) as running, Cabinet("galaga-01", broker):
        yield running


def paid(relay: RelayUnderTest, payment: str) -> str:
    """A payment of that kind, whose webhook the relay has taken."""
    before = len(relay.stripe.webhooks.log)
    payment_id = relay.pay_in_secret(OURS, capture="manual" if payment == RESERVED else "automatic")
    wait_until(lambda: relay.stripe.webhooks.undelivered == 0, "the webhooks")
    assert {each.status_code for each in relay.stripe.webhooks.log[before:]} == {200}
    return payment_id


def do_by_hand(relay: RelayUnderTest, payment_id: str, steps: str) -> None:
    """What the staff does: `captured, refunded $1.00`."""
    for step in steps.split(", "):
        act, _, amount = step.partition(" $")
        cents = int(amount.replace(".", "")) if amount else None
        if act == "cancelled":
            relay.stripe.cancel(payment_id)
        else:
            {"captured": relay.stripe.capture, "refunded": relay.stripe.refund}[act](payment_id, cents)


def report(relay: RelayUnderTest, payment_id: str, reports: str) -> dict[str, Any]:
    """The machine's receipt; what the relay answers."""
    outcome, delivered = REPORTS[reports]
    body = {"paymentId": payment_id, "outcome": outcome, "creditsDelivered": delivered, "creditsPaid": 3}
    answer = relay.client.post("/machines/galaga-01/receipts", json=body, headers=relay.token())
    said: dict[str, Any] = answer.json
    return said


def refunded_of(relay: RelayUnderTest, payment_id: str) -> int:
    """All that was refunded of a payment."""
    made = relay.stripe.keeper.turn(lambda book, _: list(book.refunds.values()))
    return sum(each.amount for each in made if each.payment_intent == payment_id)


def page_of(relay: RelayUnderTest, payment_id: str) -> str:
    """What the player's page says, in one line."""
    sessions = relay.stripe.keeper.turn(lambda book, _: list(book.sessions.values()))
    (session,) = [each for each in sessions if each.payment_intent == payment_id]
    said = relay.client.get(f"/thanks/state?s={session.id}").json
    return f"{said['title']} {said['lines'][0]}"


def as_it_went(relay: RelayUnderTest, payment: str, by_hand: str, reports: str) -> Row:
    """Do all that a row tells, and tell what came of it."""
    payment_id = paid(relay, payment)
    do_by_hand(relay, payment_id, by_hand)
    before = refunded_of(relay, payment_id)
    if reports == NOTHING:
        relay.clock.ahead_s += RELEASE_AFTER_S
        tidy(relay.relay)
    else:
        first = report(relay, payment_id, reports)
        assert first["result"] in ("settled", "already")
        assert report(relay, payment_id, reports) == first | {"result": "already"}
    refunded = refunded_of(relay, payment_id)
    relay.clock.ahead_s += RELEASE_AFTER_S
    assert [one for one in tidy(relay.relay) if one.payment.payment_id == payment_id] == []
    assert refunded_of(relay, payment_id) == refunded, "nothing is given back twice"
    assert payment_id not in [mark.payment_id for mark in relay.relay.stripe().marks(relay.clock())]
    received = relay.payment(payment_id).received
    did = f"refunds {price(refunded - before, 'usd')}" if refunded > before else "leaves it"
    left = price(received - refunded, "usd")
    return Row(payment, by_hand, reports, did, left, page_of(relay, payment_id))


@pytest.mark.parametrize("row", rows(), ids=lambda row: "-".join(astuple(row)[:3]))
def test_what_the_page_says_is_what_happens(relay: RelayUnderTest, row: Row) -> None:
    """The receipt comes twice, and tidy after it: no conflict, and nothing twice."""
    assert as_it_went(relay, row.payment, row.by_hand, row.reports) == row


def test_the_page_has_a_row_for_each_case() -> None:
    """All that can be done by hand, with all that a machine can say of it."""
    wanted = [
        (payment, by_hand, reports)
        for payment in (RESERVED, AT_ONCE)
        for by_hand, reports in product(BY_HAND[payment], (*REPORTS, NOTHING))
    ]
    assert [astuple(row)[:3] for row in rows()] == wanted


@pytest.mark.parametrize("payment", [RESERVED, AT_ONCE])
@pytest.mark.parametrize("reports", ["3 of 3", "1 of 3"])
def test_a_refund_by_hand_after_the_receipt_changes_nothing_for_the_machine(
    relay: RelayUnderTest, payment: str, reports: str
) -> None:
    """Its receipt may come again; the goodwill stays."""
    payment_id = paid(relay, payment)
    first = report(relay, payment_id, reports)
    before = refunded_of(relay, payment_id)
    do_by_hand(relay, payment_id, "refunded $0.50")
    assert report(relay, payment_id, reports) == first | {"result": "already"}
    assert refunded_of(relay, payment_id) == before + 50


@pytest.mark.parametrize(("payment", "by_hand"), [(RESERVED, "captured"), (RESERVED, "cancelled")])
def test_a_machine_that_says_two_things_is_a_conflict_all_the_same(
    relay: RelayUnderTest, payment: str, by_hand: str
) -> None:
    """The first receipt stays; what was done by hand before it does not hide the second."""
    payment_id = paid(relay, payment)
    do_by_hand(relay, payment_id, by_hand)
    report(relay, payment_id, "3 of 3")
    assert report(relay, payment_id, "none of 3") == {"result": "conflict"}
    assert refunded_of(relay, payment_id) == 0


def test_the_relays_own_release_is_told_from_one_by_hand(relay: RelayUnderTest) -> None:
    """Credits that were delivered after it are a conflict: nobody meant to give them away."""
    payment_id = paid(relay, RESERVED)
    relay.clock.ahead_s += RELEASE_AFTER_S
    assert payment_id in [one.payment.payment_id for one in tidy(relay.relay) if one.outcome == "released"]
    assert report(relay, payment_id, "3 of 3") == {"result": "conflict"}


def test_the_page_is_found_from_the_relays_own() -> None:
    """Nobody reads what nothing leads to."""
    readme = (PAGE.parent.parent / "cloud_relay" / "README.md").read_text()
    assert re.search(r"docs/by-hand-in-stripe\.md", readme)
