"""Free credits at the door: to the machine the signed way, and nowhere near Stripe."""

from __future__ import annotations

import logging
import secrets

from flask import Response, abort, after_this_request, render_template, request
from flask.typing import ResponseReturnValue

from cloud_relay.relay import Relay
from cloud_relay.routes.limits import Limits
from cloud_relay.routes.reader import players_language
from cloud_relay.routes.requests import request_began_s
from cloud_relay.rules.language import marked
from cloud_relay.rules.log_events import EventName, Publishing
from cloud_relay.rules.orders import Order
from cloud_relay.rules.phones.free_tickets import FreeTicket, is_phone, ticket_in, ticket_now
from cloud_relay.rules.selling.on_sale import OnSale
from cloud_relay.rules.selling.periods import FreePlay
from cloud_relay.rules.selling.words import wait_words
from cloud_relay.settling.pulses import NOT_NOW, PaidOrder, publish_in_window
from cloud_relay.settling.told import tell_money, tell_published, why_not

_COOKIE, _KEPT_FOR_S = "free", 24 * 3600
_TOO_MANY = marked("Too many free credits at once. Please try again in a minute.")
_NOT_SENT = marked("The machine cannot be reached right now. Please try again.")


def ticket_of_phone(relay: Relay, machine_id: str, free: FreePlay) -> tuple[FreeTicket, bool]:
    """The ticket of the phone that asks, and whether it has used it; a new phone is given its cookie."""
    phone, _, used = request.cookies.get(_COOKIE, "").partition(".")
    if not is_phone(phone):
        phone, used = secrets.token_urlsafe(16), ""
    ticket = ticket_now(machine_id, phone, free, relay.clock())
    _keep(relay, machine_id, f"{phone}.{used if used.isdecimal() else ''}")
    return ticket, used == str(ticket.slot)


def give_free(
    relay: Relay, limits: Limits, machine_id: str, sale: OnSale, button: str
) -> ResponseReturnValue | None:
    """Send the free credits of the button's ticket; None where it is no ticket for here and now.

    It may be sent again and again: the cabinet knows the name.
    """
    secrets_known, now_s = relay.settings.tokens.secrets, relay.clock()
    found = ticket_in(button, machine_id, sale.free, now_s, secrets_known) if sale.free else None
    if found is None:
        return None
    ticket, sealed_by = found
    if not limits.may_give_free(machine_id):
        abort(429, _TOO_MANY)
    _publish(relay, ticket, ticket.payment_id(sealed_by), sale.currency)
    _keep(relay, machine_id, f"{ticket.phone}.{ticket.slot}")
    return render_template(
        "free.html",
        machine_id=machine_id,
        name=sale.name,
        credits=ticket.free.credits,
        again_words=wait_words(ticket.next_in_min(relay.clock()), players_language()),
    )


def _publish(relay: Relay, ticket: FreeTicket, payment_id: str, currency: str) -> None:
    order = Order(ticket.machine_id, ticket.free.credits, 0, currency)
    given = PaidOrder(payment_id, order, ticket.begins_s, int(relay.clock()))
    began_s = request_began_s()
    try:
        publish_in_window(relay, given)
    except NOT_NOW as why:
        name, words = EventName.PUBLISH_FAILED, f"Did not publish {payment_id}: {why}"
        tell_money(relay, name, payment_id, order.machine_id, why_not(why), began_s, words, logging.ERROR)
        abort(503, _NOT_SENT)
    tell_published(relay, given, Publishing.FREE, began_s)


def _keep(relay: Relay, machine_id: str, text: str) -> None:
    def keep(response: Response) -> Response:
        response.set_cookie(
            _COOKIE,
            text,
            max_age=_KEPT_FOR_S,
            path=relay.settings.door_path(machine_id),
            secure=relay.settings.url.startswith("https:"),
            httponly=True,
            samesite="Lax",
        )
        return response

    after_this_request(keep)
