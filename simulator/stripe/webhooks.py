"""EDGE. Webhooks: each event sent to every endpoint that wants it, again and again until it is taken."""

from __future__ import annotations

import heapq
import logging
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import count
from types import TracebackType
from typing import Self

from simulator.stripe.delivery import Delivery, Letter, Postman
from simulator.stripe.endpoints import Endpoints
from simulator.stripe.model.objects.table import Event, WebhookEndpoint
from simulator.stripe.pace import STRIPES_RETRIES, Retries

SENDERS = 4
# The clock may be a test's, and leap: those who wait for a time look at it this often.
LOOK_EVERY_S = 0.02

_log = logging.getLogger(__name__)


@dataclass(frozen=True, order=True)
class _Due:
    at_s: float  # on Stripe's clock
    order: int
    letter: Letter = field(compare=False)


class Webhooks:
    """The sending side of all webhook endpoints.

    Deliveries wait while their endpoint has no address, or while they are held back. What was not taken is
    sent again as `retries` say, by `clock`. `on_taken` hears which event which endpoint has taken.
    """

    def __init__(
        self,
        endpoints: Endpoints,
        retries: Retries = STRIPES_RETRIES,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.endpoints = endpoints
        self._retries = retries
        self._clock = clock
        self.on_taken: Callable[[str, str], None] = lambda _event_id, _endpoint_id: None
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
        """Where the first endpoint's events are POSTed; they wait while it is None."""
        return self.endpoints.first.url

    @url.setter
    def url(self, url: str | None) -> None:
        self.endpoints.change(self.endpoints.first.id, url=url)
        with self._change:
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

    def undelivered_within(self, seconds: float) -> int:
        """How many are under way, or are due in so many seconds; Stripe repeats much later."""
        with self._change:
            until_s = self._clock() + seconds
            return sum(due.at_s <= until_s for due in self._waiting) + self._in_flight

    def send(self, event: Event) -> None:
        """Have an event delivered to every endpoint that is subscribed to its type."""
        with self._change:
            for endpoint in self.endpoints.all:
                if endpoint.wants(event.type) and event.exists_in(self._version(endpoint, event)):
                    for _ in range(self._copies):
                        self._post(event, endpoint)

    def send_again(self, event: Event) -> None:
        """Deliver an event once more to all who want it, whether it was taken or not."""
        with self._change:
            for endpoint in self.endpoints.all:
                if endpoint.wants(event.type):
                    self._post(event, endpoint)

    def retry_now(self) -> None:
        """Send all that waits for its next attempt at once, as the Resend button does."""
        with self._change:
            now_s = self._clock()
            self._waiting = [replace(due, at_s=min(due.at_s, now_s)) for due in self._waiting]
            heapq.heapify(self._waiting)
            self._change.notify_all()

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
            now_s = self._clock()
            held = sorted(self._waiting, key=lambda due: due.order, reverse=newest_first)
            self._in_turn = len(held)
            self._waiting = [replace(due, at_s=now_s, order=next(self._numbers)) for due in held]
            heapq.heapify(self._waiting)
            self._change.notify_all()

    @staticmethod
    def _version(endpoint: WebhookEndpoint, event: Event) -> str:
        return endpoint.api_version or event.api_version

    def _post(self, event: Event, endpoint: WebhookEndpoint) -> None:
        self._happened_at_s.setdefault(event.id, time.time())
        now_s = self._clock()
        self._enqueue(Letter(event, endpoint.id, 1, now_s), now_s)

    def _enqueue(self, letter: Letter, at_s: float) -> None:
        heapq.heappush(self._waiting, _Due(at_s, next(self._numbers), letter))
        self._change.notify()

    def _run(self) -> None:
        with closing(Postman(self._clock)) as postman:
            while (letter := self._next()) is not None:
                endpoint = self.endpoints.get(letter.endpoint_id)
                delivery = postman.deliver(letter, endpoint, self._happened_at_s[letter.event.id])
                if delivery.accepted:
                    self.on_taken(letter.event.id, letter.endpoint_id)
                self._settle(letter, delivery)

    def _next(self) -> Letter | None:
        """The next letter to deliver; None when sending is to stop."""
        with self._change:
            while not self._stopping:
                due = self._first_due()
                if due is not None and due.at_s <= self._clock():
                    self._take_out(due)
                    self._in_flight += 1
                    return due.letter
                self._change.wait(None if due is None else LOOK_EVERY_S)
        return None

    def _take_out(self, due: _Due) -> None:
        if due is self._waiting[0]:
            heapq.heappop(self._waiting)
        else:
            self._waiting.remove(due)
            heapq.heapify(self._waiting)

    def _first_due(self) -> _Due | None:
        """The first that may be sent when its time has come."""
        if self._held or (self._in_turn > 0 and self._in_flight > 0):
            return None
        if self._waiting and self.endpoints.get(self._waiting[0].letter.endpoint_id).url:
            return self._waiting[0]
        reachable = (due for due in self._waiting if self.endpoints.get(due.letter.endpoint_id).url)
        return min(reachable, default=None)

    def _settle(self, letter: Letter, delivery: Delivery) -> None:
        with self._change:
            self._in_flight -= 1
            self._log.append(delivery)
            if not delivery.accepted:
                self._try_later(letter)
            self._in_turn = max(0, self._in_turn - 1)
            self._change.notify_all()
        result = delivery.status_code or delivery.error
        event = letter.event
        _log.info("Delivered %s %s, attempt %d: %s", event.type, event.id, letter.attempt, result)

    def _try_later(self, letter: Letter) -> None:
        now_s = self._clock()
        wait_s = self._retries.wait_s(letter.attempt, now_s - letter.first_s)
        if wait_s is None:
            _log.warning("Gave %s up after %d attempts", letter.event.id, letter.attempt)
        elif self.endpoints.get(letter.endpoint_id).status == "enabled":
            self._enqueue(replace(letter, attempt=letter.attempt + 1), now_s + wait_s)
