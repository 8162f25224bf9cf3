"""CORE. Stripe's objects as this product meets them: frozen values that know their JSON."""

from simulator.stripe.model.account import Account, WebhookEndpoint
from simulator.stripe.model.charges import Charge, Refund
from simulator.stripe.model.event import Event
from simulator.stripe.model.goods import CaptureMethod, IntentData, LineItem, PaymentLink, Price, Product
from simulator.stripe.model.intents import PaymentIntent
from simulator.stripe.model.methods import PaymentMethodConfiguration
from simulator.stripe.model.sessions import CheckoutSession
from simulator.stripe.model.trouble import Dispute, EarlyFraudWarning

__all__ = [
    "Account",
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
