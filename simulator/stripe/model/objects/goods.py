"""CORE. What is sold: prices, lines, and payment links."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Literal

from simulator.stripe.model.errors import Json

CaptureMethod = Literal["automatic", "automatic_async", "manual"]


@dataclass(frozen=True)
class Product:
    """What is sold, by name."""

    id: str
    created: int
    name: str
    metadata: dict[str, str] = field(default_factory=dict)
    description: str | None = None
    active: bool = True
    statement_descriptor: str | None = None
    updated: int | None = None

    def as_json(self) -> Json:
        """The API's object."""
        return {
            **asdict(self),
            "object": "product",
            "default_price": None,
            "images": [],
            "livemode": False,
            "marketing_features": [],
            "package_dimensions": None,
            "shippable": None,
            "tax_code": None,
            "type": "service",
            "unit_label": None,
            "updated": self.updated or self.created,
            "url": None,
        }


@dataclass(frozen=True)
class Price:
    """A fixed amount for one unit of a product, perhaps with others by currency; it never changes."""

    id: str
    created: int
    unit_amount: int
    currency: str
    product: str
    product_name: str
    metadata: dict[str, str] = field(default_factory=dict)
    nickname: str | None = None
    active: bool = True
    currency_options: Mapping[str, int] = field(default_factory=dict)
    lookup_key: str | None = None

    type = "one_time"

    def in_currency(self, currency: str | None) -> Price:
        """The price as a payer sees it who pays in that currency; as it is where it has no such option."""
        if currency is None or currency not in self.currency_options:
            return self
        return replace(self, currency=currency, unit_amount=self.currency_options[currency])

    def as_json(self) -> Json:
        """The API's object; its product's name and its currency options are shown only when expanded."""
        hidden = ("product_name", "currency_options")
        return {
            **{key: value for key, value in asdict(self).items() if key not in hidden},
            "object": "price",
            "billing_scheme": "per_unit",
            "custom_unit_amount": None,
            "livemode": False,
            "recurring": None,
            "tax_behavior": "unspecified",
            "tiers_mode": None,
            "transform_quantity": None,
            "type": self.type,
            "unit_amount_decimal": str(self.unit_amount),
        }

    def options_json(self) -> Json:
        """What it costs in each currency, its own included."""
        amounts = {self.currency: self.unit_amount, **self.currency_options}
        return {currency: _option_json(amount) for currency, amount in amounts.items()}


def _option_json(amount: int) -> Json:
    return {
        "custom_unit_amount": None,
        "tax_behavior": "unspecified",
        "unit_amount": amount,
        "unit_amount_decimal": str(amount),
    }


@dataclass(frozen=True)
class LineItem:
    """So many units at one price; `tax` is added to it, in minor units.

    `adjustable` says whether the payer may change the quantity; None where its maker did not say.
    """

    id: str
    price: Price
    quantity: int
    tax: int = 0
    adjustable: bool | None = None

    @property
    def amount(self) -> int:
        """What the line costs before tax, in minor units of the price's currency."""
        return self.price.unit_amount * self.quantity

    def as_json(self) -> Json:
        """The API's object."""
        return {
            "id": self.id,
            "object": "item",
            "adjustable_quantity": self._adjustable_json(),
            "amount_discount": 0,
            "amount_subtotal": self.amount,
            "amount_tax": self.tax,
            "amount_total": self.amount + self.tax,
            "currency": self.price.currency,
            "description": self.price.product_name,
            "metadata": {},
            "price": self.price.as_json(),
            "quantity": self.quantity,
        }

    def _adjustable_json(self) -> Json | None:
        if self.adjustable is None:
            return None
        bounds = {"maximum": 99, "minimum": 0} if self.adjustable else {"maximum": None, "minimum": None}
        return {"enabled": self.adjustable, **bounds}


@dataclass(frozen=True)
class IntentData:
    """What a session or link lays down for the PaymentIntent that it will make."""

    capture_method: CaptureMethod = "automatic_async"
    metadata: dict[str, str] = field(default_factory=dict)
    description: str | None = None
    statement_descriptor_suffix: str | None = None

    def as_json(self) -> Json:
        """How a payment link shows it."""
        nothing = {"setup_future_usage": None, "statement_descriptor": None, "transfer_group": None}
        return {**asdict(self), **nothing}


@dataclass(frozen=True)
class PaymentLink:
    """A lasting address that makes a new session each time it is opened.

    Without `currency` its sessions are in the payer's, where every price has an option for that. Of
    `automatic_tax` None means that its maker did not say.
    """

    id: str
    created: int
    url: str
    lines: tuple[LineItem, ...]
    metadata: dict[str, str]
    intent_data: IntentData | None
    after_completion: Json
    active: bool = True
    inactive_message: str | None = None
    currency: str | None = None
    payment_method_types: tuple[str, ...] | None = None
    automatic_tax: bool | None = None

    def as_json(self) -> Json:
        """The API's object."""
        return {
            "id": self.id,
            "object": "payment_link",
            "active": self.active,
            "after_completion": self.after_completion,
            "allow_promotion_codes": False,
            "application": None,
            "application_fee_amount": None,
            "application_fee_percent": None,
            "automatic_tax": {"enabled": bool(self.automatic_tax), "liability": None},
            "billing_address_collection": "auto",
            "consent_collection": None,
            "currency": self.currency or self.lines[0].price.currency,
            "custom_fields": [],
            "custom_text": dict(NO_CUSTOM_TEXT),
            "customer_creation": "if_required",
            "inactive_message": self.inactive_message,
            "invoice_creation": None,
            "livemode": False,
            "metadata": self.metadata,
            "on_behalf_of": None,
            "payment_intent_data": self.intent_data.as_json() if self.intent_data else None,
            "payment_method_collection": "always",
            "payment_method_types": list(self.payment_method_types) if self.payment_method_types else None,
            "phone_number_collection": {"enabled": False},
            "restrictions": None,
            "shipping_address_collection": None,
            "shipping_options": [],
            "submit_type": "auto",
            "subscription_data": None,
            "tax_id_collection": {"enabled": False, "required": "never"},
            "transfer_data": None,
            "url": self.url,
        }


NO_CUSTOM_TEXT: Json = {
    "after_submit": None,
    "shipping_address": None,
    "submit": None,
    "terms_of_service_acceptance": None,
}
