"""EDGE. Sends a paid order to its cabinet."""

from __future__ import annotations

import math
from dataclasses import dataclass

from cloud_relay.errors import BrokerUnavailable, ClockWrong, NobodySubscribed, PublishRefused
from cloud_relay.relay import Relay
from cloud_relay.rules.messages import coinpulse, coinpulse_topic, expiry_s, signatures
from cloud_relay.rules.open_payment import OpenPayment
from cloud_relay.rules.orders import Order, immediate_order_from, order_from

NOT_NOW = (BrokerUnavailable, NobodySubscribed, PublishRefused, ClockWrong)
"""Why a payment in its window is not published, and is to be tried again."""


@dataclass(frozen=True)
class PaidOrder:
    """What was paid for, times in Unix seconds: the window begins at `charged_s`, `named_s` never changes."""

    payment_id: str
    order: Order
    named_s: int
    charged_s: int


def paid_order(payment: OpenPayment, credit_amount: int) -> PaidOrder:
    """The order behind an open payment.

    Raises:
        BadOrder: its metadata cannot be believed.
        UnsellableCredits: it comes to no whole credit, or to more than a machine takes at once.
    """
    if payment.immediate:
        order = immediate_order_from(payment.metadata, payment.amount, payment.currency, credit_amount)
    else:
        order = order_from(payment.metadata, payment.amount, payment.currency)
    return PaidOrder(payment.payment_id, order, payment.named_s, payment.created_s)


def publish_in_window(relay: Relay, paid: PaidOrder, at_most_s: float = math.inf) -> int | None:
    """Publish with what is left of the window as its expiry, in seconds; None, and nothing sent, if too late.

    `at_most_s` is what a clock that is never set says is left. Raises as `Publisher.publish` does.

    Raises:
        ClockWrong: nobody can say what is left; nothing was sent.
    """
    if trouble := relay.fitness.clock_trouble:
        raise ClockWrong(trouble.words)
    expiry = expiry_s(relay.settings.credit_window_s, paid.charged_s, relay.clock(), at_most_s)
    if expiry is not None:
        publish_pulse(relay, paid.order, paid.payment_id, named_s=paid.named_s, expiry_s=expiry)
    return expiry


def publish_pulse(relay: Relay, order: Order, payment_id: str, *, named_s: int, expiry_s: int) -> None:
    """Publish the signed coin pulse of a payment; the same payment always makes the same bytes.

    `named_s` is its time at Stripe that never changes. The broker forgets the pulse after `expiry_s`.
    Raises as `Publisher.publish` does.
    """
    payload = coinpulse(order, payment_id, named_s, relay.settings.credit_window_s)
    relay.publisher.publish(
        coinpulse_topic(order.machine_id),
        payload,
        expiry_s=expiry_s,
        user_properties=signatures(relay.settings.tokens.signing(order.machine_id), payload),
    )
