"""GET /thanks: what became of the payment, for the player who made it."""

from __future__ import annotations

import logging
import re

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue

from cloud_relay.errors import NotAtStripe, StripeUnavailable
from cloud_relay.money import shown
from cloud_relay.relay import Relay

_SESSION_ID = re.compile(r"cs_(test|live)_[A-Za-z0-9]{1,128}")
# A payment in one of these states may still become a credit, so the page looks again.
_ON_ITS_WAY = frozenset({"requires_capture", "processing", "requires_action"})

log = logging.getLogger(__name__)


def thanks(relay: Relay) -> Blueprint:
    """The page to which Stripe sends the player back."""
    routes = Blueprint("thanks", __name__)

    @routes.get("/thanks")
    def show() -> ResponseReturnValue:
        return _page(relay, request.args.get("s", ""))

    return routes


def _page(relay: Relay, session_id: str) -> ResponseReturnValue:
    if _SESSION_ID.fullmatch(session_id) is None:
        abort(404, "This payment is not known here.")
    try:
        paid = relay.stripe().paid_session(session_id)
    except NotAtStripe:
        abort(404, "This payment is not known here.")
    except StripeUnavailable as why:
        log.error("Could not read a session for its thanks page: %s", why)
        return render_template("thanks.html", state="unsure", refresh_s=5), 503
    if paid.payment_status == "succeeded":
        charged = shown(paid.charged, paid.currency)
        return render_template("thanks.html", state="charged", charged=charged)
    if paid.payment_status in _ON_ITS_WAY and paid.session_status == "complete":
        return render_template("thanks.html", state="reserved", refresh_s=2)
    return render_template("thanks.html", state="not_charged")
