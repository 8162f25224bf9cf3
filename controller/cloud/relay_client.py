"""EDGE. HTTPS to the relay: receipts out, the offer in. Answers come back as events."""

from __future__ import annotations

import json
import logging
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

from attract_screen.model.feed_format import MAX_NOTE_CHARS, fits_qr, is_currency, is_wall_time
from controller.cloud.timed_http import Answer, Limits, NoAnswerError, Way, send
from controller.config.keys import RelayConfig
from controller.formats import wire
from controller.model.events import (
    OfferFailed,
    OfferReceived,
    OpenPaymentsFailed,
    ReceiptAnswered,
    ReceiptFailed,
)
from controller.model.offer import Offer, Price, PricePeriod
from controller.model.payment import Payment, Receipt
from controller.model.trust import Refusal

log = logging.getLogger(__name__)

# To the next byte 20 s: the relay itself may wait for Stripe, twice. Nothing that it says is nearly as long.
LIMITS = Limits(connect_s=5.0, read_s=20.0, total_s=30.0, most_bytes=256 * 1024)
AT_ONCE = 4
# Request Timeout, Too Early, Too Many Requests: of gateways too, and soon over.
TRANSIENT = (408, 425, 429)
MOST_REASON = 200
# Prices that change later than that are asked for long before.
_A_DAY_S = 2 * 24 * 3600
FINAL_ANSWERS = ("settled", "already", "conflict", "unknown")

_T = TypeVar("_T")


@dataclass(frozen=True)
class OpenPaymentsListed:
    """The open payments as the relay lists them, with the seconds left when it was asked at `sent_s`."""

    sent_s: float
    payments: tuple[tuple[Payment, float], ...]


class RelayRefusedError(ValueError):
    """An answer that is not the one to the question; `refusal` is None where another try may get it."""

    def __init__(self, answer: Answer, reason: str) -> None:
        super().__init__(f"{answer.status} {reason}")
        self.refusal = _refusal(answer.status)


RelayEvent = (
    OfferFailed | OfferReceived | OpenPaymentsFailed | OpenPaymentsListed | ReceiptAnswered | ReceiptFailed
)


class RelayClient:
    """Asks the relay from threads of its own, so that neither the loop nor one receipt waits for another."""

    def __init__(
        self,
        config: RelayConfig,
        machine_id: str,
        on_event: Callable[[RelayEvent], None],
        clock: Callable[[], float],
        limits: Limits = LIMITS,
    ) -> None:
        self._machine_url = f"{config.url.rstrip('/')}/machines/{machine_id}"
        self._headers = {"Authorization": f"Bearer {config.token}"}
        self._way = way_to(config)
        self._on_event = on_event
        self._clock = clock
        self._limits = limits
        self.clock_ahead_s: float | None = None
        """How far this machine's time of day was ahead of the relay's, by its last answer that told one."""
        self._closed = False
        self._jobs: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        # Daemon threads, and no pool of the library's: at the end it would wait for each of its threads.
        for number in range(AT_ONCE):
            threading.Thread(target=self._work, name=f"relay-{number}", daemon=True).start()

    def close(self) -> None:
        """Drop what has not been sent yet; the outbox keeps it."""
        self._closed = True
        for _ in range(AT_ONCE):
            self._jobs.put(lambda: None)

    def send_receipt(self, receipt: Receipt) -> None:
        """Report what became of a payment; the answer follows as an event."""
        self._jobs.put(lambda: self._send_receipt(receipt))

    def fetch_offer(self) -> None:
        """Ask what the machine sells; the answer follows as an event."""
        self._jobs.put(self._fetch_offer)

    def fetch_open_payments(self, payment_ids: tuple[str, ...] = ()) -> None:
        """Ask which payments of ours are open, about these by their ids; the answer follows as an event."""
        self._jobs.put(lambda: self._fetch_open_payments(payment_ids))

    def _work(self) -> None:
        while True:
            job = self._jobs.get()
            if self._closed:
                return
            job()

    def _send_receipt(self, receipt: Receipt) -> None:
        body = {
            "paymentId": receipt.payment_id,
            "outcome": receipt.outcome,
            "creditsDelivered": receipt.credits_delivered,
            "creditsPaid": receipt.credits_paid,
        }
        payment_id = receipt.payment_id
        self._report(
            lambda: _answer(payment_id, self._call("POST", "receipts", body)),
            lambda reason, refusal: ReceiptFailed(payment_id, reason, refusal),
        )

    def _fetch_offer(self) -> None:
        self._report(self._offer, OfferFailed)

    def _offer(self) -> OfferReceived:
        fields = self._call("GET", "offer")
        return OfferReceived(read_offer(fields), _changes_in_s(fields))

    def _fetch_open_payments(self, payment_ids: tuple[str, ...]) -> None:
        self._report(lambda: self._open_payments(payment_ids), OpenPaymentsFailed)

    def _open_payments(self, payment_ids: tuple[str, ...]) -> OpenPaymentsListed:
        # Time left counts from before the question: however long the answer takes, it is not more.
        sent_s = self._clock()
        answer = self._send("GET", "payments", query={"paid": payment_ids})
        # Whatever stands in an error page: a list that Stripe did not give would end payments.
        listed = _json(answer, list, only_if=answer.status == 200)
        return OpenPaymentsListed(sent_s, read_open_payments(listed))

    def _report(
        self,
        question: Callable[[], RelayEvent],
        failed: Callable[[str, Refusal | None], RelayEvent],
    ) -> None:
        """Every question to the relay ends in one event: what was answered, or why nothing was."""
        try:
            event = question()
        except NoAnswerError as error:
            event = failed(str(error), None)
        except RelayRefusedError as error:
            event = failed(_short(error), error.refusal)
        except ValueError as error:
            event = failed(_short(error), Refusal.OTHER)
        except Exception:
            log.exception("a question to the relay failed")
            event = failed("see the log", None)
        self._on_event(event)

    def _call(self, method: str, what: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        answer = self._send(method, what, body)
        fields: dict[str, Any] = _json(answer, dict)
        if answer.status != 200 and fields.get("result") not in FINAL_ANSWERS:
            raise RelayRefusedError(answer, f"{fields.get('error', answer.reason)}")
        return fields

    def _send(
        self,
        method: str,
        what: str,
        body: dict[str, Any] | None = None,
        query: dict[str, tuple[str, ...]] | None = None,
    ) -> Answer:
        url = f"{self._machine_url}/{what}"
        answer = send(
            method, url, self._limits, headers=self._headers, params=query, json=body, way=self._way
        )
        self.clock_ahead_s = _ahead_s(answer.date, time.time())
        return answer


def _ahead_s(date: str, now_s: float) -> float | None:
    """How far a time of day is ahead of the one in a header, which has whole seconds."""
    try:
        return round(now_s - parsedate_to_datetime(date).timestamp() - 0.5, 1)
    except ValueError:
        return None


def way_to(relay: RelayConfig) -> Way:
    """How the relay is reached."""
    return Way(relay.proxy, relay.ca_file)


def read_offer(fields: dict[str, Any]) -> Offer:
    """The relay's answer as an offer.

    Raises:
        ValueError: a field is missing or of the wrong kind.
    """
    door, offers = fields.get("door"), fields.get("offers")
    if not isinstance(door, str) or not fits_qr(door):
        raise ValueError(f"the relay's offer has door {door!r:.400}, not an address that fits a QR code")
    if not isinstance(offers, list):
        raise ValueError(f"the relay's offer has offers {offers!r}, not a list")
    prices = tuple(_price(offer) for offer in offers)
    return Offer(
        address=door,
        prices=(*prices, *_free_play(fields)),
        note=_note(fields),
        period=_period(fields.get("period"), "until", may_be_endless=True),
        coming=_period(fields.get("next"), "from", may_be_endless=False),
    )


def _free_play(fields: dict[str, Any]) -> tuple[Price, ...]:
    """What is to be had for nothing, beside `offers`: cabinets of before refuse a price of 0 there."""
    match fields.get("freePlay"):
        case None:
            return ()
        case {"credits": int(credits), "currency": str(currency)} if (
            type(credits) is int and 0 < credits <= wire.MAX_CREDITS and is_currency(currency)
        ):
            return (Price(credits, 0, currency),)
        case other:
            raise ValueError(f"the relay's offer has freePlay {other!r:.80}, not credits and currency")


def _note(fields: dict[str, Any]) -> str:
    # Only a word for the player: a strange one is as good as none.
    note = fields.get("note")
    return note if isinstance(note, str) and len(note) <= MAX_NOTE_CHARS else ""


def _period(value: object, when: str, *, may_be_endless: bool) -> PricePeriod | None:
    """A period's name and time; as with the note, a strange one is as good as none."""
    if not isinstance(value, dict):
        return None
    name, at = value.get("name"), value.get(when)
    if not isinstance(name, str) or not 0 < len(name) <= MAX_NOTE_CHARS:
        return None
    if at is None and may_be_endless:
        return PricePeriod(name)
    return PricePeriod(name, at) if isinstance(at, str) and is_wall_time(at) else None


def _changes_in_s(fields: dict[str, Any]) -> float | None:
    seconds = fields.get("askAgainInS")
    return float(seconds) if type(seconds) is int and 0 < seconds <= _A_DAY_S else None


def _price(fields: object) -> Price:
    match fields:
        case {"credits": int(credits), "amount": int(amount), "currency": str(currency)} if (
            {type(credits), type(amount)} == {int}  # true is an int too
            and 0 < credits <= wire.MAX_CREDITS
            and 0 < amount <= wire.MAX_AMOUNT
            and is_currency(currency)
        ):
            return Price(credits, amount, currency)
    raise ValueError(f"the relay's offer has {fields!r}, not credits, amount and currency")


def _answer(payment_id: str, fields: dict[str, Any]) -> ReceiptAnswered | ReceiptFailed:
    result, charged = fields.get("result"), fields.get("charged")
    if result in FINAL_ANSWERS:
        # The money has been seen to, whatever else stands there.
        is_amount = type(charged) is int and 0 <= charged <= wire.MAX_AMOUNT
        return ReceiptAnswered(payment_id, result, charged if is_amount else None)
    refusal = None if result == "retry" else Refusal.OTHER
    return ReceiptFailed(payment_id, f"the relay answered {result!r:.80}", refusal)


def read_open_payments(listed: list[Any]) -> tuple[tuple[Payment, float], ...]:
    """The relay's list as payments, each with its seconds left.

    Raises:
        ValueError: an entry is not what the relay sends; then none of them counts.
    """
    return tuple(_open_payment(fields) for fields in listed)


def _open_payment(fields: object) -> tuple[Payment, float]:
    left_s = fields.get("secondsLeft") if isinstance(fields, dict) else None
    if not isinstance(fields, dict) or type(left_s) is not int or left_s < 0:
        raise ValueError(f"the relay's open payments have {fields!r:.200}, with no secondsLeft")
    try:
        return wire.read_payment(fields), float(left_s)
    except wire.Refused as error:
        raise ValueError(f"the relay's open payments have a wrong one: {error}") from error


def _refusal(status: int) -> Refusal | None:
    if status == 401:
        return Refusal.TOKEN
    return None if status in TRANSIENT or status >= 500 else Refusal.OTHER


def _short(error: ValueError) -> str:
    # Whoever answers in the relay's place must not fill the log, the screen and the status.
    return f"{error!s:.{MOST_REASON}}"


def _json(answer: Answer, kind: type[_T], *, only_if: bool = True) -> _T:
    try:
        body = json.loads(answer.body)
    except (ValueError, RecursionError):
        body = None
    if not (only_if and isinstance(body, kind)):
        named = body.get("error") if isinstance(body, dict) else None
        reason = named or "and not the JSON that was expected: is it the relay?"
        raise RelayRefusedError(answer, f"from {answer.url}, {reason}")
    return body
