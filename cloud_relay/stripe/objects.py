"""EDGE. From Stripe's objects, as plain dicts, to the relay's own terms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from cloud_relay.rules.immediate import MONEY_CAME_AT, SESSION_MADE, seconds_in, window_begins_s
from cloud_relay.rules.open_payment import RESERVATION_S, OpenPayment
from cloud_relay.rules.refunds import MadeRefund
from cloud_relay.rules.settlement import Payment

SETTLED = "settled"
# Why the relay cancels, and why Stripe does where the bank let a reservation lapse.
OUR_REASON: Literal["abandoned"] = "abandoned"
_NOT_BY_HAND = (OUR_REASON, "expired", "automatic")


def as_open_payment(intent: dict[str, Any]) -> OpenPayment:
    """A PaymentIntent with its latest charge, as a payment that nobody has settled."""
    charge, metadata, immediate = intent["latest_charge"], intent["metadata"], is_immediate(intent)
    card = (charge.get("payment_method_details") or {}).get("card") or {}
    return OpenPayment(
        payment_id=intent["id"],
        metadata=metadata,
        amount=intent["amount"],
        currency=intent["currency"],
        created_s=window_begins_s(metadata, charge["created"]) if immediate else charge["created"],
        named_s=_named_s(intent, metadata),
        lapses_s=card.get("capture_before") or charge["created"] + RESERVATION_S,
        immediate=immediate,
        came_s=seconds_in(metadata, MONEY_CAME_AT),
    )


def _named_s(intent: dict[str, Any], metadata: Mapping[str, str]) -> int:
    # The webhook of an immediate payment is about its session, and knows no other time.
    made_s = seconds_in(metadata, SESSION_MADE) if is_immediate(intent) else None
    return made_s or int(intent["created"])


def made_refund(refund: dict[str, Any]) -> MadeRefund:
    """A refund as Stripe has it now."""
    return MadeRefund(
        refund_id=refund["id"],
        amount=refund["amount"],
        currency=refund["currency"],
        status=refund["status"] or "pending",
        reason=refund.get("failure_reason") or refund.get("pending_reason") or "",
    )


def is_immediate(intent: dict[str, Any]) -> bool:
    """Whether it was charged at once, as by an older relay's link."""
    return bool(intent["capture_method"] != "manual")


def payment_in(intent: dict[str, Any], metadata: Mapping[str, str]) -> Payment:
    """A PaymentIntent with its latest charge, as receipts are settled against it."""
    charge = intent.get("latest_charge") or {}
    return Payment(
        payment_id=intent["id"],
        status=intent["status"],
        amount=intent["amount"],
        currency=intent["currency"],
        received=intent["amount_received"],
        refunded=charge.get("amount_refunded", 0),
        immediate=is_immediate(intent),
        settled=metadata.get(SETTLED),
        released_by_hand=intent["status"] == "canceled" and intent["cancellation_reason"] not in _NOT_BY_HAND,
    )
