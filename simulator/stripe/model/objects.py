"""CORE. Stripe's objects as this product meets them: frozen values that know their JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Literal

from simulator.stripe.model.errors import Json

CaptureMethod = Literal["automatic", "automatic_async", "manual"]
IntentStatus = Literal["requires_payment_method", "requires_capture", "succeeded", "canceled"]
SessionStatus = Literal["open", "complete", "expired"]


@dataclass(frozen=True)
class Price:
    """A fixed amount for one unit of a product; it never changes."""

    id: str
    created: int
    unit_amount: int
    currency: str
    product: str
    product_name: str
    metadata: dict[str, str] = field(default_factory=dict)
    nickname: str | None = None
    active: bool = True

    def as_json(self) -> Json:
        """The API's object; the product's name is shown only where the product is expanded."""
        shown = {key: value for key, value in asdict(self).items() if key != "product_name"}
        return {
            **shown,
            "object": "price",
            "billing_scheme": "per_unit",
            "livemode": False,
            "recurring": None,
            "type": "one_time",
            "unit_amount_decimal": str(self.unit_amount),
        }

    def product_json(self) -> Json:
        """The product that this price is for."""
        return {"id": self.product, "object": "product", "name": self.product_name, "active": True}


@dataclass(frozen=True)
class LineItem:
    """So many units at one price."""

    id: str
    price: Price
    quantity: int

    @property
    def amount(self) -> int:
        """What the line costs, in minor units of the price's currency."""
        return self.price.unit_amount * self.quantity

    def as_json(self) -> Json:
        """The API's object."""
        return {
            "id": self.id,
            "object": "item",
            "amount_subtotal": self.amount,
            "amount_total": self.amount,
            "currency": self.price.currency,
            "description": self.price.product_name,
            "price": self.price.as_json(),
            "quantity": self.quantity,
        }


@dataclass(frozen=True)
class IntentData:
    """What a session or link lays down for the PaymentIntent that it will make."""

    capture_method: CaptureMethod = "automatic_async"
    metadata: dict[str, str] = field(default_factory=dict)
    description: str | None = None
    statement_descriptor_suffix: str | None = None


@dataclass(frozen=True)
class PaymentLink:
    """A lasting address that makes a new session each time it is opened."""

    id: str
    created: int
    url: str
    lines: tuple[LineItem, ...]
    metadata: dict[str, str]
    intent_data: IntentData | None
    after_completion: Json
    active: bool = True
    inactive_message: str | None = None

    def as_json(self) -> Json:
        """The API's object."""
        return {
            "id": self.id,
            "object": "payment_link",
            "active": self.active,
            "after_completion": self.after_completion,
            "created": self.created,
            "currency": self.lines[0].price.currency,
            "inactive_message": self.inactive_message,
            "livemode": False,
            "metadata": self.metadata,
            "payment_intent_data": asdict(self.intent_data) if self.intent_data else None,
            "url": self.url,
        }


@dataclass(frozen=True)
class CheckoutSession:
    """One payer's visit to the payment page; it has no PaymentIntent before a first attempt."""

    id: str
    created: int
    expires_at: int
    url: str
    lines: tuple[LineItem, ...]
    metadata: dict[str, str]
    intent_data: IntentData
    success_url: str | None
    cancel_url: str | None = None
    client_reference_id: str | None = None
    payment_link: str | None = None
    payment_intent: str | None = None
    adaptive_pricing: bool = True
    submit_type: str | None = None
    status: SessionStatus = "open"
    payment_status: Literal["paid", "unpaid"] = "unpaid"

    @property
    def amount_total(self) -> int:
        """What the payer owes, in minor units of `currency`."""
        return sum(line.amount for line in self.lines)

    @property
    def currency(self) -> str:
        """The one currency of all lines."""
        return self.lines[0].price.currency

    def as_json(self) -> Json:
        """The API's object; only an open session has an address."""
        return {
            "id": self.id,
            "object": "checkout.session",
            "adaptive_pricing": {"enabled": self.adaptive_pricing},
            "amount_subtotal": self.amount_total,
            "amount_total": self.amount_total,
            "cancel_url": self.cancel_url,
            "client_reference_id": self.client_reference_id,
            "created": self.created,
            "currency": self.currency,
            "customer": None,
            "customer_details": None,
            "expires_at": self.expires_at,
            "livemode": False,
            "metadata": self.metadata,
            "mode": "payment",
            "payment_intent": self.payment_intent,
            "payment_link": self.payment_link,
            "payment_method_types": ["card"],
            "payment_status": self.payment_status,
            "status": self.status,
            "submit_type": self.submit_type,
            "success_url": self.success_url,
            "ui_mode": "hosted_page",
            "url": self.url if self.status == "open" else None,
        }


@dataclass(frozen=True)
class PaymentIntent:
    """One payment through all its states."""

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

    def as_json(self) -> Json:
        """The API's object."""
        return {
            **asdict(self),
            "object": "payment_intent",
            "client_secret": f"{self.id}_secret_stand_in",
            "confirmation_method": "automatic",
            "customer": None,
            "livemode": False,
            "next_action": None,
            "payment_method_types": ["card"],
            "receipt_email": None,
        }


@dataclass(frozen=True)
class Charge:
    """One attempt to charge a card. What was released counts as refunded, as at Stripe."""

    id: str
    created: int
    amount: int
    currency: str
    payment_intent: str
    metadata: dict[str, str]
    status: Literal["succeeded", "failed"] = "succeeded"
    captured: bool = False
    amount_captured: int = 0
    amount_refunded: int = 0
    capture_before: int | None = None
    failure_code: str | None = None
    failure_message: str | None = None

    @property
    def refundable(self) -> int:
        """What can still be given back, in minor units."""
        return self.amount - self.amount_refunded

    def as_json(self) -> Json:
        """The API's object."""
        card = {"brand": "visa", "funding": "credit", "last4": "4242"}
        if self.capture_before is not None:
            card = {**card, "capture_before": self.capture_before}  # type: ignore[dict-item]
        return {
            **{key: value for key, value in asdict(self).items() if key != "capture_before"},
            "object": "charge",
            "disputed": False,
            "livemode": False,
            "paid": self.status == "succeeded",
            "payment_method_details": {"type": "card", "card": card},
            "refunded": self.refundable == 0 and self.status == "succeeded",
        }


@dataclass(frozen=True)
class Refund:
    """Money given back, or a reservation (or the rest of one) released."""

    id: str
    created: int
    amount: int
    currency: str
    charge: str
    payment_intent: str
    metadata: dict[str, str]
    reason: str | None = None

    def as_json(self) -> Json:
        """The API's object; a card refund of the stand-in succeeds at once."""
        return {**asdict(self), "object": "refund", "status": "succeeded"}


@dataclass(frozen=True)
class Event:
    """Something that happened, with its object as it was then."""

    id: str
    created: int
    type: str
    api_version: str
    object: Json

    def as_json(self) -> Json:
        """The API's object, which is also the body of the webhook."""
        return {
            "id": self.id,
            "object": "event",
            "api_version": self.api_version,
            "created": self.created,
            "data": {"object": self.object},
            "livemode": False,
            "pending_webhooks": 1,
            "request": {"id": None, "idempotency_key": None},
            "type": self.type,
        }
