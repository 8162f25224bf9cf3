"""CORE. What banks say against a payment: disputes and early fraud warnings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from simulator.stripe.model.errors import Json
from simulator.stripe.model.objects.movements import BalanceTransaction

DisputeStatus = Literal[
    "warning_needs_response", "warning_under_review", "warning_closed",
    "needs_response", "under_review", "won", "lost",
]  # fmt: skip
EVIDENCE = (
    "access_activity_log", "billing_address", "cancellation_policy", "cancellation_policy_disclosure",
    "cancellation_rebuttal", "customer_communication", "customer_email_address", "customer_name",
    "customer_purchase_ip", "customer_signature", "duplicate_charge_documentation",
    "duplicate_charge_explanation", "duplicate_charge_id", "product_description", "receipt",
    "refund_policy", "refund_policy_disclosure", "refund_refusal_explanation", "service_date",
    "service_documentation", "shipping_address", "shipping_carrier", "shipping_date",
    "shipping_documentation", "shipping_tracking_number", "uncategorized_file", "uncategorized_text",
)  # fmt: skip


@dataclass(frozen=True)
class Dispute:
    """A payer's bank takes the money back, or (a `warning_` status) only asks about it yet."""

    id: str
    created: int
    amount: int
    currency: str
    charge: str
    payment_intent: str
    reason: str
    status: DisputeStatus
    due_by: int
    movements: tuple[BalanceTransaction, ...] = ()

    @property
    def is_inquiry(self) -> bool:
        """Whether no money has moved, so that the charge can still be refunded."""
        return self.status.startswith("warning_")

    @property
    def is_open(self) -> bool:
        """Whether it has no outcome yet."""
        return self.status not in ("won", "lost", "warning_closed")

    def as_json(self) -> Json:
        """The API's object."""
        return {
            "id": self.id,
            "object": "dispute",
            "amount": self.amount,
            "balance_transactions": [each.as_json() for each in self.movements],
            "charge": self.charge,
            "created": self.created,
            "currency": self.currency,
            "enhanced_eligibility_types": [],
            "evidence": {**dict.fromkeys(EVIDENCE), "enhanced_evidence": {}},
            "evidence_details": self._deadline_json(),
            "is_charge_refundable": self.is_inquiry,
            "livemode": False,
            "metadata": {},
            "payment_intent": self.payment_intent,
            "payment_method_details": {"card": self._case_json(), "type": "card"},
            "reason": self.reason,
            "status": self.status,
        }

    def _deadline_json(self) -> Json:
        return {
            "due_by": self.due_by,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
            "submission_method": "not_submitted",
        }

    def _case_json(self) -> Json:
        case = "inquiry" if self.is_inquiry else "chargeback"
        return {"brand": "visa", "case_type": case, "network": "visa", "network_reason_code": "83"}


@dataclass(frozen=True)
class EarlyFraudWarning:
    """A card network's word that a charge may be fraud; a refund in time can spare a dispute."""

    id: str
    created: int
    charge: str
    payment_intent: str
    fraud_type: str
    actionable: bool = True

    def as_json(self) -> Json:
        """The API's object."""
        return {
            "id": self.id,
            "object": "radar.early_fraud_warning",
            "actionable": self.actionable,
            "charge": self.charge,
            "created": self.created,
            "fraud_type": self.fraud_type,
            "livemode": False,
            "payment_intent": self.payment_intent,
        }
