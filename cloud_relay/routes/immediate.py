"""Stripe's word that a link of an older relay was paid: at once, or by a method whose money comes later."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from flask.typing import ResponseReturnValue

from cloud_relay.errors import NotAtStripe, StripeUnavailable
from cloud_relay.routes.answers import Answers
from cloud_relay.rules.immediate import ImmediateSale, sale_in
from cloud_relay.rules.open_payment import OpenPayment
from cloud_relay.rules.orders import BadOrder, Order, UnsellableCredits
from cloud_relay.settling.pulses import PaidOrder

_NOT_OURS = {"ignored": "not an immediate payment of ours"}
_NOTHING_YET = {"ignored": "its money has not come yet"}
_NOTHING_LEFT = {"ignored": "nothing of it is left to settle"}

Then = Callable[[OpenPayment | None], ResponseReturnValue]
log = logging.getLogger(__name__)


def sold_at_once(answers: Answers, event: dict[str, Any]) -> ResponseReturnValue:
    """Publish the credits of a session that is paid, and have its payment looked after until it ends."""
    settings = answers.relay.settings
    sale = sale_in(event, settings.stripe.ownership)
    if sale is None:
        return _NOT_OURS
    try:
        order = sale.order(settings.credit_amount)
    except (BadOrder, UnsellableCredits) as why:
        if not sale.is_ours(settings.stripe.ownership, settings.credit_amount):
            return answers.reported(sale.payment_id, sale.metadata, why) if sale.paid else _NOT_OURS
        return _unsellable(answers, sale, why)
    if sale.came_s is not None:
        return _looked_after(answers, sale, lambda payment: _money_came(answers, sale, order, payment))
    if not sale.paid:
        return _looked_after(answers, sale, lambda _: _NOTHING_YET)
    # The player stands before the machine: the credits first.
    answer = answers.published(PaidOrder(sale.payment_id, order, sale.made_s, event["created"]))
    return _looked_after(answers, sale, lambda _: answer)


def _unsellable(
    answers: Answers, sale: ImmediateSale, why: BadOrder | UnsellableCredits
) -> ResponseReturnValue:
    """It can never be credited, and goes back as soon as its money is there."""
    if not sale.paid:
        return _looked_after(answers, sale, lambda _: _NOTHING_YET)
    return _looked_after(answers, sale, lambda _: answers.given_back(sale.payment_id, sale.metadata, why))


def _money_came(
    answers: Answers, sale: ImmediateSale, order: Order, payment: OpenPayment | None
) -> ResponseReturnValue:
    """Money that comes in time becomes credits. Later, no cabinet can have heard of it, and it goes back."""
    if payment is None:
        return _NOTHING_LEFT
    if payment.came_too_late(answers.relay.settings.credit_window_s):
        return answers.given_back_late(sale.payment_id)
    return answers.published(PaidOrder(sale.payment_id, order, sale.made_s, payment.created_s))


def _looked_after(answers: Answers, sale: ImmediateSale, then: Then) -> ResponseReturnValue:
    """Have the payment looked after until it is settled; Stripe repeats its webhook where that failed."""
    try:
        payment = answers.relay.stripe().take_up(sale.payment_id, sale.marks)
    except NotAtStripe as why:
        log.error("Cannot look after %s: %s", sale.payment_id, why)
        return then(None) if sale.paid else _NOT_OURS
    except StripeUnavailable as why:
        log.error("Cannot look after %s before its webhook comes again: %s", sale.payment_id, why)
        return {"error": str(why), "paymentId": sale.payment_id}, 503
    return then(payment)
