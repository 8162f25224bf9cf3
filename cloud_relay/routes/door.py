"""The door, /p/<machine_id>: where a phone lands after scanning the QR on the attract screen."""

from __future__ import annotations

import logging

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue

from cloud_relay.broker.statuses import Statuses
from cloud_relay.errors import BrokerUnavailable, Busy, PublishRefused
from cloud_relay.relay import Relay
from cloud_relay.routes.checkout import to_checkout
from cloud_relay.routes.limits import Limits
from cloud_relay.rules.messages import MachineStatus
from cloud_relay.rules.orders import is_machine_id
from cloud_relay.rules.selling.offers import PriceList

_WHY_NOT = {
    "starting": "It is just starting. Try again in a moment.",
    "paying": "Someone else is paying right now. Try again in a moment.",
    "playing": "Someone is playing right now. Try again after this game.",
    "not_ready": "The game cannot take a coin at the moment. Try again in a minute.",
    "offline": "It has no connection at the moment. Try again in a minute.",
    "out_of_order": "It is out of order. Sorry! Please tell the staff.",
}
_UNFIT = "Payments do not work here at the moment. Sorry! Please tell the staff."
_WHY_NOT_OTHERWISE = "It cannot take a payment at the moment. Try again in a minute."

log = logging.getLogger(__name__)


def door(relay: Relay, limits: Limits) -> Blueprint:
    """The routes that players see before they pay."""
    routes = Blueprint("door", __name__)
    statuses = Statuses(relay.publisher, relay.clock)

    @routes.get("/p/<machine_id>")
    def show(machine_id: str) -> ResponseReturnValue:
        status = _look(statuses, machine_id)
        prices = relay.settings.offers.of(machine_id)
        if why := _why_closed(relay, status):
            return _closed(machine_id, prices, status, why), 200
        return render_template("door.html", machine_id=machine_id, prices=prices)

    @routes.post("/p/<machine_id>")
    def buy(machine_id: str) -> ResponseReturnValue:
        status = _look(statuses, machine_id)
        prices = relay.settings.offers.of(machine_id)
        relay.fitness.look_on_request()
        if why := _why_closed(relay, status):
            return _closed(machine_id, prices, status, why), 409
        chosen = [offer for offer in prices.offers if offer.key == request.form.get("offer")]
        if not chosen:
            changed = render_template("door.html", machine_id=machine_id, prices=prices, prices_changed=True)
            return changed, 409
        sent_on = to_checkout(relay, limits, machine_id, prices, chosen[0])
        if relay.fitness.troubles:  # Stripe's very answer has shown it: nobody can have paid yet
            return _closed(machine_id, prices, status, _UNFIT), 409
        return sent_on

    return routes


def _look(statuses: Statuses, machine_id: str) -> MachineStatus:
    """What the machine last said; what is no machine id, or cannot be looked up now, ends the request."""
    if not is_machine_id(machine_id):
        abort(404, "This is no machine's address. Scan the code on the screen again.")
    try:
        return statuses.of(machine_id)
    except Busy as why:
        log.warning("Did not look for %s: %s", machine_id, why)
        abort(503, "Too many are asking right now. Try again in a moment. Nothing was charged.")
    except (BrokerUnavailable, PublishRefused) as why:
        # That the broker is away was said once already, when it went.
        away = isinstance(why, BrokerUnavailable)
        level = logging.DEBUG if away else logging.ERROR
        log.log(level, "Could not ask for the status of %s: %s", machine_id, why)
        abort(503, "The machine cannot be reached right now. Nothing was charged.")


def _why_closed(relay: Relay, status: MachineStatus) -> str | None:
    """Why nothing can be paid now, in a player's words: the machine's own reason, or the relay's."""
    if not status.accepting:
        return _WHY_NOT.get(status.state if status.online else "offline", _WHY_NOT_OTHERWISE)
    return _UNFIT if relay.fitness.troubles else None


def _closed(machine_id: str, prices: PriceList, status: MachineStatus, why: str) -> str:
    # Whether a machine that does not answer is one of ours is nobody's business: it has no name then.
    name = prices.name if status.online else "This machine"
    return render_template("closed.html", machine_id=machine_id, name=name, why=why)
