"""EDGE. What Stripe is asked to sell: nothing of it is left to a payer, or to the account's defaults."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

import stripe

from cloud_relay.rules.orders import Order
from cloud_relay.rules.statement import SaleWords

if TYPE_CHECKING:
    from stripe.params import PaymentLinkCreateParams
    from stripe.params.checkout import SessionCreateParams, SessionCreateParamsPaymentIntentData

log = logging.getLogger(__name__)
_SUFFIX = "statement_descriptor_suffix"

T = TypeVar("T")


def session_params(order: Order, words: SaleWords, metadata: dict[str, str]) -> SessionCreateParams:
    """A Checkout Session that reserves the order's amount, without its addresses and its end."""
    return {
        "mode": "payment",
        "currency": order.currency,
        "line_items": [
            {
                "price_data": {
                    "currency": order.currency,
                    "unit_amount": order.amount,
                    "product_data": {"name": words.description},
                },
                "quantity": 1,
                "adjustable_quantity": {"enabled": False},
            }
        ],
        "automatic_tax": {"enabled": False},
        "allowed_payment_method_types": ["card"],  # wallets come with it, and all can reserve
        "adaptive_pricing": {"enabled": False},
        "metadata": metadata,
        "payment_intent_data": _intent_data(words, metadata),
    }


def link_params(
    price_id: str, quantity: int, words: SaleWords, metadata: dict[str, str], thanks_url: str
) -> PaymentLinkCreateParams:
    """A payment link that reserves so many times a price, in the currency that the metadata names.

    Without one it would charge in the payer's currency, where the price has an amount for that.
    """
    return {
        "currency": metadata["currency"],
        "line_items": [{"price": price_id, "quantity": quantity, "adjustable_quantity": {"enabled": False}}],
        "automatic_tax": {"enabled": False},
        "payment_method_types": ["card"],
        "metadata": metadata,
        "payment_intent_data": _intent_data(words, metadata),
        "after_completion": {"type": "redirect", "redirect": {"url": thanks_url}},
    }


def made_with_suffix(make: Callable[[SaleWords], T], words: SaleWords) -> T:
    """What `make` makes; without the statement's suffix where Stripe refuses that alone.

    What it may be depends on the account's own prefix. A sale does not hang on it.
    """
    try:
        return make(words)
    except stripe.InvalidRequestError as why:
        if _SUFFIX not in (why.param or ""):
            raise
        log.warning("Sold without %r on the bank's statement: %s", words.statement_suffix, why.user_message)
    return make(replace(words, statement_suffix=None))


def _intent_data(words: SaleWords, metadata: dict[str, str]) -> SessionCreateParamsPaymentIntentData:
    data: SessionCreateParamsPaymentIntentData = {
        "capture_method": "manual",
        "metadata": metadata,
        "description": words.description,
    }
    if words.statement_suffix is not None:
        data["statement_descriptor_suffix"] = words.statement_suffix
    return data
