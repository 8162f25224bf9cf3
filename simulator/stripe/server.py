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
from urllib.parse import urlsplit

import stripe
from flask import Flask

from simulator.stripe.api import Api, api_app
from simulator.stripe.checkout import checkout_blueprint
from simulator.stripe.faults import Failure, Fault, Faults
from simulator.stripe.keeper import Keeper
from simulator.stripe.model import shop, till
from simulator.stripe.model.book import Book
from simulator.stripe.model.errors import Json, Refusal
from simulator.stripe.model.objects import CheckoutSession, PaymentIntent
from simulator.stripe.serving import serving
from simulator.stripe.webhooks import ENABLED_EVENTS, Webhooks

SEARCH_LAG_S = 60
LIVE_KEYS = ("sk_live_", "rk_live_")

_log = logging.getLogger(__name__)


class LiveKeyRefused(ValueError):
    """A key that moves real money was given to the stand-in."""


@dataclass(frozen=True)
class StandInStripe:
    """A running stand-in: where it is, and what a test or the demo can do to it.

    `api_url` goes into a StripeClient's `base_addresses`; `checkout_url` is the base of the payment
    pages. `book` may be read while nothing else uses the stand-in; otherwise use `keeper.turn`.
    """

    api_url: str
    checkout_url: str
    book: Book
    keeper: Keeper
    webhooks: Webhooks
    faults: Faults

    def pay(self, session: str) -> str:
        """Do what the Pay button does; gives the PaymentIntent's id.

        `session` is a session's id or address, or a payment link's address (opening it makes a
        session). Raises Refusal when it can no longer be paid.
        """
        return self._press(till.pay, session)

    def decline(self, session: str) -> str:
        """Do what the Decline button does; the session stays open. Gives the PaymentIntent's id."""
        return self._press(till.decline, session)

    def _press(self, act: Callable[[Book, str, int], PaymentIntent], session: str) -> str:
        def press(book: Book, now_s: int) -> str:
            return act(book, _session_id(book, session, now_s), now_s).id

        return self.keeper.turn(press)

    def money(self, currency: str = "usd") -> dict[str, int]:
        """Where all money of one currency is, in minor units: reserved, charged, released, refunded.

        The first three add up to all that was ever approved; `refunded` is a part of `charged`.
        """
        return self.keeper.turn(lambda book, _now_s: till.money(book, currency))

    def create_price(
        self,
        unit_amount: int,
        currency: str,
        metadata: dict[str, str] | None = None,
        product_name: str = "Arcade credit",
    ) -> str:
        """A new price, as somebody would make it in Stripe's dashboard; gives its id."""
        params: Json = {
            "unit_amount": unit_amount,
            "currency": currency,
            "metadata": metadata or {},
            "product_data": {"name": product_name},
        }
        return self.keeper.turn(lambda book, now_s: shop.create_price(book, params, now_s).id)

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
        """Have the next calls fail: with 500, with 429, or ("timeout") without any answer.

        With `after_work` the call is carried out and only its answer is lost. A "timeout" holds the
        connection for `hold_s` before cutting it; at 0 the caller sees it cut at once.
        """
        self.faults.order(Fault(status, path_prefix, method, after_work, hold_s, times))

    def deliver_again(self, event_id: str) -> None:
        """Deliver an event once more, however old it is. Raises KeyError for an unknown id."""
        self.webhooks.send_again(self.keeper.turn(lambda book, _now_s: book.events[event_id]))


def _session_id(book: Book, session: str, now_s: int) -> str:
    """The id of a session, from itself, its address or the address of a payment link."""
    steps = [step for step in urlsplit(session).path.split("/") if step]
    if len(steps) >= 2 and steps[-2] == "b":
        return shop.open_link(book, steps[-1], None, now_s).id
    if not steps:
        raise Refusal(f"No such checkout.session: '{session}'", "resource_missing", "session", 404)
    return book.get(CheckoutSession, steps[-1], param="session").id


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
    retry_first_s: float = 0.2,
    enabled_events: frozenset[str] = ENABLED_EVENTS,
    search_lag_s: int = SEARCH_LAG_S,
    clock: Callable[[], float] = time.time,
) -> Iterator[StandInStripe]:
    """Run a stand-in Stripe; port 0 takes a free one.

    The API is only ever on loopback; the payment pages are on `checkout_host`. `public_checkout_url`
    is what a phone can reach, where that differs (another address, or the demo's own server carrying
    the pages). `webhook_url` may be None and be set later (`webhooks.url`). `search_lag_s` is how long
    a change stays out of the search results. Raises LiveKeyRefused for a live key.
    """
    if api_key.startswith(LIVE_KEYS):
        kind = api_key[:8]
        raise LiveKeyRefused(f"The stand-in Stripe was given a key of kind {kind}: use one of kind sk_test_")
    with ExitStack() as stack:
        api_socket = stack.enter_context(socket.create_server(("127.0.0.1", api_port)))
        page_socket = stack.enter_context(socket.create_server((checkout_host, checkout_port)))
        checkout_url = public_checkout_url or f"http://{checkout_host}:{page_socket.getsockname()[1]}"
        book = Book(_token, checkout_url=checkout_url, api_version=stripe.api_version)
        webhooks = stack.enter_context(Webhooks(webhook_url, webhook_secret, retry_first_s, enabled_events))
        keeper = Keeper(book, clock, webhooks.send)
        faults = Faults()
        stack.enter_context(serving(api_app(Api(keeper, api_key, faults, clock, search_lag_s)), api_socket))
        stack.enter_context(serving(_page_app(keeper), page_socket))
        stack.callback(faults.release)
        api_url = f"http://127.0.0.1:{api_socket.getsockname()[1]}"
        _log.info("The stand-in Stripe answers at %s, its payment pages at %s", api_url, checkout_url)
        yield StandInStripe(api_url, checkout_url, book, keeper, webhooks, faults)


def _page_app(keeper: Keeper) -> Flask:
    app = Flask("simulator.stripe.checkout", static_folder=None)
    app.register_blueprint(checkout_blueprint(keeper))
    return app


def _token(length: int) -> str:
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(length))
