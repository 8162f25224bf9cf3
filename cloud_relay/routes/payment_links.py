"""POST /create-payment-link: a lasting address, for printed QR codes and for old cabinets."""

from __future__ import annotations

import re
from typing import Any

from flask import Blueprint, abort
from flask.typing import ResponseReturnValue

from cloud_relay.errors import NotAtStripe
from cloud_relay.relay import Relay
from cloud_relay.routes.callers import json_object, require_fitness, require_operator_or_machine
from cloud_relay.rules.orders import (
    MOST_CREDITS,
    BadOrder,
    UnsellableCredits,
    credits_bought,
    credits_in_words,
    order_metadata,
)
from cloud_relay.rules.selling.currencies import price_problem
from cloud_relay.rules.statement import sale_words

_PRICE_ID = re.compile(r"price_[A-Za-z0-9_]{1,64}")


def payment_links(relay: Relay) -> Blueprint:
    """The route that makes payment links."""
    routes = Blueprint("payment_links", __name__)

    @routes.post("/create-payment-link")
    def create() -> ResponseReturnValue:
        body = json_object()
        machine_id = require_operator_or_machine(relay.settings, body.get("machine_id"))
        require_fitness(relay.fitness)
        price_id = _price_id(body, relay.settings.stripe.default_price_id)
        return _link(relay, machine_id, price_id, _quantity(body))

    return routes


def _link(relay: Relay, machine_id: str, price_id: str, quantity: int) -> ResponseReturnValue:
    try:
        price = relay.stripe().price(price_id)
        credits = credits_bought(quantity, price.credits_per_unit)
    except NotAtStripe:
        abort(422, f"price_id is {price_id}: Stripe knows no such price")
    except (BadOrder, UnsellableCredits) as why:
        abort(422, str(why))
    amount = quantity * price.unit_amount
    if problem := price_problem(amount, price.currency):
        abort(422, f"{quantity} of {price_id} is {amount} {price.currency}: {problem}")
    metadata = order_metadata(machine_id, quantity, price.credits_per_unit, amount, price.currency)
    # Nobody reads it back. It tells apart the links of two prices that are equal in all else.
    metadata["price_id"] = price_id
    metadata = relay.settings.stripe.ownership.mark(metadata)
    words = sale_words(credits_in_words(credits), relay.settings.offers.of(machine_id).name, machine_id)
    link_id, url = relay.stripe().live_link(
        price_id, quantity, words, metadata, relay.settings.thanks_url, relay.clock()
    )
    return {
        "url": url,
        "id": link_id,
        "machine_id": machine_id,
        "credits": credits,
        "amount": amount,
        "currency": price.currency,
    }


def _price_id(body: dict[str, Any], default: str) -> str:
    price_id = body.get("price_id", default)
    if not isinstance(price_id, str) or _PRICE_ID.fullmatch(price_id) is None:
        abort(400, f"price_id is {price_id!r:.80}: write a price's id such as price_1Abc")
    return price_id


def _quantity(body: dict[str, Any]) -> int:
    quantity = body.get("quantity", 1)
    if isinstance(quantity, bool) or not isinstance(quantity, int):
        abort(400, f"quantity is {quantity!r:.80}: write a whole number")
    if not 1 <= quantity <= MOST_CREDITS:
        abort(400, f"quantity is {quantity!r:.80}: write 1 to {MOST_CREDITS}")
    return quantity
