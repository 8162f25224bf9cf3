"""The stand-in Stripe, put together: its API, its payment pages and its webhooks."""

from __future__ import annotations

import logging
import secrets
import socket
import string
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import stripe
from flask import Flask

from simulator.stripe.api import Api, api_app
from simulator.stripe.checkout import checkout_blueprint
from simulator.stripe.clock import StripesClock
from simulator.stripe.dashboard import Dashboard
from simulator.stripe.endpoints import ENABLED_EVENTS, Endpoints
from simulator.stripe.faults import Failure, Fault, Faults
from simulator.stripe.keeper import Keeper
from simulator.stripe.keys import ApiKeys
from simulator.stripe.keys import LiveKeyRefused as LiveKeyRefused
from simulator.stripe.model.book import Book
from simulator.stripe.model.permissions import Permissions
from simulator.stripe.model.reads import ration
from simulator.stripe.pace import STRIPES_PACE, Pace
from simulator.stripe.reads import Reads
from simulator.stripe.serving import serving
from simulator.stripe.stripes_words import words_of
from simulator.stripe.webhooks import Webhooks

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class StandInStripe(Dashboard):
    """A running stand-in: where it is, and what a test or the demo can do to it.

    `api_url` goes into a StripeClient's `base_addresses`; `checkout_url` is the base of the payment
    pages. `book` may be read while nothing else uses the stand-in; otherwise use `keeper.turn`.
    """

    api_url: str
    checkout_url: str
    book: Book
    webhooks: Webhooks
    faults: Faults
    api_keys: ApiKeys
    reads: Reads
    clock: StripesClock

    def reads_in_words(self) -> str:
        """What was read so far, beside the ration that so many transactions give."""
        paid = self.keeper.turn(lambda book, _now_s: sum(each.captured for each in book.charges.values()))
        return f"{self.reads.words}; the account may read {ration(paid):,} times in 30 days"

    def fail_next(
        self,
        times: int = 1,
        *,
        status: Failure = 500,
        path_prefix: str = "/v1/",
        method: str | None = None,
        after_work: bool = False,
        hold_s: float = 0.0,
    ) -> None:
        """Have the next calls fail: with 500, 429, "lock_timeout", or ("timeout") without any answer.

        With `after_work` the call is carried out and only its answer is lost. A "timeout" holds the
        connection for `hold_s` before cutting it; at 0 the caller sees it cut at once.
        """
        self.faults.order(Fault(status, path_prefix, method, after_work, hold_s, times))

    def deliver_again(self, event_id: str) -> None:
        """Deliver an event once more, however old it is. Raises KeyError for an unknown id."""
        self.webhooks.send_again(self.keeper.turn(lambda book, _now_s: book.events[event_id]))


@contextmanager
def stand_in_stripe(
    *,
    api_key: str,
    webhook_url: str | None,
    webhook_secret: str,
    checkout_host: str = "127.0.0.1",
    checkout_port: int = 0,
    api_port: int = 0,
    public_checkout_url: str | None = None,
    enabled_events: frozenset[str] = ENABLED_EVENTS,
    api_version: str = stripe.api_version,
    permissions: Permissions | None = None,
    pace: Pace = STRIPES_PACE,
    clock: Callable[[], float] = time.time,
) -> Iterator[StandInStripe]:
    """Run a stand-in Stripe at Stripe's own pace, unless `pace` says otherwise; port 0 takes a free one.

    The API is only ever on loopback; the payment pages are on `checkout_host`. `public_checkout_url`
    is what a phone can reach, where that differs (another address, or the demo's own server carrying
    the pages). `webhook_url` may be None and be set later (`webhooks.url`). `permissions` are those of
    `api_key`. Raises LiveKeyRefused for a live key.
    """
    api_keys = ApiKeys()
    api_keys.allow(api_key, permissions)
    with ExitStack() as stack:
        api_socket = stack.enter_context(socket.create_server(("127.0.0.1", api_port)))
        page_socket = stack.enter_context(socket.create_server((checkout_host, checkout_port)))
        checkout_url = public_checkout_url or f"http://{checkout_host}:{page_socket.getsockname()[1]}"
        stripes_clock = StripesClock(clock)
        book = Book(
            _token,
            checkout_url=checkout_url,
            api_version=api_version,
            event_types=frozenset(words_of("enabled_events")),
            api_versions=frozenset(words_of("api_version")),
        )
        endpoints = Endpoints(book.endpoints, book.new_id)
        endpoints.add(webhook_url, webhook_secret, enabled_events)
        webhooks = stack.enter_context(Webhooks(endpoints, pace.retries, stripes_clock))
        keeper = Keeper(book, stripes_clock, webhooks.send)
        webhooks.on_taken = lambda event_id, endpoint_id: keeper.turn(
            lambda book, _now_s: book.note_delivery(event_id, endpoint_id)
        )
        faults, reads = Faults(), Reads()
        api = Api(keeper, api_keys, faults, stripes_clock, pace, reads)
        stack.enter_context(serving(api_app(api), api_socket))
        stack.enter_context(serving(_page_app(keeper), page_socket))
        stack.callback(faults.release)
        api_url = f"http://127.0.0.1:{api_socket.getsockname()[1]}"
        _log.info("The stand-in Stripe answers at %s, its payment pages at %s", api_url, checkout_url)
        yield StandInStripe(
            keeper, api_url, checkout_url, book, webhooks, faults, api_keys, reads, stripes_clock
        )


def _page_app(keeper: Keeper) -> Flask:
    app = Flask("simulator.stripe.checkout", static_folder=None)
    app.register_blueprint(checkout_blueprint(keeper))
    return app


def _token(length: int) -> str:
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(length))
