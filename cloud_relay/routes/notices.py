"""What Stripe says of a payment long after its game: refunds, disputes, warnings of fraud."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask.typing import ResponseReturnValue

from cloud_relay.errors import NotAtStripe
from cloud_relay.relay import Relay
from cloud_relay.rules.marks import Dispute
from cloud_relay.settling.notes import note_dispute, note_fraud_warning, note_refunds

Note = Callable[[Relay, str, dict[str, Any]], str | None]


def _refund(relay: Relay, payment_id: str, _: dict[str, Any]) -> str | None:
    return note_refunds(relay, payment_id)


def _dispute(relay: Relay, payment_id: str, said: dict[str, Any]) -> str | None:
    dispute = Dispute(said["id"], said["status"], said["reason"], said["amount"], said["currency"])
    return note_dispute(relay, payment_id, dispute)


def _fraud_warning(relay: Relay, payment_id: str, said: dict[str, Any]) -> str | None:
    return note_fraud_warning(relay, payment_id, f"{said['fraud_type']} ({said['id']})")


_NOTES: dict[str, Note] = {
    "refund.updated": _refund,
    "refund.failed": _refund,
    "charge.refund.updated": _refund,
    "charge.dispute.created": _dispute,
    "charge.dispute.updated": _dispute,
    "charge.dispute.closed": _dispute,
    "radar.early_fraud_warning.created": _fraud_warning,
}


def note_event(relay: Relay, event: dict[str, Any]) -> ResponseReturnValue | None:
    """Note what the event says beside its payment, if that is ours; None where it is no such event."""
    note, said = _NOTES.get(event["type"]), event["data"]["object"]
    if note is None:
        return None
    payment_id = said.get("payment_intent")
    try:
        text = note(relay, payment_id, said) if payment_id else None
    except NotAtStripe:
        text = None
    if text is None:
        return {"ignored": "not of a payment of ours, or nothing new"}
    return {"noted": text, "paymentId": payment_id}
