"""EDGE. A player's Checkout Session, read from Stripe for a page that will ask again anyway."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import stripe

from cloud_relay.errors import NotAtStripe, StripeUnavailable
from cloud_relay.rules.immediate import SESSION_MADE
from cloud_relay.rules.marks import MarkKind
from cloud_relay.rules.open_payment import OpenPayment
from cloud_relay.rules.orders import (
    BadOrder,
    Ownership,
    UnsellableCredits,
    immediate_order_from,
    is_machine_id,
)
from cloud_relay.rules.purchase import Purchase
from cloud_relay.settings import Settings
from cloud_relay.stripe.client import refusal_words, stripe_client
from cloud_relay.stripe.objects import SETTLED, as_open_payment, made_refund, payment_in

if TYPE_CHECKING:
    from cloud_relay.stripe.fitness import Fitness

# To connect, to read: less together than a phone waits, and no second try. A page looks again by
# itself, and must not hold the threads that webhooks and receipts need.
_TIMEOUT_S = (2, 5)


class PaidSessions:
    """Reads purchases by the id that Stripe gives the player's phone."""

    def __init__(self, settings: Settings, fitness: Fitness) -> None:
        self._credit_amount = settings.credit_amount
        self._ownership = settings.stripe.ownership
        self._client = stripe_client(settings.stripe, fitness, timeout_s=_TIMEOUT_S, retries=0)

    def purchase(self, session_id: str) -> Purchase:
        """The purchase behind a Checkout Session.

        Raises:
            NotAtStripe: Stripe knows no such session, or it is none of ours.
            StripeUnavailable: Stripe did not answer.
        """
        try:
            session = self._client.v1.checkout.sessions.retrieve(
                session_id, params={"expand": ["payment_intent.latest_charge.refunds"]}
            ).to_dict()
        except stripe.StripeError as why:
            if why.code == "resource_missing":
                raise NotAtStripe("Stripe knows no such Checkout Session") from None
            raise StripeUnavailable(f"read a Checkout Session: {refusal_words(why)}") from None
        return _purchase(session, self._credit_amount, self._ownership)


def _purchase(session: dict[str, Any], credit_amount: int, ownership: Ownership) -> Purchase:
    payment = session.get("payment_intent") or {}
    charge = payment.get("latest_charge") or {}
    refunds = (charge.get("refunds") or {}).get("data", [])
    # A payment link's metadata reaches the session only; what a receipt settled, the payment only.
    metadata = {**(session.get("metadata") or {}), **(payment.get("metadata") or {})}
    if not ownership.owns(metadata) or not is_machine_id(metadata.get("machine_id")):
        raise NotAtStripe("no Checkout Session of ours")
    amount, currency = payment.get("amount", session["amount_total"]), session["currency"]
    return Purchase(
        machine_id=metadata["machine_id"],
        session_status=session["status"],
        payment_status=payment.get("status"),
        immediate=payment.get("capture_method") != "manual",
        amount=amount,
        currency=currency,
        credits=_credits(metadata, amount, currency, credit_amount),
        received=payment.get("amount_received", 0),
        refunded=charge.get("amount_refunded", 0),
        settled=metadata.get(SETTLED),
        disputed="conflict" in metadata,
        charged_s=charge.get("created"),
        released_by_hand=bool(payment) and payment_in(payment, metadata).released_by_hand,
        waiting=_waiting(payment, {SESSION_MADE: str(session["created"]), **metadata}),
        refunds=tuple(made_refund(refund) for refund in reversed(refunds)),
        at_the_bank=charge.get("disputed", False),
        unsellable=MarkKind.UNSELLABLE in metadata,
    )


def _waiting(payment: dict[str, Any], metadata: dict[str, str]) -> OpenPayment | None:
    if not payment or not payment_in(payment, metadata).is_open:
        return None
    return as_open_payment({**payment, "metadata": metadata})


def _credits(metadata: dict[str, str], amount: int, currency: str, credit_amount: int) -> int | None:
    try:
        return immediate_order_from(metadata, amount, currency, credit_amount).credits
    except (BadOrder, UnsellableCredits):
        return None
