"""CORE. Stripe's objects as this product meets them: frozen values that know their JSON."""

from simulator.stripe.model.objects.account import Account, WebhookEndpoint
from simulator.stripe.model.objects.charges import Charge, Refund
from simulator.stripe.model.objects.event import Event
from simulator.stripe.model.objects.goods import (
    CaptureMethod,
    IntentData,
    LineItem,
    PaymentLink,
    Price,
    Product,
)
from simulator.stripe.model.objects.intents import PaymentIntent
from simulator.stripe.model.objects.methods import PaymentMethodConfiguration
from simulator.stripe.model.objects.movements import BalanceTransaction
from simulator.stripe.model.objects.sessions import CheckoutSession
from simulator.stripe.model.objects.trouble import Dispute, EarlyFraudWarning

__all__ = [
    "Account",
    "BalanceTransaction",
    "CaptureMethod",
    "Charge",
    "CheckoutSession",
    "Dispute",
    "EarlyFraudWarning",
    "Event",
    "IntentData",
    "LineItem",
    "PaymentIntent",
    "PaymentLink",
    "PaymentMethodConfiguration",
    "Price",
    "Product",
    "Refund",
    "WebhookEndpoint",
]
