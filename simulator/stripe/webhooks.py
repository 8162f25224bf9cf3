"""EDGE. Webhooks: each event signed, and POSTed until the receiver says 2xx."""

from __future__ import annotations

import heapq
import json
import logging
import threading
import time
from dataclasses import dataclass, replace
from itertools import count
from types import TracebackType
from typing import Self

import requests
from stripe import WebhookSignature

from simulator.stripe.model.objects import Event

RETRY_CAP_S = 5.0
ANSWER_WITHIN_S = 10.0
SENDERS = 4

ENABLED_EVENTS = frozenset(
    {
        "charge.refunded",
        "checkout.session.completed",
        "checkout.session.expired",
        "payment_intent.amount_capturable_updated",
        "payment_intent.canceled",
        "payment_intent.succeeded",
    }
)
"""What the endpoint is subscribed to unless told otherwise."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Delivery:
    """One attempt to deliver an event; without an answer there is an `error` instead of a status.

    The times are Unix seconds; `happened_at_s` is when the event came here to be sent.
    """

    event_id: str
    event_type: str
    attempt: int
    status_code: int | None
    error: str | None
    happened_at_s: float
    sent_at_s: float
    answered_at_s: float

    @property
    def accepted(self) -> bool:
        """Whether the receiver took it, so that it is not sent again."""
        return self.status_code is not None and 200 <= self.status_code < 300


@dataclass(frozen=True, order=True)
class _Due:
    at_s: float  # on the monotonic clock
    order: int
    event: Event
    attempt: int


class Webhooks:
    """The sending side of one webhook endpoint.

    Deliveries wait while `url` is None or they are held back. `retry_first_s` is the wait before the second
    attempt; it doubles up to RETRY_CAP_S.
    """

    def __init__(
        self,
        url: str | None,
        secret: str,
        retry_first_s: float,
        enabled_events: frozenset[str] = ENABLED_EVENTS,
    ) -> None:
        self._url = url
        self._secret = secret
        self._retry_first_s = retry_first_s
        self._enabled = enabled_events
        self._waiting: list[_Due] = []
        self._in_flight = 0
        self._held = False
        self._in_turn = 0  # how many of those let go are still to be attempted, one at a time
        self._copies = 1
        self._stopping = False
        self._log: list[Delivery] = []
        self._happened_at_s: dict[str, float] = {}
        self._numbers = count()
        self._change = threading.Condition()
        self._threads = [
            threading.Thread(target=self._run, name=f"webhook-sender-{number}", daemon=True)
            for number in range(SENDERS)
        ]

    def __enter__(self) -> Self:
        """Start sending."""
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop sending; what was not delivered is dropped."""
        with self._change:
            self._stopping = True
            self._change.notify_all()
        for thread in self._threads:
            thread.join()

    @property
    def url(self) -> str | None:
        """Where events are POSTed; they wait while it is None."""
        with self._change:
            return self._url

    @url.setter
    def url(self, url: str | None) -> None:
        with self._change:
            self._url = url
            self._change.notify_all()

    @property
    def log(self) -> list[Delivery]:
        """Every attempt so far, in the order in which they ended."""
        with self._change:
            return list(self._log)

    @property
    def undelivered(self) -> int:
        """How many deliveries wait, are under way, or are to be repeated."""
        with self._change:
            return len(self._waiting) + self._in_flight

    def send(self, event: Event) -> None:
        """Have an event delivered, if the endpoint is subscribed to its type."""
        if event.type in self._enabled:
            with self._change:
                for _ in range(self._copies):
                    self._enqueue(event)

    def send_again(self, event: Event) -> None:
        """Deliver an event once more, whether it was taken or not."""
        with self._change:
            self._enqueue(event)

    def deliver_copies(self, copies: int) -> None:
        """From now on deliver every event so many times: 2 is a repeat, 0 a loss."""
        with self._change:
            self._copies = copies

    def hold_back(self) -> None:
        """Keep every delivery waiting until `let_go`; those already under way go on."""
        with self._change:
            self._held = True

    def let_go(self, *, newest_first: bool = False) -> None:
        """Deliver all that waits, now and one after the other; and send what comes later at once again."""
        with self._change:
            self._held = False
            now = time.monotonic()
            held = sorted(self._waiting, key=lambda due: due.order, reverse=newest_first)
            self._in_turn = len(held)
            self._waiting = [replace(due, at_s=now, order=next(self._numbers)) for due in held]
            heapq.heapify(self._waiting)
            self._change.notify_all()

    def _enqueue(self, event: Event, attempt: int = 1, after_s: float = 0.0) -> None:
        self._happened_at_s.setdefault(event.id, time.time())
        due = _Due(time.monotonic() + after_s, next(self._numbers), event, attempt)
        heapq.heappush(self._waiting, due)
        self._change.notify()

    def _run(self) -> None:
        with requests.Session() as session:
            while (due := self._next()) is not None:
                url, event = due
                self._settle(event, self._deliver(session, url, event))

    def _next(self) -> tuple[str, _Due] | None:
        """The next delivery and where it goes; None when sending is to stop."""
        with self._change:
            while not self._stopping:
                wait_s = self._wait_s()
                if wait_s == 0 and self._url is not None:
                    self._in_flight += 1
                    return self._url, heapq.heappop(self._waiting)
                self._change.wait(wait_s)
        return None

    def _wait_s(self) -> float | None:
        out_of_turn = self._in_turn > 0 and self._in_flight > 0
        if self._held or out_of_turn or self._url is None or not self._waiting:
            return None
        return max(0.0, self._waiting[0].at_s - time.monotonic())

    def _deliver(self, session: requests.Session, url: str, due: _Due) -> Delivery:
        body = json.dumps(due.event.as_json(), indent=2)
        sent_at_s = time.time()
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Stripe-Signature": WebhookSignature.generate_signature_header(body, self._secret),
        }
        status, error = None, None
        try:
            answer = session.post(
                url, body.encode(), headers=headers, timeout=ANSWER_WITHIN_S, allow_redirects=False
            )
            status = answer.status_code
        except requests.RequestException as problem:
            error = type(problem).__name__
        event = due.event
        happened_at_s = self._happened_at_s[event.id]
        return Delivery(
            event.id, event.type, due.attempt, status, error, happened_at_s, sent_at_s, time.time()
        )

    def _settle(self, due: _Due, delivery: Delivery) -> None:
        with self._change:
            self._in_flight -= 1
            self._log.append(delivery)
            if not delivery.accepted:
                wait_s = min(self._retry_first_s * 2 ** (due.attempt - 1), RETRY_CAP_S)
                self._enqueue(due.event, due.attempt + 1, wait_s)
            self._in_turn = max(0, self._in_turn - 1)
            self._change.notify_all()
        result = delivery.status_code or delivery.error
        _log.info("Delivered %s %s, attempt %d: %s", due.event.type, due.event.id, due.attempt, result)
