"""POST /addCredit: from Stripe's word that money is there to a coin pulse at the broker."""

from __future__ import annotations

import logging
from typing import Any

from flask import Blueprint, abort, request
from flask.typing import ResponseReturnValue

from cloud_relay.errors import BadSignature, TooOld
from cloud_relay.relay import Relay
from cloud_relay.routes.answers import Answers
from cloud_relay.routes.immediate import sold_at_once
from cloud_relay.routes.notices import note_event
from cloud_relay.rules.immediate import SALES
from cloud_relay.rules.orders import BadOrder, UnsellableCredits, order_from
from cloud_relay.settling.pulses import PaidOrder
from cloud_relay.settling.unpublished import Retries

log = logging.getLogger(__name__)


def webhook(relay: Relay, retries: Retries) -> Blueprint:
    """The route that Stripe calls."""
    routes = Blueprint("webhook", __name__)

    answers = Answers(relay, retries)

    @routes.post("/addCredit")
    def add_credit() -> ResponseReturnValue:
        event = _signed_event(relay)
        if event["type"] == "payment_intent.amount_capturable_updated":
            return _reserved(answers, event)
        if event["type"] in SALES:
            return sold_at_once(answers, event)
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


def _reserved(answers: Answers, event: dict[str, Any]) -> ResponseReturnValue:
    """Publish what a reservation is for; one whose order cannot be read is reported, or given back."""
    intent, ownership = event["data"]["object"], answers.relay.settings.stripe.ownership
    metadata = intent.get("metadata") or {}
    if not ownership.owns(metadata) or intent["status"] != "requires_capture":
        return {"ignored": "not a reservation of ours"}
    try:
        order = order_from(metadata, intent["amount_capturable"], intent["currency"])
    except BadOrder as why:
        if not ownership.is_tagged(metadata):
            return answers.reported(intent["id"], metadata, why)
        # Sold by this relay, and changed on its way: other currency, added tax. It can never be credited.
        return answers.given_back(intent["id"], metadata, why)
    except UnsellableCredits as why:
        return answers.given_back(intent["id"], metadata, why)
    return answers.published(PaidOrder(intent["id"], order, intent["created"], event["created"]))
