"""CORE. The PaymentIntent: one payment through all its states."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from simulator.stripe.model.errors import Json
from simulator.stripe.model.objects.goods import CaptureMethod
from simulator.stripe.model.objects.sessions import presented_json

IntentStatus = Literal["requires_payment_method", "processing", "requires_capture", "succeeded", "canceled"]


@dataclass(frozen=True)
class PaymentIntent:
    """One payment through all its states; amounts in minor units of `currency`."""

    id: str
    created: int
    amount: int
    currency: str
    capture_method: CaptureMethod
    metadata: dict[str, str]
    description: str | None = None
    statement_descriptor_suffix: str | None = None
    status: IntentStatus = "requires_payment_method"
    amount_capturable: int = 0
    amount_received: int = 0
    latest_charge: str | None = None
    payment_method: str | None = None
    canceled_at: int | None = None
    cancellation_reason: str | None = None
    last_payment_error: Json | None = None
    methods: tuple[str, ...] = ("card",)
    presented: tuple[int, str] | None = None

    def as_json(self) -> Json:
        """The API's object."""
        return {
            "id": self.id,
            "object": "payment_intent",
            "amount": self.amount,
            "amount_capturable": self.amount_capturable,
            "amount_details": {},
            "amount_received": self.amount_received,
            "application": None,
            "application_fee_amount": None,
            "automatic_payment_methods": None,
            "canceled_at": self.canceled_at,
            "cancellation_reason": self.cancellation_reason,
            "capture_method": self.capture_method,
            "client_secret": f"{self.id}_secret_stand_in",
            "confirmation_method": "automatic",
            "created": self.created,
            "currency": self.currency,
            "customer": None,
            "description": self.description,
            "last_payment_error": self.last_payment_error,
            "latest_charge": self.latest_charge,
            "livemode": False,
            "metadata": self.metadata,
            "next_action": None,
            "on_behalf_of": None,
            "payment_method": self.payment_method,
            "payment_method_configuration_details": None,
            "payment_method_options": {},
            "payment_method_types": list(self.methods),
            "presentment_details": presented_json(self.presented),
            "processing": None,
            "receipt_email": None,
            "review": None,
            "setup_future_usage": None,
            "shipping": None,
            "source": None,
            "statement_descriptor": None,
            "statement_descriptor_suffix": self.statement_descriptor_suffix,
            "status": self.status,
            "transfer_data": None,
            "transfer_group": None,
        }
