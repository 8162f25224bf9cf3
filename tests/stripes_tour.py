"""Drives a stand-in Stripe through every state that it knows."""

from __future__ import annotations

import stripe
from stand_in_stripe_help import Clock, offer, session_params

from simulator.stripe.model.payer import Payer
from simulator.stripe.server import StandInStripe

WEEK_S = 7 * 24 * 3600


def tour(stand_in: StandInStripe, client: stripe.StripeClient, clock: Clock) -> None:
    """Leave payments, sessions, links, refunds, disputes and warnings of every kind behind."""
    _by_link(stand_in, client)
    _deferred(stand_in, client)
    _expired(stand_in, client, clock)
    _settled(stand_in, client)
    _refunded(stand_in, client)
    _disputed(stand_in, client)
    client.v1.checkout.sessions.create(session_params())
    stand_in.pay(client.v1.checkout.sessions.create(session_params()).id)


def at_once(stand_in: StandInStripe, client: stripe.StripeClient) -> str:
    """A payment of 2.50 USD, charged without a reservation."""
    return stand_in.pay(client.v1.checkout.sessions.create(session_params(250, "automatic")).id)


def _by_link(stand_in: StandInStripe, client: stripe.StripeClient) -> None:
    price = stand_in.create_price(100, "usd", currency_options={"eur": 90})
    lines = [{"price": price, "quantity": 2}]
    stand_in.pay(client.v1.payment_links.create({"line_items": lines}).url, Payer("eur"))
    reserving = {"payment_intent_data": {"capture_method": "manual", "statement_descriptor_suffix": "GALAGA"}}
    completion = {"type": "redirect", "redirect": {"url": "http://relay.test/"}}
    params = {"line_items": lines, "currency": "usd", "after_completion": completion, **reserving}
    stand_in.pay(client.v1.payment_links.create(params).url, Payer("eur", quantity=3, tax=21))


def _deferred(stand_in: StandInStripe, client: stripe.StripeClient) -> None:
    link = client.v1.payment_links.create({"line_items": [offer()]})
    came, refused, _ = (
        stand_in.pay_later(link.url, method) for method in ("us_bank_account", "sepa_debit", "sepa_debit")
    )
    stand_in.money_came(came)
    stand_in.money_never_came(refused)


def _expired(stand_in: StandInStripe, client: stripe.StripeClient, clock: Clock) -> None:
    stand_in.pay(client.v1.checkout.sessions.create(session_params()).id)
    stand_in.decline(client.v1.checkout.sessions.create(session_params()).id)
    clock.now_s += WEEK_S


def _settled(stand_in: StandInStripe, client: stripe.StripeClient) -> None:
    whole, part, gone = (
        stand_in.pay(client.v1.checkout.sessions.create(session_params()).id) for _ in range(3)
    )
    client.v1.payment_intents.capture(whole)
    client.v1.payment_intents.capture(part, {"amount_to_capture": 83})
    client.v1.payment_intents.cancel(gone, {"cancellation_reason": "requested_by_customer"})
    client.v1.payment_intents.update(whole, {"description": "Galaga", "metadata": {"settled": "delivered 3"}})


def _refunded(stand_in: StandInStripe, client: stripe.StripeClient) -> None:
    client.v1.refunds.create({"payment_intent": at_once(stand_in, client), "amount": 100})
    stand_in.begin_refunds_as("pending")
    pending = [stand_in.refund(at_once(stand_in, client)) for _ in range(3)]
    stand_in.begin_refunds_as("succeeded")
    stand_in.finish_refund(pending[0], "succeeded")
    stand_in.finish_refund(pending[1], "failed")


def _disputed(stand_in: StandInStripe, client: stripe.StripeClient) -> None:
    for status in ("won", "lost"):
        stand_in.close_dispute(stand_in.dispute(at_once(stand_in, client)).id, status)
    inquiry = stand_in.dispute(at_once(stand_in, client), "product_not_received", inquiry=True)
    stand_in.close_dispute(inquiry.id, "warning_closed")
    stand_in.dispute(at_once(stand_in, client))
    stand_in.dispute(at_once(stand_in, client), inquiry=True)
    warned, refunded = at_once(stand_in, client), at_once(stand_in, client)
    stand_in.warn_of_fraud(warned)
    stand_in.warn_of_fraud(refunded)
    stand_in.refund(refunded)
