"""CORE. The checkout session: one payer's visit to the payment page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from simulator.stripe.model.errors import Json
from simulator.stripe.model.objects.goods import NO_CUSTOM_TEXT, IntentData, LineItem

SessionStatus = Literal["open", "complete", "expired"]
ANY_METHOD = ("card", "link", "sepa_debit", "us_bank_account")
"""What the stand-in's account accepts where a session or link does not say."""


@dataclass(frozen=True)
class CheckoutSession:
    """One payer's visit to the payment page; it has no PaymentIntent before a first attempt.

    `currency_is_fixed`: the payer's own currency plays no part. `presented` is the amount and currency in
    which an adaptive price was paid, where that differs. Of `automatic_tax` None means that its maker did
    not say.
    """

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
    allowed_methods: tuple[str, ...] | None = None
    currency_is_fixed: bool = False
    presented: tuple[int, str] | None = None
    automatic_tax: bool | None = None

    @property
    def amount_total(self) -> int:
        """What the payer owes, in minor units of `currency`."""
        return self.amount_subtotal + self.amount_tax

    @property
    def amount_subtotal(self) -> int:
        """What the lines cost before tax."""
        return sum(line.amount for line in self.lines)

    @property
    def amount_tax(self) -> int:
        """What was added to them."""
        return sum(line.tax for line in self.lines)

    @property
    def currency(self) -> str:
        """The one currency of all lines."""
        return self.lines[0].price.currency

    @property
    def methods(self) -> tuple[str, ...]:
        """How it can be paid; methods that cannot reserve are dropped from a session that does."""
        manual = self.intent_data.capture_method == "manual"
        able = ("card", "link") if manual else ANY_METHOD
        return tuple(each for each in self.allowed_methods or able if each in able)

    def as_json(self) -> Json:
        """The API's object; only an open session has an address."""
        return {
            "id": self.id,
            "object": "checkout.session",
            "adaptive_pricing": {"enabled": self.adaptive_pricing},
            "after_expiration": None,
            "allow_promotion_codes": None,
            "amount_subtotal": self.amount_subtotal,
            "amount_total": self.amount_total,
            "automatic_tax": {
                "enabled": bool(self.automatic_tax),
                "liability": None,
                "provider": None,
                "status": None,
            },
            "billing_address_collection": None,
            "cancel_url": self.cancel_url,
            "client_reference_id": self.client_reference_id,
            "client_secret": None,
            "collected_information": None,
            "consent": None,
            "consent_collection": None,
            "created": self.created,
            "currency": self.currency,
            "currency_conversion": None,
            "custom_fields": [],
            "custom_text": dict(NO_CUSTOM_TEXT),
            "customer": None,
            "customer_creation": "if_required",
            "customer_details": _payer_json() if self.status == "complete" else None,
            "customer_email": None,
            "discounts": [],
            "expires_at": self.expires_at,
            "invoice": None,
            "invoice_creation": None,
            "livemode": False,
            "locale": None,
            "metadata": self.metadata,
            "mode": "payment",
            "payment_intent": self.payment_intent,
            "payment_link": self.payment_link,
            "payment_method_collection": "if_required",
            "payment_method_configuration_details": None,
            "payment_method_options": {},
            "payment_method_types": list(self.methods),
            "payment_status": self.payment_status,
            "phone_number_collection": {"enabled": False},
            "presentment_details": presented_json(self.presented),
            "recovered_from": None,
            "setup_intent": None,
            "shipping_address_collection": None,
            "shipping_cost": None,
            "shipping_options": [],
            "status": self.status,
            "submit_type": self.submit_type,
            "subscription": None,
            "success_url": self.success_url,
            "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": self.amount_tax},
            "ui_mode": "hosted_page",
            "url": self.url if self.status == "open" else None,
        }


def presented_json(presented: tuple[int, str] | None) -> Json | None:
    """The amount and currency that the payer saw, where that is another one."""
    if presented is None:
        return None
    return {"presentment_amount": presented[0], "presentment_currency": presented[1]}


def _payer_json() -> Json:
    return {
        "address": None,
        "email": "payer@example.test",
        "name": None,
        "phone": None,
        "tax_exempt": "none",
        "tax_ids": [],
    }
