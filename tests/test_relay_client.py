"""HTTPS to the relay, against a real HTTP server on the loopback."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from conftest import wait_until

from controller.cloud.relay_client import (
    AT_ONCE,
    OpenPaymentsListed,
    RelayClient,
    RelayEvent,
    read_offer,
)
from controller.config.keys import RelayConfig
from controller.model.events import (
    OfferFailed,
    OfferReceived,
    OpenPaymentsFailed,
    ReceiptAnswered,
    ReceiptFailed,
)
from controller.model.offer import Offer, Price, PricePeriod
from controller.model.payment import Outcome, Payment, Receipt
from controller.model.trust import Refusal

TOKEN = "1." + "ab" * 32
RECEIPT = Receipt("pi_1", Outcome.PARTIAL, 1, 3)
SENT_S = 1234.5
NOT_THE_RELAY = "from {url}, and not the JSON that was expected: is it the relay?"
SOLD = Offer("https://pay.example/p/galaga-01", (Price(1, 100, "usd"),))
OFFER = {
    "door": "https://pay.example/p/galaga-01",
    "offers": [{"credits": 1, "amount": 100, "currency": "usd", "label": "1 credit"}],
    "name": "Galaga",
}

LISTED = {"paymentId": "pi_1", "credits": 3, "amount": 250, "currency": "usd", "secondsLeft": 40}

# A daemon that sends a receipt, and is stopped when its input ends.
SENDER = """
import sys
import time
from controller.model.payment import Outcome, Receipt
from controller.cloud.relay_client import RelayClient
from controller.config.keys import RelayConfig

client = RelayClient(RelayConfig(sys.argv[1], "1.ab"), "galaga-01", print, time.monotonic)
client.send_receipt(Receipt("pi_1", Outcome.DELIVERED, 1, 1))
sys.stdin.read()
client.close()
"""


class ScriptedRelay:
    """Answers as it is told, and remembers what it was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, bytes]] = {}
        self.headers: dict[str, str] = {}
        self.asked: list[tuple[str, str, Any, str | None]] = []
        self.held = threading.Event()
        self.hold_payment = ""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def answer(self, path: str, fields: Any, status: int = 200) -> None:
        """Answer so from now on."""
        body = fields if isinstance(fields, bytes) else json.dumps(fields).encode()
        self.answers[f"/machines/galaga-01/{path}"] = (status, body)

    def close(self) -> None:
        """Let go of all that waits, and stop."""
        self.held.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(relay) -> type[BaseHTTPRequestHandler]:  # noqa: N805 - the handler has its own self
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers.get("Content-Length", 0))
                body = json.loads(self.rfile.read(length)) if length else None
                relay.asked.append((self.command, self.path, body, self.headers["Authorization"]))
                if body and body["paymentId"] == relay.hold_payment:
                    relay.held.wait(60)
                status, answer = relay.answers.get(self.path, (404, b"no such page"))
                self.send_response(status)
                for name, value in ({"Content-Length": str(len(answer))} | relay.headers).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer)

            do_GET = do_POST  # noqa: N815 - the name that http.server looks for

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        return Handler


@pytest.fixture
def relay() -> Iterator[ScriptedRelay]:
    """A relay that does as it is told."""
    relay = ScriptedRelay()
    yield relay
    relay.close()


@pytest.fixture
def told() -> queue.SimpleQueue[RelayEvent]:
    """What the client told."""
    return queue.SimpleQueue()


@pytest.fixture
def client(relay: ScriptedRelay, told: queue.SimpleQueue[RelayEvent]) -> Iterator[RelayClient]:
    """A client of the scripted relay."""
    client = RelayClient(RelayConfig(relay.url + "/", TOKEN), "galaga-01", told.put, lambda: SENT_S)
    yield client
    client.close()


# Receipts


def test_a_receipt_is_posted_with_the_machines_token(
    relay: ScriptedRelay, client: RelayClient, told: queue.SimpleQueue[RelayEvent]
) -> None:
    """The whole request."""
    relay.answer("receipts", {"result": "settled"})

    client.send_receipt(RECEIPT)

    assert told.get(timeout=60) == ReceiptAnswered("pi_1", "settled")
    body = {"paymentId": "pi_1", "outcome": "partial", "creditsDelivered": 1, "creditsPaid": 3}
    assert relay.asked == [("POST", "/machines/galaga-01/receipts", body, f"Bearer {TOKEN}")]


@pytest.mark.parametrize(
    ("result", "status"),
    [("settled", 200), ("already", 200), ("conflict", 200), ("conflict", 409), ("unknown", 404)],
)
def test_a_final_answer_is_one_whatever_its_status(
    relay: ScriptedRelay,
    client: RelayClient,
    told: queue.SimpleQueue[RelayEvent],
    result: str,
    status: int,
) -> None:
    """The relay has said its last word on this payment."""
    relay.answer("receipts", {"result": result}, status)

    client.send_receipt(RECEIPT)

    assert told.get(timeout=60) == ReceiptAnswered("pi_1", result)


@pytest.mark.parametrize(
    ("said", "charged"),
    [(0, 0), (166, 166), (None, None), (-1, None), (1.5, None), (True, None), ("166", None), (10**30, None)],
)
def test_what_is_charged_counts_if_it_is_an_amount(
    relay: ScriptedRelay,
    client: RelayClient,
    told: queue.SimpleQueue[RelayEvent],
    said: object,
    charged: int | None,
) -> None:
    """The receipt is settled either way, and is not sent again for it."""
    relay.answer("receipts", {"result": "settled", "charged": said})

    client.send_receipt(RECEIPT)

    assert told.get(timeout=60) == ReceiptAnswered("pi_1", "settled", charged)


@pytest.mark.parametrize(
    ("status", "fields", "reason", "refusal"),
    [
        (200, {"result": "retry"}, "the relay answered 'retry'", None),
        (200, {}, "the relay answered None", Refusal.OTHER),
        (200, {"result": ["settled"]}, "the relay answered ['settled']", Refusal.OTHER),
        (400, {"error": "creditsPaid is 9"}, "400 creditsPaid is 9", Refusal.OTHER),
        (401, {"error": "token refused"}, "401 token refused", Refusal.TOKEN),
        (429, {"error": "too many"}, "429 too many", None),
        (503, {"error": "Stripe did not answer"}, "503 Stripe did not answer", None),
        (503, {"result": "retry"}, "503 Service Unavailable", None),
        (200, b"<html>", f"200 {NOT_THE_RELAY}", Refusal.OTHER),
        (200, [], f"200 {NOT_THE_RELAY}", Refusal.OTHER),
        (404, b"<html>", f"404 {NOT_THE_RELAY}", Refusal.OTHER),
        (502, b"", f"502 {NOT_THE_RELAY}", None),
    ],
)
def test_any_other_answer_leaves_the_receipt_owed(
    relay: ScriptedRelay,
    client: RelayClient,
    told: queue.SimpleQueue[RelayEvent],
    status: int,
    fields: Any,
    reason: str,
    refusal: Refusal | None,
) -> None:
    """With a reason for the log, and whether it would be the same if it were asked again."""
    relay.answer("receipts", fields, status)

    client.send_receipt(RECEIPT)

    url = f"{relay.url}/machines/galaga-01/receipts"
    assert told.get(timeout=60) == ReceiptFailed("pi_1", reason.format(url=url), refusal)


def test_what_is_told_of_a_refusal_is_short(
    relay: ScriptedRelay, client: RelayClient, told: queue.SimpleQueue[RelayEvent]
) -> None:
    """Whoever answers in the relay's place must not fill the log, the screen and the status."""
    relay.answer("offer", {"error": "x" * 10_000}, 403)

    client.fetch_offer()

    assert told.get(timeout=60) == OfferFailed(f"403 {'x' * 196}", Refusal.OTHER)


def test_a_redirect_is_not_followed(
    relay: ScriptedRelay, client: RelayClient, told: queue.SimpleQueue[RelayEvent]
) -> None:
    """The token is for the relay alone; a hotel's login page is no relay."""
    relay.answer("receipts", b"", 307)
    relay.answer("elsewhere", {"result": "settled"})
    relay.headers["Location"] = f"{relay.url}/machines/galaga-01/elsewhere"

    client.send_receipt(RECEIPT)

    url = f"{relay.url}/machines/galaga-01/receipts"
    assert told.get(timeout=60) == ReceiptFailed(
        "pi_1", f"307 from {url}, and not the JSON that was expected: is it the relay?", Refusal.OTHER
    )
    assert len(relay.asked) == 1


def test_a_relay_that_cannot_be_reached_leaves_the_receipt_owed(
    relay: ScriptedRelay, client: RelayClient, told: queue.SimpleQueue[RelayEvent]
) -> None:
    """No secret is in the reason."""
    relay.close()

    client.send_receipt(RECEIPT)

    failed = told.get(timeout=60)
    assert isinstance(failed, ReceiptFailed)
    assert "Connection refused" in failed.reason
    assert TOKEN not in failed.reason


def test_a_receipt_that_the_relay_sits_on_holds_up_no_other(
    relay: ScriptedRelay, client: RelayClient, told: queue.SimpleQueue[RelayEvent]
) -> None:
    """Nor the offer; and it is answered in the end."""
    relay.hold_payment = "pi_1"
    relay.answer("receipts", {"result": "settled"})
    relay.answer("offer", OFFER)
    client.send_receipt(RECEIPT)
    client.send_receipt(Receipt("pi_2", Outcome.DELIVERED, 1, 1))
    assert told.get(timeout=60) == ReceiptAnswered("pi_2", "settled")
    client.fetch_offer()
    assert isinstance(told.get(timeout=60), OfferReceived)

    relay.held.set()

    assert told.get(timeout=60) == ReceiptAnswered("pi_1", "settled")


def test_a_receipt_that_was_not_sent_when_the_client_closes_is_dropped(
    relay: ScriptedRelay, client: RelayClient, told: queue.SimpleQueue[RelayEvent]
) -> None:
    """The outbox on disk keeps it; those under way are still answered."""
    relay.hold_payment = "pi_1"
    relay.answer("receipts", {"result": "settled"})
    for _ in range(AT_ONCE):
        client.send_receipt(RECEIPT)
    wait_until(lambda: len(relay.asked) == AT_ONCE, "all threads to wait for the relay")
    client.send_receipt(Receipt("pi_2", Outcome.DELIVERED, 1, 1))

    client.close()
    relay.held.set()

    assert [told.get(timeout=60) for _ in range(AT_ONCE)] == [ReceiptAnswered("pi_1", "settled")] * AT_ONCE
    assert [body["paymentId"] for _, _, body, _ in relay.asked] == ["pi_1"] * AT_ONCE


def test_a_process_ends_although_the_relay_sits_on_its_receipt(relay: ScriptedRelay) -> None:
    """A stop of the daemon must not wait for a relay that waits for Stripe."""
    relay.hold_payment = "pi_1"
    process = subprocess.Popen([sys.executable, "-c", SENDER, relay.url], stdin=subprocess.PIPE)
    wait_until(lambda: relay.asked, "the receipt to arrive")

    process.communicate(timeout=60)

    assert (process.returncode, relay.held.is_set()) == (0, False)


# The offer


def test_the_offer_is_fetched_with_the_machines_token(
    relay: ScriptedRelay, client: RelayClient, told: queue.SimpleQueue[RelayEvent]
) -> None:
    """The door's address and its prices; what else is said is ignored."""
    relay.answer("offer", OFFER)

    client.fetch_offer()

    assert told.get(timeout=60) == OfferReceived(
        Offer("https://pay.example/p/galaga-01", (Price(1, 100, "usd"),))
    )
    assert relay.asked == [("GET", "/machines/galaga-01/offer", None, f"Bearer {TOKEN}")]


@pytest.mark.parametrize(
    ("said", "offer", "changes_in_s"),
    [
        (
            {
                "offers": [],
                "freePlay": {"credits": 2, "currency": "usd"},
                "note": "Free play",
                "askAgainInS": 61,
            },
            Offer("https://pay.example/p/galaga-01", (Price(2, 0, "usd"),), "Free play"),
            61.0,
        ),
        ({"freePlay": None, "note": 7, "askAgainInS": 0}, SOLD, None),
        ({"note": "x" * 81, "askAgainInS": True}, SOLD, None),
        ({"note": "x" * 80, "askAgainInS": 10**9}, replace(SOLD, note="x" * 80), None),
        ({"askAgainInS": "61"}, SOLD, None),
        (
            {"period": {"name": "Happy hour", "until": "18:00"}, "next": {"name": "Late", "from": "22:00"}},
            replace(SOLD, period=PricePeriod("Happy hour", "18:00"), coming=PricePeriod("Late", "22:00")),
            None,
        ),
        (
            {"period": {"name": "Gala"}, "next": {"name": "Late"}},
            replace(SOLD, period=PricePeriod("Gala")),
            None,
        ),
        ({"period": "Gala", "next": ["Late", "22:00"]}, SOLD, None),
        ({"period": {"name": ""}, "next": {"name": "x" * 81, "from": "22:00"}}, SOLD, None),
        ({"period": {"name": 7}, "next": {"name": "Late", "from": 22}}, SOLD, None),
        ({"period": {"name": "Gala", "until": "24:00"}, "next": {"from": "22:00"}}, SOLD, None),
        (
            {"next": {"name": "Late", "from": "22:00\n"}, "period": {"name": "Gala", "until": True}},
            SOLD,
            None,
        ),
    ],
)
def test_prices_by_the_clock_are_told_with_their_end(
    relay: ScriptedRelay,
    client: RelayClient,
    told: queue.SimpleQueue[RelayEvent],
    said: dict[str, Any],
    offer: Offer,
    changes_in_s: float | None,
) -> None:
    """What is free is a price of 0; words and times that are strange are as good as none."""
    relay.answer("offer", OFFER | said)
    client.fetch_offer()
    assert told.get(timeout=60) == OfferReceived(offer, changes_in_s)


def test_a_refused_offer_is_told_with_its_reason(
    relay: ScriptedRelay, client: RelayClient, told: queue.SimpleQueue[RelayEvent]
) -> None:
    """A wrong token is the technician's to mend."""
    relay.answer("offer", {"error": "token refused"}, 401)

    client.fetch_offer()

    assert told.get(timeout=60) == OfferFailed("401 token refused", Refusal.TOKEN)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"door": None}, "the relay's offer has door None, not an address that fits a QR code"),
        (
            {"door": "javascript:x"},
            "the relay's offer has door 'javascript:x', not an address that fits a QR code",
        ),
        (
            {"door": "https://pay.example.com/" + "x" * 300},
            f"the relay's offer has door 'https://pay.example.com/{'x' * 300}', not an address that fits "
            "a QR code",
        ),
        (
            {"offers": [{"credits": 1, "amount": 100, "currency": "US dollars"}]},
            "the relay's offer has {'credits': 1, 'amount': 100, 'currency': 'US dollars'}, "
            "not credits, amount and currency",
        ),
        (
            {"offers": [{"credits": 101, "amount": 100, "currency": "usd"}]},
            "the relay's offer has {'credits': 101, 'amount': 100, 'currency': 'usd'}, "
            "not credits, amount and currency",
        ),
        ({"offers": {}}, "the relay's offer has offers {}, not a list"),
        ({"freePlay": 1}, "the relay's offer has freePlay 1, not credits and currency"),
        (
            {"freePlay": {"credits": True, "currency": "usd"}},
            "the relay's offer has freePlay {'credits': True, 'currency': 'usd'}, not credits and currency",
        ),
        ({"offers": [1]}, "the relay's offer has 1, not credits, amount and currency"),
        (
            {"offers": [{"credits": "1", "amount": 100, "currency": "usd"}]},
            "the relay's offer has {'credits': '1', 'amount': 100, 'currency': 'usd'}, "
            "not credits, amount and currency",
        ),
        (
            {"offers": [{"credits": True, "amount": 100, "currency": "usd"}]},
            "the relay's offer has {'credits': True, 'amount': 100, 'currency': 'usd'}, "
            "not credits, amount and currency",
        ),
        (
            {"offers": [{"credits": 0, "amount": 100, "currency": "usd"}]},
            "the relay's offer has {'credits': 0, 'amount': 100, 'currency': 'usd'}, "
            "not credits, amount and currency",
        ),
        (
            {"offers": [{"credits": 1, "amount": 1.5, "currency": "usd"}]},
            "the relay's offer has {'credits': 1, 'amount': 1.5, 'currency': 'usd'}, "
            "not credits, amount and currency",
        ),
    ],
)
def test_an_offer_of_the_wrong_kind_is_refused(changes: dict[str, Any], reason: str) -> None:
    """Nothing half understood reaches the screen."""
    with pytest.raises(ValueError, match=r"^the relay's offer has ") as raised:
        read_offer(OFFER | changes)
    assert str(raised.value) == reason


# Open payments


def test_open_payments_count_from_before_the_question(
    relay: ScriptedRelay, told: queue.SimpleQueue[RelayEvent]
) -> None:
    """Each look at this clock is a second later; the relay looked at it while it answered."""
    times = iter(range(100, 200))
    client = RelayClient(RelayConfig(relay.url, TOKEN), "galaga-01", told.put, lambda: float(next(times)))
    relay.answer("payments", [LISTED, LISTED | {"paymentId": "pi_2", "secondsLeft": 0, "why": "late"}])

    client.fetch_open_payments()

    assert told.get(timeout=60) == OpenPaymentsListed(
        100.0,
        (
            (Payment("pi_1", 3, 250, "usd", has_receipt=True), 40.0),
            (Payment("pi_2", 3, 250, "usd", has_receipt=True), 0.0),
        ),
    )
    assert relay.asked == [("GET", "/machines/galaga-01/payments", None, f"Bearer {TOKEN}")]
    client.close()


def test_payments_are_asked_for_by_their_ids(
    relay: ScriptedRelay, client: RelayClient, told: queue.SimpleQueue[RelayEvent]
) -> None:
    """One parameter for each."""
    path = "payments?paid=pi_1&paid=pi_2"
    relay.answer(path, [LISTED])

    client.fetch_open_payments(("pi_1", "pi_2"))

    payment = Payment("pi_1", 3, 250, "usd", has_receipt=True)
    assert told.get(timeout=60) == OpenPaymentsListed(SENT_S, ((payment, 40.0),))
    assert relay.asked == [("GET", f"/machines/galaga-01/{path}", None, f"Bearer {TOKEN}")]


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ([], "the relay's open payments have [], with no secondsLeft"),
        ({"secondsLeft": -1}, "with no secondsLeft"),
        ({"secondsLeft": 1.5}, "with no secondsLeft"),
        ({"secondsLeft": True}, "with no secondsLeft"),
        ({"secondsLeft": None}, "with no secondsLeft"),
        (
            {"credits": 101},
            "the relay's open payments have a wrong one: credits is 101, not a whole number from 1 to 100",
        ),
        (
            {"paymentId": "pi/../x"},
            "the relay's open payments have a wrong one: paymentId is 'pi/../x', not a payment's id",
        ),
    ],
)
def test_one_wrong_entry_makes_none_of_them_count(
    relay: ScriptedRelay,
    client: RelayClient,
    told: queue.SimpleQueue[RelayEvent],
    wrong: Any,
    reason: str,
) -> None:
    """What is not in the list is taken for settled: half a list is no list."""
    relay.answer("payments", [LISTED, LISTED | wrong if wrong else wrong])

    client.fetch_open_payments()

    failed = told.get(timeout=60)
    assert isinstance(failed, OpenPaymentsFailed)
    assert failed.reason.endswith(reason)


@pytest.mark.parametrize(
    ("status", "answer", "reason", "refusal"),
    [
        (503, {"error": "Stripe did not answer"}, "503 from {url}, Stripe did not answer", None),
        (503, [], f"503 {NOT_THE_RELAY}", None),
        (401, {"error": "token refused"}, "401 from {url}, token refused", Refusal.TOKEN),
        (200, {}, f"200 {NOT_THE_RELAY}", Refusal.OTHER),
        (200, b"<html>", f"200 {NOT_THE_RELAY}", Refusal.OTHER),
    ],
)
def test_no_answer_is_not_an_empty_list(
    relay: ScriptedRelay,
    client: RelayClient,
    told: queue.SimpleQueue[RelayEvent],
    status: int,
    answer: Any,
    reason: str,
    refusal: Refusal | None,
) -> None:
    """An empty list would end payments; this asks again."""
    relay.answer("payments", answer, status)

    client.fetch_open_payments()

    url = f"{relay.url}/machines/galaga-01/payments"
    assert told.get(timeout=60) == OpenPaymentsFailed(reason.format(url=url), refusal)


def test_a_relay_that_cannot_be_reached_lists_nothing(
    relay: ScriptedRelay, client: RelayClient, told: queue.SimpleQueue[RelayEvent]
) -> None:
    """The cabinet asks again."""
    relay.close()

    client.fetch_open_payments()

    failed = told.get(timeout=60)
    assert isinstance(failed, OpenPaymentsFailed)
    assert "Connection refused" in failed.reason
