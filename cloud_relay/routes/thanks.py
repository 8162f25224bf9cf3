"""GET /thanks: what became of the payment, for the player who made it.

The page asks GET /thanks/state by itself, and again when the phone comes back to it: a socket would
not outlive a switch to another app. Without JavaScript it reloads.
"""

from __future__ import annotations

import logging
import re
import secrets
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from flask import Blueprint, abort, g, render_template, request
from flask.typing import ResponseReturnValue

from cloud_relay.errors import NotAtStripe, StripeUnavailable
from cloud_relay.memory.recent import Recent
from cloud_relay.relay import Relay
from cloud_relay.routes.checkout import forget_checkout
from cloud_relay.routes.limits import Limits
from cloud_relay.routes.reader import players_language
from cloud_relay.rules.language import ENGLISH, Language, marked
from cloud_relay.rules.open_payment import OpenPayment
from cloud_relay.rules.purchase import Purchase
from cloud_relay.rules.thanks_page import PageText, State, page_text, unsure
from cloud_relay.settling.tidy import publish_if_lost

if TYPE_CHECKING:
    from cloud_relay.stripe.paid_sessions import PaidSessions

_UNKNOWN = marked("This payment is not known here.")
# Stripe answers 100 requests a second, for everything that the relay does. A final state can only
# become another final one.
_FRESH_S, _FRESH_WHEN_FINAL_S = 1, 60
_MOST_KEPT = 1000
# A page looks each second: what was lost is published again less often.
_PUBLISH_AGAIN_S = 10
# How often the page reloads where there is no JavaScript.
_RELOAD_S, _RELOAD_SELDOM_S = 2, 15
_SELDOM = frozenset({State.UNSURE, State.UNPAID, State.CHECKING})

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Seen:
    """A purchase as it was read at a moment; None while Stripe does not say how it stands."""

    purchase: Purchase | None
    at_s: float

    @property
    def status(self) -> int:
        return 200 if self.purchase else 503

    @property
    def machine_id(self) -> str | None:
        return self.purchase.machine_id if self.purchase else None

    def text(self, window_s: int, language: Language = ENGLISH) -> PageText:
        if self.purchase is None:
            return unsure(language)
        return page_text(self.purchase, self.at_s, window_s, language)


def thanks(relay: Relay, limits: Limits) -> Blueprint:
    """The page to which Stripe sends the player back."""
    routes = Blueprint("thanks", __name__)
    purchases = _Purchases(relay, limits)

    @routes.get("/thanks")
    def show() -> ResponseReturnValue:
        return _page(relay, purchases.seen(request.args.get("s", "")))

    @routes.get("/thanks/state")
    def state() -> ResponseReturnValue:
        seen = purchases.seen(request.args.get("s", ""))
        text = seen.text(relay.settings.credit_window_s, players_language())
        return {
            "state": text.state,
            "title": text.title,
            "lines": text.lines,
            "final": text.final,
        }, seen.status

    return routes


class _Purchases:
    """What players' sessions have come to, read at Stripe no more often than a page needs."""

    def __init__(self, relay: Relay, limits: Limits) -> None:
        self._relay = relay
        self._limits = limits
        mode = "live" if relay.settings.stripe.livemode else "test"
        self._session_id = re.compile(rf"cs_{mode}_[A-Za-z0-9]{{1,128}}")
        self._sessions = cache(lambda: _paid_sessions(relay))
        self._seen = Recent[_Seen](_MOST_KEPT)
        self._published = Recent[bool](_MOST_KEPT)

    def seen(self, session_id: str) -> _Seen:
        """What the session has come to; one that is not ours ends the request."""
        now_s = self._relay.clock()
        if self._session_id.fullmatch(session_id) is None or self._limits.is_stranger(session_id):
            abort(404, _UNKNOWN)
        seen = self._seen.get(session_id, now_s)
        if seen is None:
            seen = self._read(session_id, now_s)
            is_final = seen.text(self._relay.settings.credit_window_s).final
            self._seen.keep(session_id, seen, now_s, _FRESH_WHEN_FINAL_S if is_final else _FRESH_S)
        return seen

    def _read(self, session_id: str, now_s: float) -> _Seen:
        if not self._limits.may_read(session_id):
            return _Seen(None, now_s)
        try:
            purchase = self._sessions().purchase(session_id)
        except NotAtStripe:
            self._limits.stranger(session_id)
            abort(404, _UNKNOWN)
        except StripeUnavailable as why:
            self._limits.no_stranger(session_id)
            log.warning("Could not show a player the payment: %s", why)
            return _Seen(None, now_s)
        self._limits.no_stranger(session_id)
        self._limits.made(session_id)
        if purchase.waiting is not None:
            self._publish_if_lost(purchase.waiting, now_s)
        return _Seen(purchase, now_s)

    def _publish_if_lost(self, payment: OpenPayment, now_s: float) -> None:
        """Publish a payment whose webhook should have come by now: its player waits before the machine."""
        if self._published.get(payment.payment_id, now_s) is None:
            self._published.keep(payment.payment_id, True, now_s, _PUBLISH_AGAIN_S)
            publish_if_lost(self._relay, payment)


def _paid_sessions(relay: Relay) -> PaidSessions:
    # Imported when first needed: Stripe's library takes a third of a cold start.
    from cloud_relay.stripe.paid_sessions import PaidSessions

    return PaidSessions(relay.settings, relay.fitness)


def _page(relay: Relay, seen: _Seen) -> ResponseReturnValue:
    language = players_language()
    text, machine_id = seen.text(relay.settings.credit_window_s, language), seen.machine_id
    if machine_id and text.state is not State.UNPAID:
        forget_checkout(relay, machine_id)
    prices = relay.settings.offers.of(machine_id) if machine_id else None
    page = render_template(
        "thanks.html",
        text=text,
        name=prices.name if prices else language.gettext("Your payment"),
        door=relay.settings.door_path(machine_id) if machine_id else None,
        refresh_s=None if text.final else _RELOAD_SELDOM_S if text.state in _SELDOM else _RELOAD_S,
        nonce=None if text.final else _allow_the_script(),
    )
    return page, seen.status


def _allow_the_script() -> str:
    """Allow this answer's own script, and its questions to the relay; gives the script's nonce."""
    nonce = secrets.token_urlsafe(16)
    g.also_allowed = (f"script-src 'nonce-{nonce}'", "connect-src 'self'")
    return nonce
