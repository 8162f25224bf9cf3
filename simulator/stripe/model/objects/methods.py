"""CORE. What is offered at checkout: the account's payment method configurations.

Source: https://docs.stripe.com/api/payment_method_configurations
"""

from __future__ import annotations

from dataclasses import dataclass

from simulator.stripe.model.errors import Json, Refusal

CARDS_AND_WALLETS = frozenset({"card", "apple_pay", "google_pay", "link"})
KNOWN = (
    "alipay",
    "apple_pay",
    "bancontact",
    "card",
    "google_pay",
    "klarna",
    "link",
    "sepa_debit",
    "us_bank_account",
)


@dataclass(frozen=True)
class PaymentMethodConfiguration:
    """Which methods are on. Checkout goes by the default one, unless a session names another."""

    id: str
    created: int
    name: str = "Default"
    on: frozenset[str] = CARDS_AND_WALLETS
    active: bool = True
    is_default: bool = True
    application: str | None = None

    def as_json(self) -> Json:
        """The API's object."""
        return {
            "id": self.id,
            "object": "payment_method_configuration",
            "active": self.active,
            "application": self.application,
            "is_default": self.is_default,
            "livemode": False,
            "name": self.name,
            "parent": None,
            **{method: _method_json(is_on=method in self.on) for method in KNOWN},
        }


def _method_json(*, is_on: bool) -> Json:
    word = "on" if is_on else "off"
    preference = {"overridable": None, "preference": word, "value": word}
    return {"available": is_on, "display_preference": preference}


def check_can_pay(allowed: tuple[str, ...] | None, on: frozenset[str]) -> None:
    """Raises Refusal for a session that no method would be left for."""
    if not on.intersection(allowed or on):
        raise Refusal(
            "No valid payment method types for this Checkout Session. Please ensure that you have activated "
            "payment methods compatible with your chosen currency in your dashboard (https://dashboard.stripe."
            "com/settings/payment_methods) and that the amount is not lower than the currency's minimum."
        )
