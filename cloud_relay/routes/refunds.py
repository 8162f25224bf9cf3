"""POST /refunds: the operator's page gives back what is left of a payment, as the command does."""

from __future__ import annotations

import logging
import math

from flask import Blueprint, abort
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import TooManyRequests

from cloud_relay.errors import NotAtStripe, RefundRefused
from cloud_relay.memory.buckets import Buckets
from cloud_relay.relay import Relay
from cloud_relay.routes.callers import json_object, require_operator
from cloud_relay.rules.phones.rates import Rate
from cloud_relay.rules.receipts import is_payment_id
from cloud_relay.settling.refund import refund

# A person with a page: whoever asks more often is a program that went wrong, or has found the key.
RATE = Rate(burst=20, per_minute=20)

log = logging.getLogger(__name__)


def refunds(relay: Relay) -> Blueprint:
    """The route that takes the operator's key."""
    routes = Blueprint("refunds", __name__)
    asked = Buckets(RATE)

    @routes.post("/refunds")
    def give_back() -> ResponseReturnValue:
        require_operator(relay.settings)
        payment_id = json_object().get("payment_id")
        if not isinstance(payment_id, str) or not is_payment_id(payment_id):
            abort(400, f"payment_id is {payment_id!r:.80}: write a PaymentIntent id such as pi_3Abc")
        if wait_s := asked.take("", relay.clock()):
            raise TooManyRequests("Too many refunds at once: nothing was done", retry_after=math.ceil(wait_s))
        return _refund(relay, payment_id)

    return routes


def _refund(relay: Relay, payment_id: str) -> ResponseReturnValue:
    try:
        message = refund(relay, payment_id)
    except NotAtStripe as why:
        abort(404, str(why))
    except RefundRefused as why:
        abort(409, str(why))
    log.info("%s", message)
    return {"payment_id": payment_id, "message": message}
