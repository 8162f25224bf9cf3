"""From a door's button to Stripe's payment page: the one that the phone was just given, or a new one.

A phone is told by a cookie for this door alone, which ends after two minutes: phones in a hall share one
address, and two players must never share one payment page.
"""

from __future__ import annotations

import logging

from flask import Response, abort, after_this_request, redirect, request
from flask.typing import ResponseReturnValue

from cloud_relay.errors import NotAtStripe, StripeUnavailable
from cloud_relay.relay import Relay
from cloud_relay.routes.limits import Limits
from cloud_relay.routes.reader import players_language
from cloud_relay.rules.language import marked
from cloud_relay.rules.phones.open_checkout import OFFERED_AGAIN_FOR_S, OpenCheckout, unsealed
from cloud_relay.rules.selling.offers import Offer
from cloud_relay.rules.statement import sale_words

COOKIE = "checkout"
_TOO_MANY = marked("Too many are paying right now. Nothing was charged. Please try again in a moment.")

log = logging.getLogger(__name__)


def to_checkout(
    relay: Relay, limits: Limits, machine_id: str, name: str, offer: Offer
) -> ResponseReturnValue:
    """Send the phone on to pay for the offer of a machine with this name."""
    known = unsealed(request.cookies.get(COOKIE, ""), machine_id, relay.settings.tokens.secrets)
    now_s = relay.clock()
    if known and known.is_offered_again(offer.key, now_s, relay.paid.get(machine_id, now_s)):
        return redirect(known.url, 303)
    if not limits.may_open_session():
        abort(503, _TOO_MANY)
    url = _new_page(relay, limits, machine_id, name, offer)
    _keep(relay, OpenCheckout(machine_id, offer.key, int(now_s), url))
    return redirect(url, 303)


def note_paid(relay: Relay, machine_id: str) -> None:
    """Somebody has paid at this machine: no page that was opened before is offered again."""
    now_s = relay.clock()
    relay.paid.keep(machine_id, now_s, now_s, OFFERED_AGAIN_FOR_S)


def forget_checkout(relay: Relay, machine_id: str) -> None:
    """The phone has paid: its next tap gets a new page."""

    def forget(response: Response) -> Response:
        response.delete_cookie(COOKIE, path=relay.settings.door_path(machine_id))
        return response

    after_this_request(forget)


def _new_page(relay: Relay, limits: Limits, machine_id: str, name: str, offer: Offer) -> str:
    settings = relay.settings
    try:
        session_id, url = relay.stripe().checkout(
            offer.order_for(machine_id),
            sale_words(players_language().credits(offer.credits), name, machine_id),
            settings.thanks_url,
            settings.door_url(machine_id),
            relay.clock(),
        )
    except (StripeUnavailable, NotAtStripe) as why:
        log.error("Could not open a checkout for %s: %s", machine_id, why)
        abort(503, marked("The payment service does not answer right now. Nothing was charged."))
    limits.made(session_id)
    relay.book.notice()
    return url


def _keep(relay: Relay, opened: OpenCheckout) -> None:
    settings = relay.settings

    def keep(response: Response) -> Response:
        response.set_cookie(
            COOKIE,
            opened.sealed(settings.tokens.sealing_secret),
            max_age=OFFERED_AGAIN_FOR_S,
            path=settings.door_path(opened.machine_id),
            secure=settings.url.startswith("https:"),
            httponly=True,
            samesite="Lax",
        )
        return response

    after_this_request(keep)
