"""CORE. The table of calls that the stand-in answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from simulator.stripe.model import catalogue as catalogue
from simulator.stripe.model import endpoints as endpoints
from simulator.stripe.model import holds as holds
from simulator.stripe.model import refunds as refunds
from simulator.stripe.model import shapes as shapes
from simulator.stripe.model import shop as shop
from simulator.stripe.model.book import Book, Listed
from simulator.stripe.model.errors import Json
from simulator.stripe.model.lists import expand, lines, page
from simulator.stripe.model.objects.account import balance_json
from simulator.stripe.model.objects.table import (
    BalanceTransaction,
    Charge,
    CheckoutSession,
    Dispute,
    EarlyFraudWarning,
    Event,
    PaymentIntent,
    PaymentLink,
    PaymentMethodConfiguration,
    Price,
    Product,
    Refund,
    WebhookEndpoint,
)
from simulator.stripe.model.params import Kind
from simulator.stripe.model.reads import ReadKind
from simulator.stripe.model.search import search


@dataclass(frozen=True)
class Request:
    """One accepted request: its checked parameters, the id in its path (or ""), and the time."""

    params: Json
    object_id: str
    now_s: int
    search_lag_s: int = 0

    def at(self, now_s: int) -> Request:
        """The request, when its turn has come."""
        return replace(self, now_s=now_s)


Run: TypeAlias = Callable[[Book, Request], Json]


@dataclass(frozen=True)
class Call:
    """One endpoint; `<id>` in the path stands for the object that it is about."""

    method: Literal["GET", "POST"]
    path: str
    params: Kind
    run: Run

    @property
    def read_kind(self) -> ReadKind | None:
        """What kind of read it is; None for a call that changes something."""
        if self.method != "GET":
            return None
        if self.path.endswith("/search"):
            return "search"
        alone = self.path.endswith("<id>") or self.path in (_ACCOUNT, _BALANCE)
        return "retrieve" if alone else "list"

    def answer(self, book: Book, request: Request) -> Json:
        """Do what is asked, and expand the answer as asked."""
        return expand(book, self.run(book, request), request.params.get("expand", []))


def _make(make: Callable[[Book, Json, int], Listed]) -> Run:
    return lambda book, request: make(book, request.params, request.now_s).as_json()


def _change(change: Callable[[Book, str, Json, int], Listed]) -> Run:
    return lambda book, request: change(book, request.object_id, request.params, request.now_s).as_json()


def _retrieve(kind: type[Listed], param: str) -> Run:
    return lambda book, request: book.get(kind, request.object_id, param=param).as_json()


def _list(kind: type[Listed], url: str, *filters: str) -> Run:
    """A list call; each filter that is given must be equal to the field of its name."""

    def run(book: Book, request: Request) -> Json:
        wanted = {name: request.params[name] for name in filters if name in request.params}
        return page(
            book,
            kind,
            request.params,
            url,
            lambda thing: all(getattr(thing, name) == wanted[name] for name in wanted),
        )

    return run


def _list_events(book: Book, request: Request) -> Json:
    types = [*request.params.get("types", []), *filter(None, [request.params.get("type")])]

    delivered = request.params.get("delivery_success")

    def matches(event: Event) -> bool:
        if (types and event.type not in types) or not event.exists_in(book.account.api_version):
            return False
        return delivered is None or book.is_delivered(event) is delivered

    return page(book, Event, request.params, "/v1/events", matches)


def _list_lines(kind: type[CheckoutSession] | type[PaymentLink], param: str) -> Run:
    return lambda book, request: lines(book.get(kind, request.object_id, param=param), request.params)


def _search(book: Book, request: Request) -> Json:
    return search(book, request.params, request.now_s, request.search_lag_s)


def _account(book: Book, _request: Request) -> Json:
    return book.account.as_json()


def _balance(book: Book, _request: Request) -> Json:
    sums = {book.account.default_currency: 0}
    for charge in book.charges.values():
        sums[charge.currency] = sums.get(charge.currency, 0) + charge.refundable
    return balance_json(sums)


def _list_endpoints(book: Book, request: Request) -> Json:
    def is_snapshot(endpoint: WebhookEndpoint) -> bool:
        return endpoint.payload == "snapshot"

    return page(book, WebhookEndpoint, request.params, _ENDPOINTS, is_snapshot)


def _create_endpoint(book: Book, request: Request) -> Json:
    made = endpoints.create_endpoint(book, request.params, request.now_s)
    return {**made.as_json(), "secret": made.secret}


def _list_prices(book: Book, request: Request) -> Json:
    keys = request.params.get("lookup_keys")
    wanted = {name: request.params[name] for name in _PRICE_FILTERS if name in request.params}

    def matches(price: Price) -> bool:
        is_meant = keys is None or price.lookup_key in keys
        return is_meant and all(getattr(price, name) == value for name, value in wanted.items())

    return page(book, Price, request.params, _PRICES, matches)


def _list_products(book: Book, request: Request) -> Json:
    ids, active = request.params.get("ids"), request.params.get("active")

    def matches(product: Product) -> bool:
        return (ids is None or product.id in ids) and active in (None, product.active)

    return page(book, Product, request.params, _PRODUCTS, matches)


def _list_destinations(book: Book, request: Request) -> Json:
    with_url = "webhook_endpoint.url" in request.params.get("include", [])
    data = [each.as_destination_json(with_url=with_url) for each in book.endpoints.values()]
    return {"data": data, "next_page_url": None, "previous_page_url": None}


def _expire(book: Book, request: Request) -> Json:
    return holds.expire(book, request.object_id, request.now_s).as_json()


_PRODUCTS = "/v1/products"
_PRICES = "/v1/prices"
_METHODS = "/v1/payment_method_configurations"
_LINKS = "/v1/payment_links"
_SESSIONS = "/v1/checkout/sessions"
_INTENTS = "/v1/payment_intents"
_REFUNDS = "/v1/refunds"
_EVENTS = "/v1/events"
_CHARGES = "/v1/charges"
_DISPUTES = "/v1/disputes"
_WARNINGS = "/v1/radar/early_fraud_warnings"
_ENDPOINTS = "/v1/webhook_endpoints"
_DESTINATIONS = "/v2/core/event_destinations"
_ACCOUNT = "/v1/account"
_BALANCE = "/v1/balance"
_MOVEMENTS = "/v1/balance_transactions"
_BY_PAYMENT = ("payment_intent", "charge")
_PRICE_FILTERS = ("active", "currency", "product", "type")
_SESSION_FILTERS = ("payment_intent", "payment_link", "status")

CALLS: tuple[Call, ...] = (
    Call("POST", _PRODUCTS, shapes.CREATE_PRODUCT, _make(catalogue.create_product)),
    Call("GET", _PRODUCTS, shapes.LIST_PRODUCTS, _list_products),
    Call("GET", f"{_PRODUCTS}/<id>", shapes.EXPAND_ONLY, _retrieve(Product, "id")),
    Call("POST", f"{_PRODUCTS}/<id>", shapes.UPDATE_PRODUCT, _change(catalogue.update_product)),
    Call("POST", _PRICES, shapes.CREATE_PRICE, _make(catalogue.create_price)),
    Call("GET", _PRICES, shapes.LIST_PRICES, _list_prices),
    Call("POST", f"{_PRICES}/<id>", shapes.UPDATE_PRICE, _change(catalogue.update_price)),
    Call("GET", f"{_PRICES}/<id>", shapes.EXPAND_ONLY, _retrieve(Price, "price")),
    Call("POST", _LINKS, shapes.CREATE_LINK, _make(shop.create_link)),
    Call("GET", _LINKS, shapes.LIST_LINKS, _list(PaymentLink, _LINKS, "active")),
    Call("GET", f"{_LINKS}/<id>", shapes.EXPAND_ONLY, _retrieve(PaymentLink, "payment_link")),
    Call("POST", f"{_LINKS}/<id>", shapes.UPDATE_LINK, _change(shop.update_link)),
    Call(
        "GET",
        f"{_LINKS}/<id>/line_items",
        shapes.LIST_LINES,
        _list_lines(PaymentLink, "payment_link"),
    ),
    Call("POST", _SESSIONS, shapes.CREATE_SESSION, _make(shop.create_session)),
    Call(
        "GET",
        _SESSIONS,
        shapes.LIST_SESSIONS,
        _list(CheckoutSession, _SESSIONS, *_SESSION_FILTERS),
    ),
    Call("GET", f"{_SESSIONS}/<id>", shapes.EXPAND_ONLY, _retrieve(CheckoutSession, "session")),
    Call("POST", f"{_SESSIONS}/<id>/expire", shapes.EXPAND_ONLY, _expire),
    Call(
        "GET",
        f"{_SESSIONS}/<id>/line_items",
        shapes.LIST_LINES,
        _list_lines(CheckoutSession, "session"),
    ),
    Call("GET", _INTENTS, shapes.LIST_INTENTS, _list(PaymentIntent, _INTENTS)),
    Call("GET", f"{_INTENTS}/search", shapes.SEARCH_INTENTS, _search),
    Call("GET", f"{_INTENTS}/<id>", shapes.EXPAND_ONLY, _retrieve(PaymentIntent, "intent")),
    Call("POST", f"{_INTENTS}/<id>", shapes.UPDATE_INTENT, _change(holds.update)),
    Call("POST", f"{_INTENTS}/<id>/capture", shapes.CAPTURE_INTENT, _change(holds.capture)),
    Call("POST", f"{_INTENTS}/<id>/cancel", shapes.CANCEL_INTENT, _change(holds.cancel)),
    Call("GET", _CHARGES, shapes.LIST_CHARGES, _list(Charge, _CHARGES, "payment_intent")),
    Call("GET", f"{_CHARGES}/<id>", shapes.EXPAND_ONLY, _retrieve(Charge, "charge")),
    Call("POST", _REFUNDS, shapes.CREATE_REFUND, _make(refunds.refund)),
    Call("GET", _REFUNDS, shapes.LIST_REFUNDS, _list(Refund, _REFUNDS, *_BY_PAYMENT)),
    Call("GET", f"{_REFUNDS}/<id>", shapes.EXPAND_ONLY, _retrieve(Refund, "refund")),
    Call("GET", _EVENTS, shapes.LIST_EVENTS, _list_events),
    Call("GET", f"{_EVENTS}/<id>", shapes.EXPAND_ONLY, _retrieve(Event, "id")),
    Call("GET", _DISPUTES, shapes.LIST_DISPUTES, _list(Dispute, _DISPUTES, *_BY_PAYMENT)),
    Call("GET", f"{_DISPUTES}/<id>", shapes.EXPAND_ONLY, _retrieve(Dispute, "dispute")),
    Call(
        "GET",
        _WARNINGS,
        shapes.LIST_FRAUD_WARNINGS,
        _list(EarlyFraudWarning, _WARNINGS, *_BY_PAYMENT),
    ),
    Call("GET", f"{_WARNINGS}/<id>", shapes.EXPAND_ONLY, _retrieve(EarlyFraudWarning, "early_fraud_warning")),
    Call("POST", _ENDPOINTS, shapes.CREATE_ENDPOINT, _create_endpoint),
    Call("POST", f"{_ENDPOINTS}/<id>", shapes.UPDATE_ENDPOINT, _change(endpoints.update_endpoint)),
    Call("GET", _ENDPOINTS, shapes.LIST_ENDPOINTS, _list_endpoints),
    Call("GET", _DESTINATIONS, shapes.LIST_DESTINATIONS, _list_destinations),
    Call(
        "GET",
        f"{_ENDPOINTS}/<id>",
        shapes.EXPAND_ONLY,
        _retrieve(WebhookEndpoint, "webhook_endpoint"),
    ),
    Call("GET", _METHODS, shapes.LIST_METHODS, _list(PaymentMethodConfiguration, _METHODS, "active")),
    Call(
        "GET",
        f"{_METHODS}/<id>",
        shapes.EXPAND_ONLY,
        _retrieve(PaymentMethodConfiguration, "configuration"),
    ),
    Call("GET", _ACCOUNT, shapes.EXPAND_ONLY, _account),
    Call("GET", _BALANCE, shapes.EXPAND_ONLY, _balance),
    Call(
        "GET",
        _MOVEMENTS,
        shapes.LIST_MOVEMENTS,
        _list(BalanceTransaction, _MOVEMENTS, "source", "type", "currency"),
    ),
    Call("GET", f"{_MOVEMENTS}/<id>", shapes.EXPAND_ONLY, _retrieve(BalanceTransaction, "id")),
)
