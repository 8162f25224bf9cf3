"""CORE. Charges and refunds: where the money of a payment is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from simulator.stripe.model.errors import Json
from simulator.stripe.model.objects.sessions import presented_json

ChargeStatus = Literal["succeeded", "pending", "failed"]
RefundStatus = Literal["pending", "succeeded", "failed", "canceled"]


@dataclass(frozen=True)
class Charge:
    """One attempt to take money. What a capture or a cancel released is no refund (since API 2025-03-31).

    `released` is what was on hold and let go; the API does not show it.
    """

    id: str
    created: int
    amount: int
    currency: str
    payment_intent: str
    metadata: dict[str, str]
    status: ChargeStatus = "succeeded"
    captured: bool = False
    amount_captured: int = 0
    amount_refunded: int = 0
    released: int = 0
    capture_before: int | None = None
    failure_code: str | None = None
    failure_message: str | None = None
    disputed: bool = False
    method: str = "card"
    payment_method: str | None = None
    balance_transaction: str | None = None
    description: str | None = None
    statement_descriptor_suffix: str | None = None
    calculated_statement_descriptor: str | None = None
    presented: tuple[int, str] | None = None

    @property
    def refundable(self) -> int:
        """What can still be given back, in minor units."""
        return self.amount_captured - self.amount_refunded

    def as_json(self) -> Json:
        """The API's object."""
        return {
            "id": self.id,
            "object": "charge",
            "amount": self.amount,
            "amount_captured": self.amount_captured,
            "amount_refunded": self.amount_refunded,
            "application": None,
            "application_fee": None,
            "application_fee_amount": None,
            "balance_transaction": self.balance_transaction,
            "billing_details": dict(_NO_ADDRESS),
            "calculated_statement_descriptor": self.calculated_statement_descriptor,
            "captured": self.captured,
            "created": self.created,
            "currency": self.currency,
            "customer": None,
            "description": self.description,
            "disputed": self.disputed,
            "failure_balance_transaction": None,
            "failure_code": self.failure_code,
            "failure_message": self.failure_message,
            "fraud_details": {},
            "livemode": False,
            "metadata": self.metadata,
            "on_behalf_of": None,
            "outcome": self._outcome_json(),
            "paid": self.status == "succeeded",
            "payment_intent": self.payment_intent,
            "payment_method": self.payment_method,
            "payment_method_details": self._method_json(),
            "presentment_details": presented_json(self.presented),
            "radar_options": {},
            "receipt_email": None,
            "receipt_number": None,
            "receipt_url": None,
            "refunded": self.amount_captured > 0 and self.refundable == 0,
            "review": None,
            "shipping": None,
            "source": None,
            "source_transfer": None,
            "statement_descriptor": None,
            "statement_descriptor_suffix": self.statement_descriptor_suffix,
            "status": self.status,
            "transfer_data": None,
            "transfer_group": None,
        }

    def _method_json(self) -> Json:
        if self.method != "card":
            return {"type": self.method, self.method: {"fingerprint": None, "last4": "3000"}}
        card: Json = {
            "amount_authorized": self.amount if self.status == "succeeded" else None,
            "brand": "visa",
            "country": "US",
            "exp_month": 12,
            "exp_year": 2034,
            "fingerprint": None,
            "funding": "credit",
            "last4": "4242",
            "network": "visa",
            "wallet": None,
        }
        if self.capture_before is not None:
            card["capture_before"] = self.capture_before
        return {"type": "card", "card": card}

    def _outcome_json(self) -> Json:
        failed = self.status == "failed"
        return {
            "network_status": "declined_by_network" if failed else "approved_by_network",
            "reason": "generic_decline" if failed else None,
            "risk_level": "normal",
            "seller_message": "The bank declined it." if failed else "Payment complete.",
            "type": "issuer_declined" if failed else "authorized",
        }


_NO_ADDRESS: Json = {"address": None, "email": None, "name": None, "phone": None, "tax_id": None}


@dataclass(frozen=True)
class Refund:
    """Captured money on its way back; a pending one can still fail."""

    id: str
    created: int
    amount: int
    currency: str
    charge: str
    payment_intent: str
    metadata: dict[str, str]
    reason: str | None = None
    status: RefundStatus = "succeeded"
    failure_reason: str | None = None
    balance_transaction: str | None = None
    failure_balance_transaction: str | None = None

    def as_json(self) -> Json:
        """The API's object."""
        shown: Json = {
            "id": self.id,
            "object": "refund",
            "amount": self.amount,
            "balance_transaction": self.balance_transaction,
            "charge": self.charge,
            "created": self.created,
            "currency": self.currency,
            "destination_details": {
                "card": {"type": "pending" if self.status == "pending" else "refund"},
                "type": "card",
            },
            "metadata": self.metadata,
            "payment_intent": self.payment_intent,
            "reason": self.reason,
            "receipt_number": None,
            "source_transfer_reversal": None,
            "status": self.status,
            "transfer_reversal": None,
        }
        if self.status == "pending":
            shown["pending_reason"] = "processing"
        if self.status == "failed":
            shown["failure_reason"] = self.failure_reason
            shown["failure_balance_transaction"] = self.failure_balance_transaction
        return shown
