"""EDGE. Checks the Stripe account itself: what it charges, by what, and for which price."""

from __future__ import annotations

from collections.abc import Iterator

from cloud_relay.errors import NotAtStripe, StripeUnavailable
from cloud_relay.pages.check.account_findings import (
    account_findings,
    method_findings,
    not_readable,
    price_finding,
)
from cloud_relay.pages.check.findings import Finding
from cloud_relay.relay import Relay
from cloud_relay.settings import Settings
from cloud_relay.stripe.account import StripeAccount


def check_account(relay: Relay, account: StripeAccount) -> list[Finding]:
    """Whether it may charge, its currency, the statement, and the payment methods."""
    return [*_account(relay.settings, account), *_methods(account)]


def _account(settings: Settings, account: StripeAccount) -> Iterator[Finding]:
    try:
        found = account.account()
    except StripeUnavailable as why:
        yield not_readable("the account (a restricted key may not; see Settings in the Dashboard)", why)
        return
    lists = [settings.offers.default, *(each.offers for each in settings.offers.machines.values())]
    currencies = {offer.currency for offers in lists for offer in offers}
    yield from account_findings(found, currencies, is_live=settings.stripe.livemode)


def _methods(account: StripeAccount) -> Iterator[Finding]:
    try:
        yield from method_findings(account.payment_methods())
    except StripeUnavailable as why:
        yield not_readable("payment methods", why)


def check_price(relay: Relay, account: StripeAccount) -> list[Finding]:
    """Whether PRICE_ID is a price that can be sold."""
    price_id = relay.settings.stripe.default_price_id
    try:
        return [price_finding(price_id, account.price(price_id))]
    except NotAtStripe:
        return [price_finding(price_id, None)]
    except StripeUnavailable as why:
        return [not_readable("PRICE_ID", why)]
