"""POST /addCredit: from Stripe's word that money is there to a coin pulse at the broker."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import Any

from flask import Blueprint, abort, request
from flask.typing import ResponseReturnValue

from cloud_relay.errors import BadSignature, BrokerUnavailable, NobodySubscribed, PublishRefused, TooOld
from cloud_relay.relay import Relay
from cloud_relay.routes.notices import note_event
from cloud_relay.rules.orders import (
    BadOrder,
    Order,
    UnsellableCredits,
    immediate_order_from,
    order_from,
)
from cloud_relay.rules.settlement import Result
from cloud_relay.settling.pulses import PaidOrder, publish_in_window
from cloud_relay.settling.unpublished import Retries
from cloud_relay.settling.unsellable import give_back_unsellable

log = logging.getLogger(__name__)


def webhook(relay: Relay, retries: Retries) -> Blueprint:
    """The route that Stripe calls."""
    routes = Blueprint("webhook", __name__)

    @routes.post("/addCredit")
    def add_credit() -> ResponseReturnValue:
        event = _signed_event(relay)
        if event["type"] == "payment_intent.amount_capturable_updated":
            return _reserved(relay, retries, event)
        if event["type"] == "checkout.session.completed":
            return _completed(relay, retries, event)
        return note_event(relay, event) or {"ignored": event["type"]}

    return routes


def _signed_event(relay: Relay) -> dict[str, Any]:
    try:
        event = relay.stripe().event_in(request.get_data(), request.headers.get("Stripe-Signature", ""))
    except BadSignature as why:
        if isinstance(why, TooOld):
            relay.fitness.suspect()
        log.warning("Refused a webhook: %s", why)
        abort(400, str(why))
    if event.get("livemode") is not relay.settings.stripe.livemode:
        log.error("Refused event %s: its livemode is not the key's", event.get("id"))
        abort(400, "the event's livemode is not that of this relay's key")
    return event


def _reserved(relay: Relay, retries: Retries, event: dict[str, Any]) -> ResponseReturnValue:
    intent = event["data"]["object"]
    metadata = intent.get("metadata") or {}
    if not relay.settings.stripe.ownership.owns(metadata) or intent["status"] != "requires_capture":
        return {"ignored": "not a reservation of ours"}
    read_order = partial(order_from, metadata, intent["amount_capturable"], intent["currency"])
    return _deliver(relay, retries, event, intent["id"], read_order)


def _completed(relay: Relay, retries: Retries, event: dict[str, Any]) -> ResponseReturnValue:
    session = event["data"]["object"]
    metadata = session.get("metadata") or {}
    if not relay.settings.stripe.ownership.owns(metadata) or session["payment_status"] != "paid":
        return {"ignored": "not an immediate payment of ours"}
    read_order = partial(
        immediate_order_from,
        metadata,
        session["amount_total"],
        session["currency"],
        relay.settings.credit_amount,
    )
    return _deliver(relay, retries, event, session["payment_intent"], read_order)


def _deliver(
    relay: Relay,
    retries: Retries,
    event: dict[str, Any],
    payment_id: str,
    read_order: Callable[[], Order],
) -> ResponseReturnValue:
    """Publish what was paid for; an order that cannot be read is reported, or its money given back."""
    metadata = event["data"]["object"].get("metadata") or {}
    try:
        order = read_order()
    except BadOrder as why:
        if not relay.settings.stripe.ownership.is_tagged(metadata):
            return _reported(payment_id, why)
        # Sold by this relay, and changed on its way: other currency, added tax. It can never be credited.
        return _given_back(relay, payment_id, metadata, why)
    except UnsellableCredits as why:
        return _given_back(relay, payment_id, metadata, why)
    paid = PaidOrder(payment_id, order, event["data"]["object"]["created"], event["created"])
    return _publish(relay, retries, paid)


def _reported(payment_id: str, why: BadOrder) -> ResponseReturnValue:
    # Repeating the same event cannot mend it, so Stripe gets its 200 and the operator the error.
    log.error("Did not publish %s: %s", payment_id, why)
    return {"reported": str(why), "paymentId": payment_id}


def _given_back(
    relay: Relay, payment_id: str, metadata: dict[str, str], why: BadOrder | UnsellableCredits
) -> ResponseReturnValue:
    result = give_back_unsellable(relay, payment_id, metadata.get("machine_id", ""), why)
    return {"givenBack": result, "paymentId": payment_id}, 503 if result is Result.RETRY else 200


def _publish(relay: Relay, retries: Retries, paid: PaidOrder) -> ResponseReturnValue:
    relay.book.notice()
    try:
        expiry_s = publish_in_window(relay, paid)
    except (BrokerUnavailable, NobodySubscribed, PublishRefused) as why:
        log.error("Did not publish %s, trying again: %s", paid.payment_id, why)
        retries.keep(paid)
        return {"published": False, "paymentId": paid.payment_id, "error": str(why)}, 503
    if expiry_s is None:
        log.warning("Did not publish %s: its credit window has passed", paid.payment_id)
        return {"late": True, "paymentId": paid.payment_id}
    log.info("Published %s: %d credits for %s", paid.payment_id, paid.order.credits, paid.order.machine_id)
    return {"published": True, "paymentId": paid.payment_id}
