"""The door, /p/<machine_id>: where a phone lands after scanning the QR on the attract screen."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue

from cloud_relay.broker.statuses import Statuses
from cloud_relay.errors import BrokerUnavailable, Busy, PublishRefused
from cloud_relay.relay import Relay
from cloud_relay.routes.checkout import to_checkout
from cloud_relay.routes.door_test import test_page
from cloud_relay.routes.free_play import give_free, ticket_of_phone
from cloud_relay.routes.limits import Limits
from cloud_relay.routes.reader import players_language
from cloud_relay.rules.language import marked
from cloud_relay.rules.messages import MachineStatus
from cloud_relay.rules.orders import is_machine_id
from cloud_relay.rules.selling.on_sale import OnSale
from cloud_relay.rules.selling.words import TODAY_DAYS, note_of, wait_words

_WHY_NOT = {
    "starting": marked("It is just starting. Try again in a moment."),
    "paying": marked("Someone else is paying right now. Try again in a moment."),
    "playing": marked("Someone is playing right now. Try again after this game."),
    "not_ready": marked("The game cannot take a coin at the moment. Try again in a minute."),
    "offline": marked("It has no connection at the moment. Try again in a minute."),
    "out_of_order": marked("It is out of order. Sorry! Please tell the staff."),
}
_UNFIT = marked("Payments do not work here at the moment. Sorry! Please tell the staff.")
_CHANGED = marked("The prices have changed. Please choose again.")
_NOT_FREE = marked("Nothing was sent: that free credit is not to be had any more. Please choose again.")
_WRONG_CODE = marked("This code is not known here, or does not hold now.")
_TOO_MANY_CODES = marked("Too many codes were tried here. Please try again in a minute.")
_LONGEST_CODE = 80
_WHY_NOT_OTHERWISE = marked("It cannot take a payment at the moment. Try again in a minute.")

log = logging.getLogger(__name__)


def door(relay: Relay, limits: Limits) -> Blueprint:
    """The routes that players see before they pay."""
    routes = Blueprint("door", __name__)
    statuses = Statuses(relay.publisher, relay.clock)

    @routes.get("/p/<machine_id>")
    def show(machine_id: str) -> ResponseReturnValue:
        if "test" in request.args and is_machine_id(machine_id):
            return test_page(relay, statuses, machine_id)
        return _show(relay, limits, statuses, machine_id)

    @routes.post("/p/<machine_id>")
    def buy(machine_id: str) -> ResponseReturnValue:
        status = _look(statuses, machine_id)
        relay.fitness.look_on_request()
        asked = _ask(relay, limits, machine_id, request.form.get("code", ""), status)
        if why := _why_closed(relay, status):
            return _closed(asked, status, why), 409
        if "free" in request.form:
            given = give_free(relay, limits, machine_id, asked.sale, request.form["free"])
            return given or (_page(relay, asked, _NOT_FREE), 409)
        chosen = asked.sale.offer(request.form.get("offer"))
        if chosen is None:
            return _page(relay, asked, asked.trouble or _CHANGED), 409
        sent_on = to_checkout(relay, limits, machine_id, asked.sale.name, chosen)
        if relay.fitness.troubles:  # Stripe's very answer has shown it: nobody can have paid yet
            return _closed(asked, status, _UNFIT), 409
        return sent_on

    return routes


def _show(relay: Relay, limits: Limits, statuses: Statuses, machine_id: str) -> str:
    status = _look(statuses, machine_id)
    asked = _ask(relay, limits, machine_id, request.args.get("code", ""), status)
    if why := _why_closed(relay, status):
        return _closed(asked, status, why)
    return _page(relay, asked, asked.trouble)


@dataclass(frozen=True)
class _Asked:
    """What a phone asks for, and what is on sale for it now; `trouble` is what is wrong with its code."""

    machine_id: str
    code: str
    sale: OnSale
    trouble: str | None


def _ask(relay: Relay, limits: Limits, machine_id: str, code: str, status: MachineStatus) -> _Asked:
    """What is on sale now, with the code where the door is open and so many guesses were not made."""
    offers, now_s = relay.settings.offers, relay.clock()
    usual = offers.on_sale(machine_id, now_s)
    if not code.strip() or not status.accepting:
        return _Asked(machine_id, code, usual, None)
    if not limits.may_try_code(machine_id):
        return _Asked(machine_id, "", usual, _TOO_MANY_CODES)
    sale = offers.on_sale(machine_id, now_s, code[:_LONGEST_CODE])
    if not sale.by_code:
        return _Asked(machine_id, "", usual, _WRONG_CODE)
    limits.code_was_right(machine_id)
    return _Asked(machine_id, code, sale, None)


def _page(relay: Relay, asked: _Asked, alert: str | None) -> str:
    """The offers of now."""
    machine_id, sale, offers, now_s = asked.machine_id, asked.sale, relay.settings.offers, relay.clock()
    language, ticket, waits = players_language(), "", ""
    if sale.free:
        own, used = ticket_of_phone(relay, machine_id, sale.free)
        ticket = "" if used else own.sealed(relay.settings.tokens.sealing_secret)
        waits = wait_words(own.next_in_min(now_s), language) if used else ""
    ends_s = offers.next_change_s(machine_id, now_s, TODAY_DAYS) if sale.period else None
    return render_template(
        "door.html",
        machine_id=machine_id,
        sale=sale,
        note=note_of(sale.period, ends_s, offers.zone_of(machine_id), language),
        alert=alert,
        code=asked.code,
        takes_codes=offers.takes_codes(machine_id),
        code_wrong=asked.trouble == _WRONG_CODE,
        ticket=ticket,
        wait_words=waits,
    )


def _look(statuses: Statuses, machine_id: str) -> MachineStatus:
    """What the machine last said; what is no machine id, or cannot be looked up now, ends the request."""
    if not is_machine_id(machine_id):
        abort(404, marked("This is no machine's address. Scan the code on the screen again."))
    try:
        return statuses.of(machine_id)
    except Busy as why:
        log.warning("Did not look for %s: %s", machine_id, why)
        abort(503, marked("Too many are asking right now. Try again in a moment. Nothing was charged."))
    except (BrokerUnavailable, PublishRefused) as why:
        # That the broker is away was said once already, when it went.
        away = isinstance(why, BrokerUnavailable)
        level = logging.DEBUG if away else logging.ERROR
        log.log(level, "Could not ask for the status of %s: %s", machine_id, why)
        abort(503, marked("The machine cannot be reached right now. Nothing was charged."))


def _why_closed(relay: Relay, status: MachineStatus) -> str | None:
    """Why nothing can be paid now, in a player's words: the machine's own reason, or the relay's."""
    if not status.accepting:
        return _WHY_NOT.get(status.state if status.online else "offline", _WHY_NOT_OTHERWISE)
    return _UNFIT if relay.fitness.troubles else None


def _closed(asked: _Asked, status: MachineStatus, why: str) -> str:
    # Whether a machine that does not answer is one of ours is nobody's business: it has no name then.
    name = asked.sale.name if status.online else players_language().gettext("This machine")
    return render_template(
        "closed.html", machine_id=asked.machine_id, name=name, why=why, code=asked.code[:_LONGEST_CODE]
    )
