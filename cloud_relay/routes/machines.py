"""What cabinets want and report over HTTPS: the offer, their open payments, receipts, game overs."""

from __future__ import annotations

import logging
import time

from flask import Blueprint, abort, request
from flask.typing import ResponseReturnValue

from cloud_relay.errors import BrokerUnavailable, NobodySubscribed, PublishRefused
from cloud_relay.relay import Relay
from cloud_relay.routes.callers import json_object, require_fitness, require_machine
from cloud_relay.rules.messages import gameover, gameover_topic, seconds_left
from cloud_relay.rules.orders import (
    BadOrder,
    UnsellableCredits,
)
from cloud_relay.rules.phones.free_tickets import is_free_credit
from cloud_relay.rules.receipts import BadReceipt, is_payment_id
from cloud_relay.rules.selling.on_sale import Offers, OnSale
from cloud_relay.rules.selling.words import TODAY_DAYS, ask_again_s, next_of, note_of, period_of
from cloud_relay.rules.settlement import Result
from cloud_relay.settling.pulses import paid_order
from cloud_relay.settling.receipts import settle
from cloud_relay.stripe.named_reads import NamedReads

# Each is a question of its own to Stripe, and the cabinet waits for all of them.
MOST_NAMED = 20
_STATUS_OF = {Result.CONFLICT: 409, Result.UNKNOWN: 404, Result.RETRY: 503}

log = logging.getLogger(__name__)


def machines(relay: Relay) -> Blueprint:
    """The routes that take a machine token."""
    routes = Blueprint("machines", __name__)
    reads = NamedReads(relay.stripe, relay.clock)

    @routes.get("/machines/<machine_id>/offer")
    def offer(machine_id: str) -> ResponseReturnValue:
        machine_id = require_machine(relay.settings, machine_id)
        relay.fitness.look_on_request()
        require_fitness(relay.fitness)
        return _on_sale(relay, machine_id)

    @routes.get("/machines/<machine_id>/payments")
    def payments(machine_id: str) -> ResponseReturnValue:
        machine_id = require_machine(relay.settings, machine_id)
        return _open_payments(relay, reads, machine_id, _named(request.args.getlist("paid")))

    @routes.post("/machines/<machine_id>/receipts")
    def receipts(machine_id: str) -> ResponseReturnValue:
        machine_id = require_machine(relay.settings, machine_id)
        try:
            answer = settle(relay, machine_id, json_object())
        except BadReceipt as why:
            abort(400, str(why))
        charged = {} if answer.charged is None else {"charged": answer.charged}
        return {"result": answer.result, **charged}, _STATUS_OF.get(answer.result, 200)

    @routes.post("/gameover")
    def game_over() -> ResponseReturnValue:
        machine_id = require_machine(relay.settings, json_object().get("machine_id"))
        return _game_over(relay, machine_id)

    return routes


def _on_sale(relay: Relay, machine_id: str) -> dict[str, object]:
    """What the screen shows now, and when it is to ask again; cabinets pass over what they do not know."""
    offers, now_s = relay.settings.offers, relay.clock()
    sale = offers.on_sale(machine_id, now_s)
    changes_s = offers.next_change_s(machine_id, now_s, TODAY_DAYS)
    note = note_of(sale.period, changes_s, offers.zone_of(machine_id))
    free = {"freePlay": {"credits": sale.free.credits, "currency": sale.currency}} if sale.free else {}
    return {
        "machineId": machine_id,
        "name": sale.name,
        "door": relay.settings.door_url(machine_id),
        "offers": [
            {"credits": offer.credits, "amount": offer.amount, "currency": offer.currency}
            for offer in sale.offers
        ],
        "creditWindowS": relay.settings.credit_window_s,
        **free,
        **({"note": note} if note else {}),
        **({} if changes_s is None else {"askAgainInS": ask_again_s(machine_id, changes_s, now_s)}),
        **_by_the_clock(offers, machine_id, sale, changes_s),
    }


def _by_the_clock(
    offers: Offers, machine_id: str, sale: OnSale, changes_s: int | None
) -> dict[str, dict[str, str]]:
    """The period that is on, and the one that follows within a day; their times are the machine's own."""
    zone = offers.zone_of(machine_id)
    coming = "" if changes_s is None else offers.on_sale(machine_id, changes_s).period
    told = {
        "period": period_of(sale.period, changes_s, zone),
        "next": {} if changes_s is None else next_of(sale.period, coming, changes_s, zone),
    }
    return {key: value for key, value in told.items() if value}


def _named(payment_ids: list[str]) -> list[str]:
    if len(payment_ids) > MOST_NAMED:
        abort(400, f"paid names {len(payment_ids)} payments: {MOST_NAMED} at most")
    # Nobody holds a free credit: it is never open, and so never in the list.
    payment_ids = [payment_id for payment_id in payment_ids if not is_free_credit(payment_id)]
    for payment_id in payment_ids:
        if not is_payment_id(payment_id):
            abort(400, f"paid is {payment_id!r:.80}: write a PaymentIntent id such as pi_3Abc")
    return list(dict.fromkeys(payment_ids))


def _open_payments(relay: Relay, reads: NamedReads, machine_id: str, named: list[str]) -> ResponseReturnValue:
    asked_s, window_s = time.monotonic(), relay.settings.credit_window_s
    found = [payment for payment in relay.book.recent() if payment.machine_id == machine_id]
    # A list at Stripe may lack a payment: whether one is open for sure, only its id tells.
    in_list = {payment.payment_id for payment in found}
    by_id = reads.of([payment_id for payment_id in named if payment_id not in in_list])
    found += [payment for payment in by_id if payment.machine_id == machine_id]
    # When we were asked, by the clock that the list has just shown to be right: it may be set meanwhile.
    now_s = relay.clock() - (time.monotonic() - asked_s)
    listed: list[dict[str, str | int]] = []
    for payment in found:
        try:
            order = paid_order(payment, relay.settings.credit_amount).order
        except (BadOrder, UnsellableCredits) as why:
            log.error("Left %s out of the open payments: %s", payment.payment_id, why)
            continue
        listed.append(
            {
                "paymentId": payment.payment_id,
                "credits": order.credits,
                "amount": order.amount,
                "currency": order.currency,
                "secondsLeft": seconds_left(window_s, payment.created_s, now_s),
            }
        )
    return listed


def _game_over(relay: Relay, machine_id: str) -> ResponseReturnValue:
    try:
        relay.publisher.publish(gameover_topic(machine_id), gameover(machine_id, relay.clock()))
    except NobodySubscribed:
        log.info("Nobody listens to the game overs of %s", machine_id)
    except (BrokerUnavailable, PublishRefused) as why:
        log.error("Did not publish a game over of %s: %s", machine_id, why)
        return {"error": f"the game over was not sent: {why}"}, 503
    return {"message": "Game over signal sent"}
