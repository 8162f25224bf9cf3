"""EDGE. Notes for the operator beside a payment: refunds that hang or failed, disputes, warnings of fraud."""

from __future__ import annotations

import logging

from cloud_relay.errors import RefundRefused
from cloud_relay.relay import Relay
from cloud_relay.rules.marks import Dispute, MarkKind
from cloud_relay.rules.refunds import REFUSED, refund_mark, refusal

log = logging.getLogger(__name__)


def refund_noted(relay: Relay, payment_id: str, machine_id: str, amount: int, refunded_before: int) -> None:
    """Refund a part of a charge; what will not simply arrive is noted for the operator.

    A refund that Stripe refuses for good counts as done, for asking again would change nothing: the bank has
    the money of a disputed charge. Raises as `StripePayments.refund` does otherwise.
    """
    stripe = relay.stripe()
    try:
        made = stripe.refund(payment_id, amount, refunded_before, relay.clock())
    except RefundRefused as why:
        text = f"{REFUSED}: {refusal(str(why))}"
        log.error("Did not refund %d of %s of %s, %s", amount, payment_id, machine_id, text)
        stripe.note(payment_id, MarkKind.REFUND, text, machine_id, relay.clock())
        return
    if made is not None and made.status != "succeeded":
        note_refunds(relay, payment_id)


def note_refunds(relay: Relay, payment_id: str) -> str | None:
    """Note how a payment's refunds stand now, whatever event asks for it; None where it is none of ours."""
    stripe = relay.stripe()
    payment, metadata = stripe.payment(payment_id)
    if not relay.settings.stripe.ownership.owns(metadata):
        return None
    noted = metadata.get(MarkKind.REFUND, "")
    text = refund_mark(stripe.refunds(payment_id), noted, all_is_back=payment.refunded >= payment.received)
    return _note(relay, payment_id, metadata, MarkKind.REFUND, text)


def note_dispute(relay: Relay, payment_id: str, dispute: Dispute) -> str | None:
    """Note a dispute, or how it ended; None where it is none of ours, or says nothing new."""
    _, metadata = relay.stripe().payment(payment_id)
    noted = metadata.get(MarkKind.DISPUTE, "")
    if not relay.settings.stripe.ownership.owns(metadata) or not dispute.is_news(noted):
        return None
    return _note(relay, payment_id, metadata, MarkKind.DISPUTE, dispute.mark)


def note_fraud_warning(relay: Relay, payment_id: str, text: str) -> str | None:
    """Note that a card's network warns of a payment; None where it is none of ours."""
    _, metadata = relay.stripe().payment(payment_id)
    if not relay.settings.stripe.ownership.owns(metadata):
        return None
    return _note(relay, payment_id, metadata, MarkKind.FRAUD_WARNING, text)


def _note(relay: Relay, payment_id: str, metadata: dict[str, str], kind: MarkKind, text: str) -> str:
    if text != metadata.get(kind, ""):
        machine_id = metadata["machine_id"]
        relay.stripe().note(payment_id, kind, text, machine_id, relay.clock())
        said = text or "settled"
        log.warning("Noted of %s of %s: %s %s", payment_id, machine_id, kind.replace("_", " "), said)
    return text
