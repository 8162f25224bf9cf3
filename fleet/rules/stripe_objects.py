"""CORE. Stripe's objects as rows of the fleet's other book, in minor units as Stripe has them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from cloud_relay.rules.marks import MarkKind
from cloud_relay.rules.orders import RELAY_TAG, is_machine_id
from cloud_relay.rules.receipts import is_payment_id

Json: TypeAlias = Mapping[str, Any]

# https://docs.stripe.com/api/refunds/object and https://docs.stripe.com/api/disputes/object
_NOT_GONE = ("failed", "canceled")
_NO_LOSS = ("won", "prevented")

CHANGES = (
    "payment_intent.amount_capturable_updated",
    "payment_intent.succeeded",
    "payment_intent.canceled",
    "charge.refunded",
    "charge.refund.updated",
    "refund.created",
    "refund.updated",
    "refund.failed",
    "charge.dispute.created",
    "charge.dispute.updated",
    "charge.dispute.closed",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.funds_reinstated",
)
"""The events after which a payment is read again."""


@dataclass(frozen=True)
class Return:
    """A refund or a dispute; `amount` is what is gone with it."""

    return_id: str
    kind: str
    at: float
    status: str
    currency: str
    amount: int


@dataclass(frozen=True)
class Movement:
    """What a payment moved on the account's balance, in the currency that the account settles in."""

    movement_id: str
    payment_id: str
    kind: str
    at: float
    currency: str
    amount: int
    fee: int
    net: int


@dataclass(frozen=True)
class StripePayment:
    """A payment as Stripe has it now, with what went back of it and what is known of its movements."""

    payment_id: str
    machine_id: str
    created_at: float
    status: str
    currency: str
    amount: int
    captured: int
    refunded: int
    has_failed_refund: bool
    notes: str
    returns: tuple[Return, ...] = ()
    movements: tuple[Movement, ...] = ()

    @property
    def disputed(self) -> int:
        """What banks have taken back."""
        return sum(each.amount for each in self.returns if each.kind == "dispute")


def payment_of(intent: Json, disputes: Iterable[Json] = ()) -> StripePayment | None:
    """A PaymentIntent with its latest charge and that one's refunds; None where it names no machine."""
    metadata = intent.get("metadata") or {}
    machine_id = metadata.get("machine_id", "")
    if not is_machine_id(machine_id):
        return None
    charge = intent.get("latest_charge") or {}
    refunds = (charge.get("refunds") or {}).get("data", ())
    moved = charge.get("balance_transaction")
    return StripePayment(
        payment_id=intent["id"],
        machine_id=machine_id,
        created_at=float(intent["created"]),
        status=intent["status"],
        currency=intent["currency"],
        amount=intent["amount"],
        captured=intent["amount_received"],
        refunded=charge.get("amount_refunded", 0),
        has_failed_refund=_is_short(charge, refunds),
        notes=json.dumps({kind.value: metadata[kind.value] for kind in MarkKind if metadata.get(kind.value)}),
        returns=(*map(_refund, refunds), *map(_dispute, disputes)),
        movements=(_movement(moved, intent["id"]),) if isinstance(moved, Mapping) else (),
    )


def movement_of(moved: Json) -> Movement | None:
    """A balance transaction with its source; None where it is no payment's."""
    source = moved.get("source")
    payment_id = source.get("payment_intent") if isinstance(source, Mapping) else None
    return _movement(moved, payment_id) if isinstance(payment_id, str) else None


def changed_payment(event: Json, tags: frozenset[str]) -> str | None:
    """The payment that an event is about; None where its metadata names another relay's."""
    told = event["data"]["object"]
    payment_id = told["id"] if told["object"] == "payment_intent" else told.get("payment_intent")
    tag = (told.get("metadata") or {}).get(RELAY_TAG)
    is_anothers = tag is not None and tag not in tags
    if is_anothers or not isinstance(payment_id, str) or not is_payment_id(payment_id):
        return None
    return payment_id


def _movement(moved: Json, payment_id: str) -> Movement:
    return Movement(
        movement_id=moved["id"],
        payment_id=payment_id,
        kind=moved["reporting_category"],
        at=float(moved["created"]),
        currency=moved["currency"],
        amount=moved["amount"],
        fee=moved["fee"],
        net=moved["net"],
    )


def _refund(refund: Json) -> Return:
    status = refund.get("status") or "pending"
    gone = 0 if status in _NOT_GONE else refund["amount"]
    return Return(refund["id"], "refund", float(refund["created"]), status, refund["currency"], gone)


def _dispute(dispute: Json) -> Return:
    status = dispute["status"]
    # An inquiry takes no money yet, and one that was won has brought it back.
    gone = 0 if status in _NO_LOSS or status.startswith("warning_") else dispute["amount"]
    return Return(dispute["id"], "dispute", float(dispute["created"]), status, dispute["currency"], gone)


def _is_short(charge: Json, refunds: Iterable[Json]) -> bool:
    """Whether a refund failed and its money is still here: a later one may have made it good."""
    failed = any(each.get("status") in _NOT_GONE for each in refunds)
    return failed and charge.get("amount_refunded", 0) < charge.get("amount_captured", 0)
