"""EDGE. HTTPS to the relay: receipts out, the offer in. Answers come back as events."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from typing import Any

import requests

from controller.events import OfferFailed, OfferReceived, ReceiptAnswered, ReceiptFailed
from controller.offer import Offer, Price
from controller.payment import Receipt

log = logging.getLogger(__name__)

CONNECT_WITHIN_S = 5.0
# The relay itself may wait for Stripe, twice.
ANSWER_WITHIN_S = 20.0
AT_ONCE = 4
FINAL_ANSWERS = ("settled", "already", "conflict", "unknown")

RelayEvent = OfferFailed | OfferReceived | ReceiptAnswered | ReceiptFailed


class RelayClient:
    """Asks the relay from threads of its own, so that neither the loop nor one receipt waits for another."""

    def __init__(self, url: str, machine_id: str, token: str, tell: Callable[[RelayEvent], None]) -> None:
        self._machine_url = f"{url.rstrip('/')}/machines/{machine_id}"
        self._headers = {"Authorization": f"Bearer {token}"}
        self._tell = tell
        self._closed = False
        self._asks: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        # Daemon threads, and no pool of the library's: at the end it would wait for each of its threads.
        for number in range(AT_ONCE):
            threading.Thread(target=self._work, name=f"relay-{number}", daemon=True).start()

    def close(self) -> None:
        """Drop what has not been sent yet; the outbox keeps it."""
        self._closed = True
        for _ in range(AT_ONCE):
            self._asks.put(lambda: None)

    def send_receipt(self, receipt: Receipt) -> None:
        """Report what became of a payment; the answer follows as an event."""
        self._asks.put(lambda: self._send_receipt(receipt))

    def fetch_offer(self) -> None:
        """Ask what the machine sells; the answer follows as an event."""
        self._asks.put(self._fetch_offer)

    def _work(self) -> None:
        while True:
            ask = self._asks.get()
            if self._closed:
                return
            ask()

    def _send_receipt(self, receipt: Receipt) -> None:
        body = {
            "paymentId": receipt.payment_id,
            "outcome": receipt.outcome,
            "creditsDelivered": receipt.credits_delivered,
            "creditsPaid": receipt.credits_paid,
        }
        try:
            fields = self._ask("POST", "receipts", body)
            self._tell(_answer(receipt.payment_id, fields))
        except (requests.RequestException, ValueError) as error:
            self._tell(ReceiptFailed(receipt.payment_id, str(error)))
        except Exception:
            log.exception("receipt for %s failed", receipt.payment_id)
            self._tell(ReceiptFailed(receipt.payment_id, "see the log"))

    def _fetch_offer(self) -> None:
        try:
            self._tell(OfferReceived(read_offer(self._ask("GET", "offer"))))
        except (requests.RequestException, ValueError) as error:
            self._tell(OfferFailed(str(error)))
        except Exception:
            log.exception("offer failed")
            self._tell(OfferFailed("see the log"))

    def _ask(self, method: str, what: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        answer = requests.request(
            method,
            f"{self._machine_url}/{what}",
            json=body,
            headers=self._headers,
            timeout=(CONNECT_WITHIN_S, ANSWER_WITHIN_S),
            allow_redirects=False,
        )
        fields = _json_object(answer)
        if answer.status_code != 200 and fields.get("result") not in FINAL_ANSWERS:
            raise ValueError(f"{answer.status_code} {fields.get('error', answer.reason)}")
        return fields


def read_offer(fields: dict[str, Any]) -> Offer:
    """The relay's answer as an offer.

    Raises:
        ValueError: a field is missing or of the wrong kind.
    """
    door, offers = fields.get("door"), fields.get("offers")
    if not isinstance(door, str) or not door.startswith(("https://", "http://")):
        raise ValueError(f"the relay's offer has door {door!r}, not an address")
    if not isinstance(offers, list):
        raise ValueError(f"the relay's offer has offers {offers!r}, not a list")
    return Offer(door, tuple(_price(offer) for offer in offers))


def _price(fields: object) -> Price:
    match fields:
        case {"credits": int(credits), "amount": int(amount), "currency": str(currency)} if (
            {type(credits), type(amount)} == {int} and min(credits, amount) > 0  # true is an int too
        ):
            return Price(credits, amount, currency)
    raise ValueError(f"the relay's offer has {fields!r}, not credits, amount and currency")


def _answer(payment_id: str, fields: dict[str, Any]) -> ReceiptAnswered | ReceiptFailed:
    result = fields.get("result")
    if result in FINAL_ANSWERS:
        return ReceiptAnswered(payment_id, result)
    return ReceiptFailed(payment_id, f"the relay answered {result!r}")


def _json_object(answer: requests.Response) -> dict[str, Any]:
    try:
        fields = answer.json()
    except requests.JSONDecodeError:
        fields = None
    if not isinstance(fields, dict):
        raise ValueError(f"{answer.status_code} from {answer.url}, and not JSON: is it the relay?")
    return fields
