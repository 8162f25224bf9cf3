"""EDGE. Tells what becomes of payments: one line each, whichever way it came about."""

from __future__ import annotations

import logging

from cloud_relay.errors import BrokerUnavailable, ClockWrong, NobodySubscribed, PublishRefused
from cloud_relay.relay import Relay
from cloud_relay.rules.log_events import EventName, GivenBack, Held, NotPublished, Publishing, money_event
from cloud_relay.rules.open_payment import OpenPayment
from cloud_relay.rules.settlement import Payment
from cloud_relay.settling.pulses import PaidOrder
from cloud_relay.watching.teller import ms_since

_HOW = {
    Publishing.FIRST: "",
    Publishing.RETRIED: " at last",
    Publishing.REPEATED: " again",
    Publishing.FREE: "",
}
_WHY_NOT: dict[type[Exception], NotPublished] = {
    BrokerUnavailable: NotPublished.BROKER_AWAY,
    NobodySubscribed: NotPublished.NOBODY_SUBSCRIBED,
    PublishRefused: NotPublished.REFUSED,
    ClockWrong: NotPublished.CLOCK_WRONG,
}
REASONS = {
    GivenBack.NO_RECEIPT: "no receipt came",
    GivenBack.UNSELLABLE: "it can never be credited",
    GivenBack.CAME_TOO_LATE: "its money came after its credit window",
}


def why_not(why: Exception) -> NotPublished:
    """The outcome of a publishing that failed; whatever is no failure of the way is one of the order."""
    return _WHY_NOT.get(type(why), NotPublished.BAD_ORDER)


def tell_published(relay: Relay, paid: PaidOrder, outcome: Publishing, began_s: float) -> None:
    """The broker has acknowledged it, which began then, by the monotonic clock."""
    order = paid.order
    words = f"Published {paid.payment_id}{_HOW[outcome]}: {order.credits} credits for {order.machine_id}"
    tell_money(
        relay,
        EventName.PUBLISHED,
        paid.payment_id,
        order.machine_id,
        outcome,
        began_s,
        words,
        credits=order.credits,
        since_paid_s=max(0, int(relay.clock()) - paid.charged_s),
    )


def tell_given_back(
    relay: Relay,
    payment_id: str,
    machine_id: str,
    before: Payment | OpenPayment,
    why: GivenBack,
    began_s: float,
    *,
    was_charged: bool,
) -> None:
    """Its money went back, which began then; `before` is the payment as it was."""
    money = f"{payment_id} of {machine_id}, {before.amount} {before.currency}"
    if was_charged:
        name, words = EventName.REFUNDED, f"Refunded {money} had been charged: {REASONS[why]}"
    else:
        name, words = EventName.RELEASED, f"Released {money}: {REASONS[why]}"
    tell_money(relay, name, payment_id, machine_id, why, began_s, words, logging.WARNING)


def tell_not_given_back(
    relay: Relay, payment_id: str, machine_id: str, why: GivenBack, began_s: float
) -> None:
    """Its money was to go back, and Stripe did not do it."""
    name, outcome = EventName.HELD, Held.GIVING_BACK_FAILED
    words = f"Did not give {payment_id} back yet: {REASONS[why]}"
    tell_money(relay, name, payment_id, machine_id, outcome, began_s, words, logging.ERROR)


def tell_money(
    relay: Relay,
    name: EventName,
    payment_id: str,
    machine_id: str,
    outcome: str,
    began_s: float,
    words: str,
    level: int = logging.INFO,
    **more: str | int,
) -> None:
    """Something happened to a payment, which began then, by the monotonic clock."""
    ms = ms_since(began_s)
    relay.tell(money_event(name, payment_id, machine_id, outcome, ms, words, level, **more))
